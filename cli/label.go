package cli

import (
	"errors"
	"slices"
	"strings"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

func tagCommand() *command {
	return &command{
		Name: "tag", Args: "REF…|A..B…", Min: 1, Max: -1, Group: groupKeep, Effect: true,
		Short: "show or change the tags of snapshots",
		Long: `Show the tags of snapshots, or with --add and --remove change them. A tag names a
snapshot (tag:NAME), and one with the tag pin is never pruned.`,
		Examples: `snap tag latest                # its tags
snap tag latest --add pin      # never prune it
snap tag tag:old --remove old  # take the tag from the newest that has it`,
		Codes: []int{exit.NoDest, exit.Locked},
		Flags: flags{
			{Name: "add", Kind: cmdline.Strings, Complete: completeTags,
				Usage: "give the snapshots `TAG`; may be repeated"},
			{Name: "remove", Kind: cmdline.Strings, Complete: completeTags,
				Usage: "take `TAG` from the snapshots; may be repeated"},
		},
		Complete: completeRef,
		Run: func(c *call) error {
			add, remove := c.flags.Strings("add"), c.flags.Strings("remove")
			if err := settings.CheckTags(add, remove); err != nil {
				return err
			}
			if len(add)+len(remove) == 0 {
				err := c.showLabels(func(h *record.Header) string { return report.Tags(h.Tags) })
				if n := len(c.args); err != nil && n == 2 && settings.CheckTag(c.args[1]) == nil {
					err = hint.With(err, "or to give a tag: snap tag %s --add %s", quote.Word(c.args[0]), quote.Word(c.args[1]))
				}
				return err
			}
			lacking := slices.Clone(remove) // what none of the snapshots has may be misspelled, and what was meant stays
			err := c.label("tag", c.args, func(h *record.Header) {
				lacking = slices.DeleteFunc(lacking, func(t string) bool { return slices.Contains(h.Tags, t) })
				h.Tags = settings.ChangedTags(h.Tags, add, remove)
			})
			if err == nil && len(lacking) > 0 {
				c.note("none of these snapshots has the tag %s", quote.List(lacking))
			}
			return err
		},
	}
}

func noteCommand() *command {
	return &command{
		Name: "note", Args: "REF [TEXT]", Min: 1, Max: 2, Blank: 1, Group: groupKeep, Effect: true,
		Short: "show or change the note of a snapshot",
		Long:  `Show the note of a snapshot, or give it the note TEXT. An empty TEXT removes it.`,
		Examples: `snap note latest "before the upgrade"
snap note latest ""  # no note`,
		Codes:    []int{exit.NoDest, exit.Locked},
		Complete: completeRef,
		Run: func(c *call) error {
			if len(c.args) == 1 {
				return c.showLabels(func(h *record.Header) string { return quote.Name(h.Note) })
			}
			text := strings.ToValidUTF8(c.args[1], "\ufffd")
			return c.label("note", c.args[:1], func(h *record.Header) { h.Note = text })
		},
	}
}

// showLabels prints a line a snapshot.
func (c *call) showLabels(text func(h *record.Header) string) error {
	return c.reading(func(d *query.Reader) error {
		named, err := d.Resolver().Named(c.args)
		if err != nil {
			return err
		}
		if c.opts.json {
			return c.json(wire.NewLabelled(named))
		}
		return c.print().Labels(named, text)
	})
}

// label changes the labels of the snapshots that refs name. They are looked up under the lock, so that two
// runs that add a tag each both have their way.
func (c *call) label(what string, refs []string, change func(h *record.Header)) (err error) {
	dest, err := c.findOwn()
	if err != nil {
		return err
	}
	d, err := c.openToWrite(dest,
		destination.Options{LockWait: c.opts.lockWait, Holder: c.holder(what), Trust: c.trusted(dest)})
	if err != nil {
		return exit.Hint(err, dest)
	}
	defer func() { err = errors.Join(exit.Gone(d, err), d.Close()) }()
	defer c.proved(dest, d.DB)
	snaps, err := query.ReadSnapshots(c.ctx, d.DB)
	if err != nil {
		return exit.Hint(err, dest)
	}
	all, err := query.Resolver{Snapshots: snaps, Now: c.now()}.Named(refs)
	if err != nil {
		return err
	}
	for _, h := range all {
		tags, note := h.Tags, h.Note
		if change(h); slices.Equal(tags, h.Tags) && note == h.Note {
			continue
		}
		if err := d.SetLabels(c.ctx, h.Name, h.Tags, h.Note); err != nil {
			return exit.Hint(err, dest)
		}
	}
	if c.opts.json {
		return c.json(wire.NewLabelled(all))
	}
	if c.opts.quiet {
		return nil
	}
	return c.print().Labels(all, report.AllLabels)
}
