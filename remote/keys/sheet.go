package keys

import (
	"fmt"
	"strings"
)

// Sheet is what is printed and put away: with it, and nothing else, everything comes back.
type Sheet struct {
	URL        string
	Vault      string
	Passphrase string // "": contents are sealed to somebody's own key, or not at all
	Sealed     bool
	Verify     []byte
}

// String is the sheet as it is printed, 80 columns wide but for a long URL.
func (s Sheet) String() string {
	var b strings.Builder
	line := func(name, value string) { fmt.Fprintf(&b, "  %-12s%s\n", name, value) }
	b.WriteString("RECOVERY SHEET of a snap vault\n\n")
	switch {
	case s.Passphrase != "":
		b.WriteString("Print it, or write it down, and keep it away from this computer. Whoever has it\n" +
			"can read the backup; without it, once this computer is gone, nobody can.\n\n")
	case s.Sealed:
		b.WriteString("The vault is opened by the private key that belongs to the --recipient you gave.\n" +
			"Keep a copy of that key away from this computer: without it nobody can read it.\n\n")
	default:
		b.WriteString("The vault is not encrypted: whoever can read the place can read the backup.\n\n")
	}
	line("place", s.URL)
	line("vault", s.Vault)
	if s.Passphrase != "" {
		line("passphrase", s.Passphrase)
	}
	line("verify key", fmt.Sprintf("%x", s.Verify))
	b.WriteString("\nTo bring everything back, on any machine:\n\n" +
		"  with snap      snap restore -d PLACE latest --target FOLDER\n" +
		"  without snap   vault.json in the place says how, with age, zstd and tar\n")
	return b.String()
}
