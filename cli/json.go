package cli

import (
	"snap/index"
)

// json prints v as one line. Characters that a terminal would obey are escaped: JSON may stand on one.
func (c *call) json(v any) error {
	b, err := encodeJSON(v)
	if err != nil {
		return err
	}
	_, err = c.out.Write(append(b, '\n'))
	return err
}

// problemText is that for people.
func problemText(r *index.Record) string {
	switch problemJSON(r) {
	case "unreadable":
		return "could not be read"
	case "unheld":
		return "the destination cannot hold it"
	case "inconsistent":
		return "changed while it was read"
	}
	return ""
}
