package text

import (
	"strconv"

	"snap/internal/file"
	"snap/internal/quote"
)

// Permissions is the mode as ls prints it.
func Permissions(s *file.Stat) string {
	b := []byte("?rwxrwxrwx")
	if int(s.Kind) < file.Kinds {
		b[0] = "?-dlpscb"[s.Kind]
	}
	for i := range 9 {
		if s.Mode&(0o400>>i) == 0 {
			b[1+i] = '-'
		}
	}
	for _, special := range [...]struct {
		bit      uint16
		at       int
		both, no byte // with and without the right to execute
	}{{0o4000, 3, 's', 'S'}, {0o2000, 6, 's', 'S'}, {0o1000, 9, 't', 'T'}} {
		switch {
		case s.Mode&special.bit == 0:
		case b[special.at] == 'x':
			b[special.at] = special.both
		default:
			b[special.at] = special.no
		}
	}
	return string(b)
}

// Owner is the name of a user or group, else the number.
func Owner(names map[uint32]string, id uint32) string {
	if name := names[id]; name != "" {
		return quote.Name(name)
	}
	return strconv.FormatUint(uint64(id), 10)
}
