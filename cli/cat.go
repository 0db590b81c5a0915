package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/query/archive"
	"snap/record"
	"snap/restore"
	"snap/restore/parts"
)

func catCommand() *command {
	return &command{
		Name: "cat", Args: "REF:PATH…|PATH…", Short: "a file's bytes, or a folder as an archive, verified", Group: groupLook,
		Min: 1, Max: -1,
		Codes: []int{exit.Partial, exit.NoDest, exit.Locked},
		Long: `
Writes the bytes of a file to standard output as a snapshot holds them; PATH alone
means latest:PATH, and what leads into DEST/SNAPSHOT, that snapshot. They are hashed
on the way: when they are not what was backed up, that is said on standard error and
the exit code is 1, after the bytes were written.

With --archive a folder, or a whole snapshot, is written as a tar or zip archive,
with the names that snap restore --target would give; of several snapshots below
the name of each. tar keeps owners, modes, times, symbolic and hard links, devices
and extended attributes, zip modes, times and symbolic links. Holes become zeros.
A file whose bytes are not what was backed up is named, and the exit code is 3.`,
		Examples: `
snap cat latest:docs/report.txt
snap cat @7d:src/main.go | diff - src/main.go
snap cat latest:docs --archive tar | tar -tv
snap cat latest:docs --archive zip > docs.zip`,
		Flags: flags{
			{Name: "archive", Kind: cmdline.String, OneOf: []string{"tar", "zip"},
				Usage: "write a folder as an archive: `FORMAT` is tar or zip"},
		},
		Complete: completePathOrRef,
		Run:      runCat,
	}
}

func runCat(c *call) error {
	if format := c.flags.String("archive"); c.flags.IsSet("archive") {
		return c.reading(func(d *query.Reader) error { return c.archive(d, format) })
	}
	return c.reading(func(d *query.Reader) error {
		named, err := c.entry(d, "cat", "of several files, an archive: --archive tar")
		if err != nil {
			return err
		}
		h, path := named.Header, named.Path
		if err := d.Missing(c.ctx, h, path, "cat"); err != nil {
			return err
		}
		r, _, err := d.DB.Lookup(c.ctx, h.Seq, path)
		if err != nil {
			return err
		}
		name := quote.Name(h.Name) + ":" + text.Path(path, file.None)
		switch {
		case r.Kind == file.Folder:
			return hint.With(fmt.Errorf("cat %s: is a folder", name),
				"to list it: snap ls %s; as an archive: snap cat --archive tar %[1]s", quote.Word(h.Name+":"+path))
		case r.Kind == file.Symlink:
			return fmt.Errorf("cat %s: is a symbolic link to %s", name, quote.Name(r.Target))
		case r.Kind != file.Regular:
			return fmt.Errorf("cat %s: is no regular file but a %s", name, r.Kind)
		case r.Unheld():
			return hint.With(fmt.Errorf("cat %s: the destination could not hold it, by its name or size", name),
				"to see other versions: snap history %s", quote.Arg(path))
		case r.Stored == record.Absent:
			return hint.With(fmt.Errorf("cat %s: could not be read when the snapshot was made", name),
				"to see other versions: snap history %s", quote.Arg(path))
		}
		f, err := d.OpenFile(c.ctx, h, path)
		if errors.Is(err, fs.ErrNotExist) {
			err = d.Elsewhere(c.ctx, err, h, path, "cat")
		}
		if err != nil {
			return hint.With(err, "to see what else the destination has lost: snap check")
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{c.out}, f, make([]byte, 256<<10))
		if errors.Is(err, query.ErrDamaged) {
			err = hint.With(fmt.Errorf("cat %s: %w", name, err),
				"other versions: snap history %s; all files: snap check --read-data", quote.Arg(path))
		}
		return errors.Join(err, f.Close())
	})
}

// archive writes what the arguments name as an archive.
func (c *call) archive(d *query.Reader, format string) error {
	if c.env.StdoutTTY {
		return hint.With(hint.Usagef("cat: an archive is not for a terminal"),
			"write it into a file: … --archive %s > FILE.%s",
			format, format)
	}
	items, err := c.archiveItems(d)
	if err != nil {
		return err
	}
	res, err := archive.Write(c.ctx, c.out, d, items, archive.Options{
		Zip: format == "zip",
		Warn: func(h *record.Header, path string, err error) {
			c.warn("cat %s:%s: %v", quote.Name(h.Name), text.Path(path, file.None), err)
		},
	})
	if err != nil {
		return err
	}
	for kind, n := range res.LeftOut {
		c.note("cat: left out: %s, which a %s archive cannot hold", text.Plural(n, kind.String(), kind.String()+"s"), format)
	}
	if res.Failed > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// archiveItems are the arguments and the names of their members: those that a restore to a folder would give them,
// and below the name of its snapshot where there are several snapshots.
func (c *call) archiveItems(d *query.Reader) ([]archive.Item, error) {
	var places []parts.Place
	several := false
	named, err := c.entries(d, "cat")
	if err != nil {
		return nil, err
	}
	for i := range named {
		h, p, arg := named[i].Header, named[i].Path, named[i].Arg
		if err := d.Missing(c.ctx, h, p, "cat"); err != nil {
			return nil, err
		}
		several = several || len(places) > 0 && places[0].Header != h
		places = append(places, parts.Place{Item: restore.Item{Path: p}, Header: h, Arg: arg})
	}
	for i := range places {
		p := &places[i]
		switch {
		case several:
			p.To = record.Join(p.Header.Name, p.Path)
		case p.Path != "":
			p.To = path.Base(p.Path)
		}
	}
	if err := parts.Apart(places); err != nil {
		return nil, err
	}
	items := make([]archive.Item, len(places))
	for i, p := range places {
		items[i] = archive.Item{Header: p.Header, Path: p.Path, Name: p.To}
	}
	return items, nil
}
