package seal

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf8"
)

// Sheet is what must be known to have everything back from the vault alone: to be printed, and kept elsewhere.
type Sheet struct {
	URL        string
	ID         string
	Passphrase string            // "": the content identity is the user's own, or the vault is not sealed
	Verify     ed25519.PublicKey // tells heads of this vault from forged ones
}

const (
	sheetTitle      = "snap recovery sheet"
	sheetURL        = "Place:"
	sheetID         = "Vault id:"
	sheetPassphrase = "Passphrase:"
	sheetVerify     = "Verify key:"
	sheetColumns    = 80
	sheetIndent     = "    "
)

// Text is the sheet for a printer: at most 80 columns.
func (s *Sheet) Text() string {
	var b strings.Builder
	b.WriteString(sheetTitle + "\n" + strings.Repeat("=", len(sheetTitle)) + "\n\n" +
		"Print this, and keep it where no fire and no thief comes. With it alone you get\n" +
		"everything in this vault back; so does anybody who finds it.\n\n")
	put := func(name, value string) {
		if value == "" {
			return
		}
		b.WriteString(name + "\n")
		for value != "" {
			n := breakAt(value, sheetColumns-len(sheetIndent))
			b.WriteString(sheetIndent + value[:n] + "\n")
			value = value[n:]
		}
		b.WriteString("\n")
	}
	put(sheetURL, s.URL)
	put(sheetID, s.ID)
	put(sheetPassphrase, s.Passphrase)
	put(sheetVerify, s.VerifyKey())
	if s.Passphrase != "" {
		b.WriteString("On another machine: install snap, put the passphrase into a file, and say\n\n" +
			sheetIndent + "SNAP_PASSPHRASE_FILE=FILE snap restore -d PLACE latest --target FOLDER\n\n")
	}
	b.WriteString("Without snap: read vault.json at the place.\n")
	return b.String()
}

// breakAt is where a value is cut to have at most columns: between two characters, and not at a space.
func breakAt(value string, columns int) int {
	if len(value) <= columns {
		return len(value)
	}
	at := columns
	for !utf8.RuneStart(value[at]) && at > columns-utf8.UTFMax {
		at--
	}
	for n := at; n > columns/2; n-- {
		if utf8.RuneStart(value[n]) && value[n] != ' ' && value[n-1] != ' ' {
			return n
		}
	}
	return at
}

// VerifyKey is the verify key as it is typed, "" for none.
func (s *Sheet) VerifyKey() string {
	if s.Verify == nil {
		return ""
	}
	return verifyText(s.Verify)
}

// verifyText is a verify key with a sum behind it, so that a letter that was typed wrong is noticed.
func verifyText(key ed25519.PublicKey) string {
	return fmt.Sprintf("%x-%08x", []byte(key), crc32.Checksum(key, crc32.MakeTable(crc32.Castagnoli)))
}

// ParseVerify reads a verify key as the sheet has it, or without the sum.
func ParseVerify(s string) (ed25519.PublicKey, error) {
	s = strings.ToLower(strings.Join(strings.Fields(s), ""))
	key, err := hex.DecodeString(strings.SplitN(s, "-", 2)[0])
	if err != nil || len(key) != ed25519.PublicKeySize || strings.Contains(s, "-") && s != verifyText(key) {
		return nil, fmt.Errorf("%w: the verify key is mistyped: 64 hex digits, and 8 behind a dash", ErrKey)
	}
	return key, nil
}

// ParseSheet reads a sheet back, as it was printed or typed again. What it does not know it passes over.
func ParseSheet(text string) (*Sheet, error) {
	values := map[string]string{}
	name := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch known, value := sheetField(line); {
		case known != "":
			name, values[known] = known, value
		case line == "" && values[name] != "":
			name = ""
		case name != "":
			values[name] += line
		}
	}
	s := &Sheet{URL: values[sheetURL], ID: strings.ToLower(values[sheetID])}
	if s.ID == "" {
		return nil, fmt.Errorf("%w: not a recovery sheet: there is no line %q in it", ErrKey, sheetID)
	}
	if p := values[sheetPassphrase]; p != "" {
		s.Passphrase = AsMade(p)
	}
	if v := values[sheetVerify]; v != "" {
		key, err := ParseVerify(v)
		if err != nil {
			return nil, err
		}
		s.Verify = key
	}
	return s, nil
}

// sheetField is the field that a line begins, and what stands behind its name.
func sheetField(line string) (name, value string) {
	for _, f := range []string{sheetURL, sheetID, sheetPassphrase, sheetVerify} {
		if v, ok := strings.CutPrefix(line, f); ok {
			return f, strings.TrimSpace(v)
		}
	}
	return "", ""
}
