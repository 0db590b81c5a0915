package cli

import (
	"fmt"

	"snap/cli/cmdline"
	"snap/cli/state"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
)

func destinationsCommand() *command {
	return &command{
		Name: "destinations", Group: groupOther, Effect: true,
		Short: "the destinations that snap remembers; forget one",
		Long: `Show the destinations that this user has backed up to: when last and of what, whether
each is there now, and which is used where none is named (*): that of the last
backup, among those that snap init made or that two backups have named. While there
are none, one that was named once will do. What is below a folder for temporary
files is used only when it is named, and forgotten when it is gone.

With --forget DIR a destination is forgotten. Nothing in it changes.`,
		Examples: `snap destinations
snap destinations --forget /mnt/old`,
		Flags: flags{{Name: "forget", Kind: cmdline.String, Complete: completeDestinations,
			Usage: "forget the destination `DIR`"}},
		Run: func(c *call) error {
			if c.flags.IsSet("forget") {
				return c.forget(c.flags.String("forget"))
			}
			return c.listDestinations()
		},
	}
}

// defaultOf is the place among all that is used where none is named, nil for none.
func defaultOf(all []state.Place) *state.Place {
	remembered := state.Remembered(all)
	if len(remembered) == 0 || remembered[0].Once && len(remembered) > 1 {
		return nil
	}
	return &remembered[0]
}

func (c *call) listDestinations() error {
	all := c.places()
	used := defaultOf(all)
	isDefault := func(p *state.Place) bool { return used != nil && used.Path == p.Path && used.ID == p.ID }
	if c.opts.json {
		list := make([]wire.Known, len(all))
		for i := range all {
			list[i] = newKnownJSON(&all[i], isDefault(&all[i]))
		}
		return c.json(list)
	}
	if len(all) == 0 {
		c.note("no destination is known; to make one: snap backup DEST SRC")
		return nil
	}
	t := &text.Table{Columns: []text.Column{{Head: ""}, {Head: "Destination"}, {Head: "Used"}, {Head: "Age", Right: true},
		{Head: "Of", Cut: true}, {Head: ""}}}
	for i := range all {
		p := &all[i]
		mark := ""
		if isDefault(p) {
			mark = "*"
		}
		t.Add(mark, quote.Name(p.Path), c.When(p.Last), c.Age(p.Last), quote.Name(p.Source), presenceText(p))
	}
	return t.Write(c.out, c.Width)
}

// presenceText says what is special about a place.
func presenceText(p *state.Place) string {
	switch {
	case p.Presence == state.Gone:
		return "removed"
	case p.Presence == state.Away:
		return "not there now"
	case p.Presence == state.Unreadable:
		return "cannot be read"
	case p.Temporary:
		return "temporary"
	case p.Once:
		return "named once"
	}
	return ""
}

// presences are their names in JSON.
var presences = map[state.Presence]string{
	state.Here: "here", state.Away: "away", state.Gone: "gone", state.Unreadable: "unreadable",
}

func newKnownJSON(p *state.Place, isDefault bool) wire.Known {
	j := wire.Known{ID: p.ID, Last: wire.Time(p.Last), Presence: presences[p.Presence], Temporary: p.Temporary,
		Once: p.Once, Default: isDefault}
	j.Path, j.PathB64 = wire.Name(p.Path)
	j.Source, j.SourceB64 = wire.Name(p.Source)
	return j
}

// forget takes a destination out of the list.
func (c *call) forget(dest string) error {
	if dest == "" {
		return hint.Usagef("--forget: DIR is empty")
	}
	dir := c.abs(dest)
	ok, err := c.user().Forget(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", c.user().KnownFile(), err)
	}
	if !ok {
		err := fmt.Errorf("%s: not among the destinations that are remembered", quote.Name(dest))
		if all := c.places(); len(all) > 0 {
			return hint.With(err, "these are: %s", quote.List(paths(all)))
		}
		return hint.With(err, "none is")
	}
	if c.opts.json {
		j := wire.Forgotten{Type: "summary"}
		j.Path, j.PathB64 = wire.Name(dir)
		return c.json(j)
	}
	if c.opts.quiet {
		return nil
	}
	return c.printf("%s is forgotten; what is in it stays\n", quote.Name(dir))
}
