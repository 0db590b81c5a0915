package cli

import (
	"snap/cli/wire"
	"snap/index"
)

// json prints v as one line. Characters that a terminal would obey are escaped: JSON may stand on one.
func (c *call) json(v any) error {
	b, err := wire.Encode(v)
	if err != nil {
		return err
	}
	_, err = c.out.Write(append(b, '\n'))
	return err
}

// problemText is that for people.
func problemText(r *index.Record) string {
	switch wire.Problem(r) {
	case "unreadable":
		return "could not be read"
	case "unheld":
		return "the destination cannot hold it"
	case "inconsistent":
		return "changed while it was read"
	}
	return ""
}
