package seal

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"strings"
)

// The lines of a key file. What is no identity is in comments: so the file is one of age's identity files, as it is.
const (
	keysTitle      = "# snap vault keys, format "
	keysFormat     = "1"
	vaultLine      = "# vault: "
	contentLine    = "# content identities, the newest last; with one of them files are restored:"
	catalogueLine  = "# catalogue identities, the newest last; with one of them snapshots are listed:"
	contentToLine  = "# content recipient: "
	catalogToLine  = "# catalogue recipient: "
	verifyLine     = "# verify key: "
	signLine       = "# signing key: "
	keysSecretLine = "# Keep this secret. `age -d -i THIS` opens what is in the vault."
)

// Text is the keys of the vault with this id as a file, which age takes as identity file.
func (k *Keys) Text(id string) []byte {
	var b strings.Builder
	put := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	put(keysTitle, keysFormat)
	put(keysSecretLine)
	put(vaultLine, id)
	for _, r := range k.ContentTo {
		put(contentToLine, r.String())
	}
	for _, r := range k.CatalogueTo {
		put(catalogToLine, r.String())
	}
	if k.Verify != nil {
		put(verifyLine, hex.EncodeToString(k.Verify))
	}
	if k.Sign != nil {
		put(signLine, hex.EncodeToString(k.Sign.Seed()))
	}
	put(contentLine)
	for _, i := range k.Content {
		put(i.String())
	}
	put(catalogueLine)
	for _, i := range k.Catalogue {
		put(i.String())
	}
	return []byte(b.String())
}

// VaultOf is the id of the vault that a key file is of; "" if it says none.
func VaultOf(text []byte) string {
	for line := range strings.Lines(string(text)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), vaultLine); ok {
			return id
		}
	}
	return ""
}

// ParseKeys reads what Text wrote. ErrKey if they are another vault's; with id "" any vault's are taken.
func ParseKeys(text []byte, id string) (*Keys, error) {
	k := &Keys{}
	title, rest, _ := strings.Cut(string(text), "\n")
	format, ok := strings.CutPrefix(title, keysTitle)
	if !ok {
		return nil, fmt.Errorf("%w: not a key file of snap", ErrKey)
	}
	if format != keysFormat {
		return nil, fmt.Errorf("%w: a key file of a newer version of snap, format %q", ErrKey, format)
	}
	identities := &k.Content
	for line := range strings.Lines(rest) {
		line = strings.TrimSpace(line)
		switch line {
		case contentLine:
			identities = &k.Content
		case catalogueLine:
			identities = &k.Catalogue
		default:
			if err := k.parseLine(line, id, identities); err != nil {
				return nil, err
			}
		}
	}
	if k.Sign != nil && !k.Sign.Public().(ed25519.PublicKey).Equal(k.Verify) {
		return nil, fmt.Errorf("%w: the signing key is not that of the verify key", ErrDamaged)
	}
	return k, nil
}

func (k *Keys) parseLine(line, id string, identities *[]Identity) (err error) {
	value := ""
	has := func(prefix string) (ok bool) {
		value, ok = strings.CutPrefix(line, prefix)
		return ok
	}
	switch {
	case has(vaultLine):
		if id != "" && value != id {
			return fmt.Errorf("%w: these are the keys of the vault %s", ErrKey, value)
		}
	case has(contentToLine):
		return addRecipient(&k.ContentTo, value)
	case has(catalogToLine):
		return addRecipient(&k.CatalogueTo, value)
	case has(verifyLine):
		k.Verify, err = fromHex(value, ed25519.PublicKeySize)
	case has(signLine):
		var seed []byte
		if seed, err = fromHex(value, ed25519.SeedSize); err == nil {
			k.Sign = ed25519.NewKeyFromSeed(seed)
		}
	case line != "" && line[0] != '#':
		i, err := ParseIdentity(line)
		if err != nil {
			return err
		}
		*identities = append(*identities, i)
	}
	return err
}

func addRecipient(to *[]Recipient, s string) error {
	r, err := ParseRecipient(s)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	*to = append(*to, r)
	return nil
}

func fromHex(s string, size int) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != size {
		return nil, fmt.Errorf("%w: a key in it is not one of %d bytes", ErrDamaged, size)
	}
	return b, nil
}
