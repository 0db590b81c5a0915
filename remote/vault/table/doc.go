// Package table says where contents are: it is sorted by key, of fixed width, and found in by interpolation, so that a
// vault with millions of files needs no map in memory.
//
// A table is one file, in a mirror as it is, in a vault cut into objects (PartSize):
//
//	magic    "snaptbl1"
//	rows     key (32 bytes), number of the pack, frame, length of the frame, offset, size, CRC (uint32 each)
//	lists    key (32 bytes), number of the first piece, how many (uint64 each), CRC of the pieces, CRC (uint32 each)
//	pieces   key (32 bytes)
//	packs    SHA-256 (32 bytes), size of the object (uint64), CRC (uint32)
//	end      how many rows, lists, pieces and packs (uint64 each), CRC (uint32)
//
// All numbers are little-endian, a CRC is CRC-32C of the section's number, the element's number and what is before it.
//
// Invariants:
//   - Rows and lists are in the order of their keys, each key once among the rows and once among the lists.
//   - What is read is compared with its CRC: a damaged table gives ErrDamaged, never a wrong place. (An object's bytes
//     have their SHA-256 as name; the CRCs are for the mirror's file, of which each look-up reads some rows only.)
//   - Nothing is allocated because a number in it says so: all numbers together must give the size of the file.
package table

import (
	"errors"

	"snap/remote/vault/pack"
)

// What can be wrong with a table.
var (
	ErrDamaged = errors.New("the table is damaged")
	ErrNewer   = errors.New("the table is written by a newer version of snap")
)

// PartSize is how much of a table one object has in it: sealed, it stays under 16 MiB even if nothing can be
// compressed.
const PartSize = 15 << 20

// Row is a content and where it is.
type Row struct {
	Key  [32]byte
	Pack [32]byte // SHA-256 of the object
	pack.Place
}

// List is a large file and the keys of its pieces, in order.
type List struct {
	Key    [32]byte
	Pieces [][32]byte
}

const (
	magic      = "snaptbl1"
	magicStem  = "snaptbl"
	rowWidth   = 56
	listWidth  = 56
	pieceWidth = 32
	packWidth  = 44
	endWidth   = 36
)

// The numbers of the sections in a CRC.
const (
	inRows = iota
	inLists
	inPacks
	inEnd
)
