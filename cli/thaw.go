package cli

import (
	"errors"
	"fmt"
	"iter"

	"snap/cli/exit"
	"snap/cli/text"
	"snap/internal/hint"
	"snap/query"
	"snap/record"
	"snap/restore/parts"
)

// thaw looks whether what is to be restored from a remote can be read: what is in cold storage is asked for with
// --thaw, which takes the store hours, and nothing is restored before it is there.
func (c *call) thaw(d *query.Reader, all []*parts.Part, dry bool) error {
	ask := c.flags.Bool("thaw")
	if c.reached == nil {
		if ask {
			return hint.Usagef("--thaw is of a remote: name it with -d")
		}
		return nil
	}
	cold, err := c.reached.Vault.Cold(c.ctx, c.wanted(d, all), ask && !dry)
	if err != nil || cold.Packs == 0 {
		return exit.RemoteHint(err)
	}
	is := map[bool]string{true: "is", false: "are"}[cold.Packs == 1]
	what := fmt.Sprintf("%s with %s, of what is to be restored, %s in cold storage",
		text.Plural(cold.Packs, "pack", "packs"), c.Size(cold.Bytes), is)
	switch {
	case dry:
		c.note("%s: --thaw asks for them, which costs what the store says", what)
		return nil
	case cold.Asked+cold.Coming == cold.Packs:
		return exit.With(exit.Unreachable, hint.With(errors.New(what+", and were asked for"),
			"it takes hours; the same command restores when they are there, and says so until then"))
	}
	return exit.With(exit.Unreachable, hint.With(errors.New(what), "to ask for them, which takes hours and costs "+
		"what the store says: add --thaw"))
}

// wanted yields what the parts of a restore have in them.
func (c *call) wanted(d *query.Reader, all []*parts.Part) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		for _, p := range all {
			for _, it := range p.Options.Items {
				for e, err := range d.DB.Entries(c.ctx, p.Header.Seq, it.Path) {
					if !yield(e, err) {
						return
					}
				}
			}
		}
	}
}
