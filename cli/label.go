package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"snap/backup"
	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

func tagCommand() *command {
	return &command{
		Name: "tag", Args: "REF…", Min: 1, Max: -1, Group: groupKeep, Effect: true,
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
			for _, t := range add {
				if err := settings.CheckTag(t); err != nil {
					return hint.Usagef("--add: %s", err)
				}
				if slices.Contains(remove, t) {
					return hint.Usagef("tag %s: both --add and --remove", quote.Name(t))
				}
			}
			if len(add)+len(remove) == 0 {
				return c.showLabels(func(h *record.Header) string { return quoteAll(h.Tags) })
			}
			lacking := slices.Clone(remove) // what none of the snapshots has may be misspelled, and what was meant stays
			err := c.label("tag", c.args, func(h *record.Header) {
				lacking = slices.DeleteFunc(lacking, func(t string) bool { return slices.Contains(h.Tags, t) })
				tags := slices.DeleteFunc(slices.Clone(h.Tags), func(t string) bool { return slices.Contains(remove, t) })
				for _, t := range add {
					if !slices.Contains(tags, t) {
						tags = append(tags, t)
					}
				}
				h.Tags = tags
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
		Name: "note", Args: "REF [TEXT]", Min: 1, Max: 2, Group: groupKeep, Effect: true,
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
		named, err := named(d.Resolver(), c.args)
		if err != nil {
			return err
		}
		if c.opts.json {
			return c.labelsJSON(named)
		}
		return c.printLabels(named, text)
	})
}

// printLabels prints a line a snapshot, the names as wide as the widest.
func (c *call) printLabels(all []*record.Header, label func(h *record.Header) string) error {
	width := 0
	for _, h := range all {
		width = max(width, displaywidth.String(quote.Name(h.Name)))
	}
	for _, h := range all {
		if err := c.printf("%s\n", strings.TrimSpace(text.Pad(quote.Name(h.Name), width)+"  "+label(h))); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) labelsJSON(all []*record.Header) error {
	out := []wire.Labels{}
	for _, h := range all {
		out = append(out, wire.NewLabels(h))
	}
	return c.json(out)
}

// named are the snapshots that refs name, each once.
func named(r query.Resolver, refs []string) (all []*record.Header, err error) {
	for _, ref := range refs {
		pos, err := r.Resolve(ref)
		if err != nil {
			return nil, err
		}
		if h := &r.Snapshots[pos]; !slices.Contains(all, h) {
			all = append(all, h)
		}
	}
	return all, nil
}

// label changes the labels of the snapshots that refs name. They are looked up under the lock, so that two
// runs that add a tag each both have their way.
func (c *call) label(what string, refs []string, change func(h *record.Header)) (err error) {
	dest, err := c.find()
	if err != nil {
		return err
	}
	d, err := c.openToWrite(dest,
		destination.Options{LockWait: c.opts.lockWait, Holder: c.holder(what), Trust: c.trusted(dest)})
	if err != nil {
		return exit.Hint(err, dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	defer c.proved(dest, d.DB)
	snaps, err := query.ReadSnapshots(c.ctx, d.DB)
	if err != nil {
		return exit.Hint(err, dest)
	}
	all, err := named(query.Resolver{Snapshots: snaps, Now: c.now()}, refs)
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
		return c.labelsJSON(all)
	}
	if c.opts.quiet {
		return nil
	}
	return c.printLabels(all,
		func(h *record.Header) string { return strings.TrimSpace(quoteAll(h.Tags) + "  " + quote.Name(h.Note)) })
}

// gained is what the newest snapshot got because nothing had changed since.
type gained struct {
	header *record.Header // with its labels as they are then; nil: it got nothing
	what   string         // in words
}

// labelUnchanged gives the newest snapshot, which is what the source holds, the labels that a new one would have had.
func (c *call) labelUnchanged(d *destination.Destination, name string, o *backup.Options) (gained, error) {
	if len(o.Tags) == 0 && o.Note == "" {
		return gained{}, nil
	}
	all, err := query.ReadSnapshots(c.ctx, d.DB)
	if err != nil {
		return gained{}, err
	}
	i := slices.IndexFunc(all, func(h record.Header) bool { return h.Name == name })
	if i < 0 {
		return gained{}, fmt.Errorf("snapshot %s: %w", quote.Name(name), index.ErrNotFound)
	}
	h := &all[i]
	if o.Note != "" && h.Note != "" && h.Note != o.Note {
		c.warn("snapshot %s keeps its note, %s; to give it the new one: snap note -d %s %s %s", quote.Name(name),
			quote.Name(h.Note), quote.Word(d.Path), quote.Word(name), quote.Word(o.Note))
	}
	what := addLabels(h, o.Tags, o.Note)
	if what == "" {
		return gained{}, nil
	}
	if !o.DryRun {
		err = d.SetLabels(c.ctx, h.Name, h.Tags, h.Note)
	}
	return gained{h, what}, err
}

// addLabels gives h the tags that it lacks, and the note if it has none, and says in words what is new.
func addLabels(h *record.Header, tags []string, note string) string {
	var what []string
	fresh := slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return slices.Contains(h.Tags, t) })
	if len(fresh) > 0 {
		h.Tags = slices.Concat(h.Tags, fresh)
		word := "the tag "
		if len(fresh) > 1 {
			word = "the tags "
		}
		what = append(what, word+quote.List(fresh))
	}
	if note != "" && h.Note == "" {
		h.Note = note
		what = append(what, "the note")
	}
	return strings.Join(what, " and ")
}
