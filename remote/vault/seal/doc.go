// Package seal closes and opens the objects of a vault: a stream of zstd frames in an age file.
//
// Three kinds of keys, so that a machine has only what it needs. Catalogue identities open heads, tables and change
// sets: who has one pushes, lists, prunes and checks. Content identities open packs too: they are needed to restore.
// Heads are signed with an Ed25519 key, as age alone lets anybody seal who knows the recipients.
//
// Invariants:
//   - What is for the catalogue is sealed to the catalogue's and to the content's recipients, packs to the content's
//     alone: so a content identity opens all, and a catalogue identity no pack.
//   - Objects of a vault that is not sealed begin with a frame of 32 random bytes that zstd passes over. So no two
//     objects are the same, and the name of one that was deleted cannot come back.
//   - Nothing is allocated because an object says so: all that is opened has a limit.
//   - A key that is missing or does not fit is ErrKey, bytes that are not what was sealed are ErrDamaged.
package seal

import "errors"

// What can be wrong with what is opened.
var (
	ErrKey     = errors.New("the key or passphrase is missing, or does not open this")
	ErrDamaged = errors.New("damaged")
)
