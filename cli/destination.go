package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/locate"
	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// open opens the destination that find says, or the remote that -d names. The caller closes it.
func (c *call) open() (*query.Reader, error) {
	far, err := c.far()
	if err != nil {
		return nil, err
	}
	if far != nil && c.asksFar() {
		return c.openFar(far)
	}
	if c.opts.asOf != "" {
		return nil, hint.Usagef("--as-of is of a remote: name it with -d")
	}
	dir, err := c.find()
	if err != nil {
		return nil, err
	}
	d, err := query.Open(c.ctx, dir, query.Options{Now: c.now(), WorkDir: c.env.Dir, Trust: c.trusted(dir),
		Again: c.again})
	return d, exit.ReadHint(err, dir)
}

// again are the flags of this line that the command of the name, too, has.
func (c *call) again(name string) string {
	all := commands()
	return cmdline.Again(all[slices.IndexFunc(all, func(o *command) bool { return o.Name == name })].Flags, c.flags)
}

// reading opens the destination, runs f and adds the way out to an error of the index.
func (c *call) reading(f func(d *query.Reader) error) error {
	d, err := c.open()
	if err != nil {
		return err
	}
	defer c.proved(d.Dir, d.DB)
	err = query.IndexHint(f(d), d.Dir)
	if path := (*fs.PathError)(nil); errors.As(err, &path) && file.Within(d.Dir, path.Path) != "" &&
		len(hint.Lines(err, c.env.program.Typed)) == 0 {
		err = exit.ReadHint(err, d.Dir)
	}
	return errors.Join(err, d.Close())
}

// openToWrite opens a destination for a run that writes, or rehearses to.
func (c *call) openToWrite(dest string, o destination.Options) (*destination.Destination, error) {
	d, err := destination.Open(c.ctx, dest, o)
	if err == nil && d.Stuck != nil {
		c.warn("%v", d.Stuck)
	}
	return d, err
}

// find is the destination that the command line, $SNAP_DEST, the working directory or the list of known
// ones names, in this order, as an absolute path. An error that there is none ends in code 10. A command line that
// changes something is refused where it would have to be guessed.
func (c *call) find() (string, error) {
	if c.found.Dir != "" { // and said
		return c.found.Dir, nil
	}
	found, err := c.asked(c.opts.dest).Find()
	c.found = found
	changes := c.changes()
	if found.Others > 0 && !c.which && !changes {
		c.note("destination %s, the last of %d backed up to; -d names another", quote.Name(found.Dir), found.Others+1)
	}
	if err == nil && changes {
		err = c.severalDests()
	}
	if err != nil {
		c.found.Dir = ""
	}
	c.namedInHints(c.found.Dir)
	return c.found.Dir, err
}

// asked is what the choice of a destination depends on, where the command line names dest.
func (c *call) asked(dest string) *locate.Asked {
	return &locate.Asked{Dest: dest, Env: c.env.variable("SNAP_DEST"), WorkDir: c.env.Dir, Places: c.places, Lost: c.lost}
}

// namedInHints has the command lines that texts tell people to type name dest, where they would not find it, or only as
// the last of several.
func (c *call) namedInHints(dest string) {
	if dest != "" {
		c.env.program.Besides = c.asked("").Besides(dest)
	}
}

// findOwn is find for a command that writes there: another user's destination is refused.
func (c *call) findOwn() (string, error) {
	dest, err := c.find()
	if c.flags.Bool("take-over") { // then it is to become this user's
		return dest, err
	}
	if p := (*fs.PathError)(nil); errors.Is(err, fs.ErrPermission) && errors.As(err, &p) {
		return "", cmp.Or(c.notMine(filepath.Dir(p.Path)), err)
	}
	return dest, cmp.Or(err, c.notMine(dest))
}

// notMine refuses another user's destination, as far as that can be told: what this user may not read there is not what
// stands in the way.
func (c *call) notMine(dest string) error {
	err := destination.CheckOwner(dest)
	if errors.As(err, new(*destination.OwnerError)) {
		return exit.Hint(err, dest)
	}
	return nil
}

// finds reports whether a command that names no destination takes this one, and no other comes into question.
func (c *call) finds(dest string) bool {
	found, err := c.asked("").Find()
	return err == nil && found.Dir == filepath.Clean(dest) && !(found.Recalled && found.Others > 0)
}

// checkDisk refuses a destination that is not the one that this user's backups went to before, and says where it is one
// of several that take turns. making: it is to be made one.
func (c *call) checkDisk(dest string, making bool) error {
	k := &locate.Disk{Places: c.places, Lost: c.lost, ID: c.idOf, When: c.When, Making: making, Here: c.flags.Bool("here")}
	changed, err := k.Check(dest)
	if changed != "" {
		c.warn("%s", changed)
	}
	return err
}

// idOf is the id of the destination dest.
func (c *call) idOf(dest string) (string, error) {
	db, err := index.Open(index.Path(dest))
	if err != nil {
		return "", err
	}
	db.Trust(c.trusted(dest)...)
	defer c.proved(dest, db) // and is not proved once more by the backup
	return db.ID(c.ctx)
}

// tellWhich says of which destination and source the answer is, and what more there is to say of it, unless the
// command line names the destination, or it is the folder that the command was typed in.
func (c *call) tellWhich(d *query.Reader, more string) { c.tellSource(d.Dir, d.Newest(), more) }

// tellWhichOf is tellWhich for a command that does not ask the index. Where that cannot be read, the source is not
// told.
func (c *call) tellWhichOf(dest string) {
	if c.silent() {
		return
	}
	var newest *record.Header
	if d, err := query.Open(c.ctx, dest, query.Options{Trust: c.trusted(dest)}); err == nil {
		newest = d.Newest()
		d.Close()
	}
	c.tellSource(dest, newest, "")
}

func (c *call) silent() bool { return c.found.Obvious || c.opts.quiet || c.opts.json }

func (c *call) tellSource(dest string, newest *record.Header, more string) {
	if c.silent() {
		return
	}
	line := "destination " + quote.Name(dest)
	if newest != nil {
		if names := newest.AllSources(); len(names) > 0 {
			line += ", of " + quote.List(names)
		}
	}
	if more != "" {
		line += ": " + more
	}
	if c.found.Others > 0 {
		line += fmt.Sprintf(" (the last of %d backed up to; -d names another)", c.found.Others+1)
	}
	c.note("%s", line)
}
