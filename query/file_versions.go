package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// ErrFolder says that a folder was named where a file is needed.
var ErrFolder = errors.New("is a folder")

// FileVersion is what a file held for a time, whatever its metadata were.
type FileVersion struct {
	Path   string // it may have been called otherwise then
	Record *record.Record
	First  int // the snapshot that has it first
	Pos    int // the one that it is taken from: the last that has it and whose folder is there; -1: no folder is
}

// FileVersions are all that the file typed names ever held, in the order of snapshots, the names that it had before it
// came there included; equal ones that follow each other are one. Unheld is how many no snapshot holds, because they
// could not be read. The path that was meant is returned too.
func (d *Reader) FileVersions(ctx context.Context, typed string) (path string, all []FileVersion, unheld int,
	err error) {
	paths, err := d.Paths(typed)
	if err != nil {
		return "", nil, 0, err
	}
	for _, path := range paths {
		h, err := d.DB.Versions(ctx, path)
		if err != nil {
			return "", nil, 0, err
		}
		here := VersionsOf(&h, d.Snapshots)
		if len(here) == 0 {
			continue
		}
		lives, err := d.lives(ctx, here)
		if err != nil {
			return "", nil, 0, err
		}
		if len(lives) == 0 {
			last := d.Snapshots[here[len(here)-1].Last].Name
			return path, nil, 0, hint.With(fmt.Errorf("%s: %w, and versions are those of a file", quote.Path(path), ErrFolder),
				"as it was in a snapshot: snap restore %s --target DIR; in which it changed: snap list", quote.Word(last+":"+path))
		}
		all, unheld := d.distinct(lives)
		return path, all, unheld, nil
	}
	return "", nil, 0, d.unknownPath(ctx, paths)
}

// lives are the versions of a path that are no folders, and those that the same files had under older names, in the
// order of snapshots.
func (d *Reader) lives(ctx context.Context, here []Version) (all []Version, err error) {
	type key struct {
		path  string
		first int
	}
	seen := map[key]bool{}
	for todo := here; len(todo) > 0; {
		v := todo[0]
		todo = todo[1:]
		if k := (key{v.Path, v.First}); v.Record.Kind == file.Folder || seen[k] {
			continue
		} else {
			seen[k] = true
		}
		all = append(all, v)
		if from := v.From(); from != "" {
			before, err := d.lifeBefore(ctx, from, v.First-1)
			if err != nil {
				return nil, err
			}
			todo = append(todo, before...)
		}
	}
	slices.SortStableFunc(all, func(a, b Version) int {
		return cmp.Or(cmp.Compare(a.First, b.First), record.Compare(a.Path, b.Path))
	})
	return all, nil
}

// lifeBefore are the versions of the file that was at path in the snapshot at last, up to that.
func (d *Reader) lifeBefore(ctx context.Context, path string, last int) (all []Version, err error) {
	h, err := d.DB.Versions(ctx, path)
	if err != nil {
		return nil, err
	}
	there := VersionsOf(&h, d.Snapshots)
	for i := len(there) - 1; i >= 0; i-- {
		v := &there[i]
		if v.First > last {
			continue
		}
		if v.Last != last {
			break
		}
		all, last = append(all, *v), v.First-1
		if v.replaces() || v.Change == record.Added {
			break
		}
	}
	return all, nil
}

// distinct are the versions that differ in what they hold from the one before.
func (d *Reader) distinct(lives []Version) (all []FileVersion, unheld int) {
	var before *record.Record
	for i := range lives {
		v := &lives[i]
		if !v.Record.Held() {
			unheld++
			continue
		}
		f := FileVersion{v.Path, v.Record, v.First, -1}
		for pos := v.Last; pos >= v.First && f.Pos < 0; pos-- {
			if d.Present(&d.Snapshots[pos]) {
				f.Pos = pos
			}
		}
		same := before != nil && before.SameContent(v.Record)
		before = v.Record
		switch {
		case !same:
			all = append(all, f)
		case f.Pos >= 0: // the same, with its newest metadata
			last := &all[len(all)-1]
			last.Path, last.Record, last.Pos = f.Path, f.Record, f.Pos
		}
	}
	return all, unheld
}

// VersionNames are names for the versions of the file name that are from these times: name.2026-01-02T030405.txt. They
// are in the order of their letters, and no two are equal, also where a clock was set back: then a number tells them
// apart. None is longer than a name may be.
func VersionNames(name string, times []time.Time) []string {
	stem, ext := splitExt(name)
	const longest, room = 255, len(".2006-01-02T150405_0000")
	if cut := longest - room - len(ext); cut < len(stem) {
		for n := 0; n < utf8.UTFMax-1 && !utf8.RuneStart(stem[cut]); n++ { // no letter is cut
			cut--
		}
		stem = stem[:cut]
	}
	names := make([]string, len(times))
	last, n := "", 1
	for i, t := range times {
		if stamp := t.Format("2006-01-02T150405"); stamp > last {
			last, n = stamp, 1
		} else {
			n++
		}
		if names[i] = stem + "." + last + ext; n > 1 {
			names[i] = fmt.Sprintf("%s.%s_%02d%s", stem, last, n, ext)
		}
	}
	return names
}

// splitExt parts a name before its extension: .txt, or .tar.gz. What is long, or at the beginning, is none.
func splitExt(name string) (stem, ext string) {
	ext = path.Ext(name)
	stem = strings.TrimSuffix(name, ext)
	if packed := path.Ext(stem); packed == ".tar" {
		stem, ext = strings.TrimSuffix(stem, packed), packed+ext
	}
	if strings.Trim(stem, ".") == "" || len(ext) > 32 || ext == "." {
		return name, ""
	}
	return stem, ext
}
