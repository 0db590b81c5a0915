package cli

import (
	"fmt"
	"slices"
	"strings"

	"snap/cli/cmdline"
	"snap/cli/locate"
	"snap/cli/state"
	"snap/cli/wire"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/restore"
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

func (c *call) listDestinations() error {
	all := c.places()
	used := state.Default(all)
	if c.opts.json {
		return c.json(wire.NewKnown(all, used))
	}
	if len(all) == 0 {
		c.note("no destination is known; to make one: snap backup DEST SRC")
		return nil
	}
	return c.print().Destinations(all, used)
}

// forget takes a destination out of the list.
func (c *call) forget(dest string) error {
	dir := c.abs(dest)
	ok, err := c.user().Forget(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", c.user().KnownFile(), err)
	}
	if !ok {
		err := fmt.Errorf("%s: not among the destinations that are remembered", quote.Name(dest))
		if all := c.places(); len(all) > 0 {
			return hint.With(err, "these are: %s", quote.List(locate.Paths(all)))
		}
		return hint.With(err, "none is")
	}
	if c.opts.json {
		return c.json(wire.NewForgotten(dir))
	}
	if c.opts.quiet {
		return nil
	}
	return c.printf("%s is forgotten; what is in it stays\n", quote.Name(dir))
}

// changing are the commands that change a destination, or what the user has, and which of their command lines do.
// These never guess a destination. What only asks, or rehearses, may, and says which it took. The commands that are
// not here only ask, or take no remembered destination.
var changing = map[string]func(c *call) bool{
	"backup":   func(*call) bool { return true },
	"schedule": func(c *call) bool { return len(c.args) > 0 && !c.rehearses() },
	"restore":  func(c *call) bool { return (c.flags.Bool("in-place") || c.overwrites()) && !c.rehearses() },
	"undelete": func(c *call) bool { return c.flags.String("target") == "" && !c.rehearses() },
	"check":    func(c *call) bool { return c.flags.Bool("repair") },
	"prune":    func(c *call) bool { return !c.rehearses() },
	"delete":   func(c *call) bool { return !c.rehearses() },
	"copy":     func(c *call) bool { return !c.rehearses() },
	"remote":   func(c *call) bool { return c.args[0] != "list" && c.args[0] != "show" },
	"purge":    func(c *call) bool { return !c.rehearses() },
	"tag":      func(c *call) bool { return len(c.flags.Strings("add"))+len(c.flags.Strings("remove")) > 0 },
	"note":     func(c *call) bool { return len(c.args) > 1 },
	"reindex":  func(*call) bool { return true },
}

// changes reports whether the command line is one of those.
func (c *call) changes() bool {
	does := changing[c.command]
	return does != nil && does(c)
}

func (c *call) rehearses() bool { return c.flags.Bool("dry-run") }

// overwrites reports whether a restore may replace or remove what is there.
func (c *call) overwrites() bool {
	o := overwrites[c.flags.String("overwrite")]
	return o != restore.Never && o != restore.Skip || c.flags.Bool("delete") || c.flags.Bool("delete-excluded")
}

// severalDests refuses to choose among several destinations that are remembered.
func (c *call) severalDests() error {
	if !c.found.Recalled || c.found.Others == 0 {
		return nil
	}
	err := hint.With(hint.Usagef("no destination named, and several are remembered"),
		"once for all: $SNAP_DEST; to forget one: snap destinations --forget DIR")
	here := slices.DeleteFunc(state.Remembered(c.places()), func(p state.Place) bool {
		return p.Presence == state.Away || c.command != "backup" && !c.holdsSnapshots(p.Path)
	})
	if more := len(here) - quote.MaxListed; more > 0 {
		err = hint.With(err, "and %d more: snap destinations", more)
	}
	for _, p := range slices.Backward(here[:min(len(here), quote.MaxListed)]) {
		of := "of " + quote.Name(p.Source)
		if p.Source == "" {
			of = "no backup yet"
		}
		err = hint.With(err, "%s, last on %s:\n%s", of, c.When(p.Last), c.lineFor(p.Path))
	}
	return err
}

// lineFor is the command line as typed, with the destination dest in it.
func (c *call) lineFor(dest string) string {
	typed := strings.TrimPrefix(c.env.line, c.env.program.String())
	if rest, ok := strings.CutPrefix(typed, " "+c.command); ok {
		return "snap " + c.command + " -d " + quote.Word(dest) + rest
	}
	return c.env.program.String() + " -d " + quote.Word(dest) + typed
}

// What is remembered of this user and machine, by package state.

func (c *call) user() *state.User {
	return &state.User{LookupEnv: c.env.LookupEnv, OwnHome: c.env.Home,
		Temp: append([]string{c.env.variable("TMPDIR")}, c.env.Temp...)}
}

// home is what ~ stands for.
func (c *call) home() string { return c.user().Home() }

// known are the known destinations. A file that cannot be read is ignored, which is said unless -q asks for silence: it
// is a convenience, and a wrong one must not stop a restore.
func (c *call) known() []state.Known {
	list, err := c.user().Known()
	if err != nil {
		c.note("%s: ignored: %v", c.user().KnownFile(), err)
	}
	return list
}

// place is dest, as this command line works there.
func (c *call) place(dest string) *job.Place {
	return &job.Place{Dest: dest, User: c.user(), Environ: c.env.Environ, Now: c.env.Now, Known: c.known}
}

// how is how the destination came to be used, if this is how it is: unless it was remembered.
func (c *call) how(typed state.How) state.How {
	if c.found.Recalled {
		return state.Found
	}
	return typed
}

// remember makes dest the destination that was used last. source may be "" for none yet.
func (c *call) remember(dest, id, source string, how state.How) error {
	return c.place(dest).Remember(id, source, c.how(how))
}

// places are the known destinations as they are now, that used last first.
func (c *call) places() []state.Place {
	return state.TellApart(c.user().Places(c.known(), locate.IsDestination), func(dir string) string {
		id, _ := c.idOf(dir) // what cannot be read is told when it is opened
		return id
	})
}

// trusted are the fingerprints of indexes at dest that this user's commands have proved.
func (c *call) trusted(dest string) []string { return c.user().Trusted(dest) }

// proved remembers the index of dest for the next command.
func (c *call) proved(dest string, db *index.DB) { c.user().Proved(c.ctx, dest, db) }
