package head

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// AboutName is the name of the object with the About.
const AboutName = "vault.json"

// KeysName is the name of the object with the vault's keys, sealed by a passphrase.
const KeysName = "keys/0001.age"

// MaxAbout is how large it may be, in bytes.
const MaxAbout = 64 << 10

// About is vault.json, which everybody can read who sees the store, and which is never written again.
type About struct {
	Format int       `json:"format"` // 1
	ID     string    `json:"id"`     // 32 hex digits
	Sealed bool      `json:"sealed"`
	Made   time.Time `json:"made"`
	About  []string  `json:"about"` // for people
}

var vaultID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// NewID is an id that no other vault has.
func NewID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	return hex.EncodeToString(id)
}

// NewAbout is that of a new vault.
func NewAbout(id string, sealed bool, now time.Time) About {
	open := "zstd -d <OBJECT | tar x"
	if sealed {
		open = "age -d -i KEYFILE OBJECT | zstd -d | tar x"
	}
	lines := []string{
		"This folder is a vault: encrypted copies of a computer's backups, made by the program snap.",
		"The contents of the files are in data/. Each object there gives back files with their names:",
		"  " + open,
		"meta/ and head/ say which snapshots there are and what is in them. The Python program docs/read_vault.py",
		"of snap reads all this without snap; the page docs/formats.md describes every byte.",
		"Never change or remove single objects here.",
	}
	if sealed {
		lines = append(lines[:3:3], append([]string{
			"KEYFILE is made with the passphrase on the recovery sheet, which was printed when the vault was made:",
			"  age -d keys/0001.age >KEYFILE",
		}, lines[3:]...)...)
	} else {
		lines[0] = "This folder is a vault: copies of a computer's backups, NOT encrypted, made by the program snap."
	}
	return About{Format: 1, ID: id, Sealed: sealed, Made: now.UTC().Truncate(time.Second),
		About: lines}
}

// Encode writes it.
func (a About) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(a, "", "  ")
	return append(b, '\n'), err
}

// ParseAbout reads it.
func ParseAbout(b []byte) (About, error) {
	var a About
	if len(b) > MaxAbout {
		return a, fmt.Errorf("%s: %w: %d bytes", AboutName, ErrDamaged, len(b))
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return a, fmt.Errorf("%s: %w: %w", AboutName, ErrDamaged, err)
	}
	if a.Format > 1 {
		return a, fmt.Errorf("%s: %w", AboutName, ErrNewer)
	}
	if a.Format < 1 || !vaultID.MatchString(a.ID) {
		return a, fmt.Errorf("%s: %w: it names no vault", AboutName, ErrDamaged)
	}
	return a, nil
}
