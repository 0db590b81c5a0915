package remote

import (
	"path/filepath"
	"strings"

	"snap/remote/store"
)

// Form is what a far copy is.
type Form int

// The forms.
const (
	None    Form = iota // no place
	Vault               // objects in a store
	Disk                // a replica in a folder
	Machine             // a replica on another machine
)

// SSH is how the URL of a replica on another machine begins.
const SSH = "ssh://"

// FormOf says what is, or is to be, at a place: its URL, or the absolute path of a folder.
func FormOf(place string) Form {
	switch {
	case strings.HasPrefix(place, SSH):
		return Machine
	case store.IsURL(place):
		return Vault
	case filepath.IsAbs(place):
		return Disk
	}
	return None
}

// URLForms are how places are written.
const URLForms = "s3://BUCKET/PREFIX, s3:https://HOST/BUCKET/PREFIX, vault:/FOLDER or rclone:REMOTE:PATH " +
	"for a vault; /FOLDER or ssh://HOST/FOLDER for a replica"

// HoldName is what the copies to a place are called that has no name: its folder in .snap/remotes.
func HoldName(place string) string {
	place = strings.TrimPrefix(place, SSH)
	name := strings.Map(func(c rune) rune {
		if c < 0x80 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_') {
			return c
		}
		return '-'
	}, place)
	name = strings.TrimLeft(name, "-.")
	if len(name) > 64 {
		name = strings.TrimLeft(name[len(name)-64:], "-.")
	}
	if name == "" {
		return "replica"
	}
	return name
}
