package query

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snap/filter"
	"snap/internal/hint"
	"snap/internal/quote"
)

// Some commands ask all snapshots for a path, and others take REF:PATH. Who types the one for the other is told so:
// that no snapshot holds a file of the name latest:docs would be true, and no answer.

// RefPath takes typed apart, where it is REF:PATH of a snapshot that is there. What only is the beginning of a name,
// or a day, may as well be that of a file, and counts where the snapshot has such a path.
func (d *Reader) RefPath(ctx context.Context, typed string) (ref, path string, ok bool) {
	r := d.Resolver()
	ref, path = r.Split(typed)
	if path == "" || len(d.Snapshots) == 0 {
		return "", "", false
	}
	if _, err := r.Resolve(ref); err != nil {
		return "", "", false
	}
	base := ref
	for more := true; more; {
		var b string
		if b, _, more = stepsBack(base); more {
			base = b
		}
	}
	if r.named(base) < 0 && ref[0] != '@' && !strings.HasPrefix(ref, "tag:") {
		_, _, err := d.Entry(ctx, typed)
		return ref, path, err == nil
	}
	return ref, path, true
}

// AsksAll is the usage error for an argument REF:PATH of a command that asks all snapshots; nil if none is one. What is
// the name of something, in the source or in any snapshot, is meant so; fold: large and small letters are the same.
// lines are the command lines that most likely were meant, in which REF and PATH stand for the two, and NAME for a
// pattern that fits PATH alone.
func (d *Reader) AsksAll(ctx context.Context, args []string, fold bool, lines ...string) error {
	for _, typed := range args {
		ref, path, ok := d.RefPath(ctx, typed)
		if !ok || d.inSource(typed) {
			continue
		}
		there, err := d.Fits(ctx, typed, fold)
		if err == nil && !there {
			err = asksAll(ref, path, hint.Usagef("%s: all snapshots are asked here, for a path without one before it",
				quote.Name(typed)), lines)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// FindAsksAll is what is wrong with a search that names a snapshot before the path, or besides.
func (d *Reader) FindAsksAll(ctx context.Context, f *Filter) error {
	const line = "snap find --in REF PATH"
	if f.Regex || len(f.Patterns) == 0 {
		return nil
	}
	if err := d.AsksAll(ctx, f.Patterns, f.IgnoreCase, line); err != nil || len(f.Patterns) < 2 || f.In != "" {
		return err
	}
	if fits, err := d.Fits(ctx, f.Patterns[0], f.IgnoreCase); err != nil || fits {
		return err
	}
	return d.AsksAllBeside(f.Patterns, nil, line)
}

// AsksAllBeside is AsksAll for the arguments REF PATH, and err where they are not that.
func (d *Reader) AsksAllBeside(args []string, err error, lines ...string) error {
	if len(args) < 2 {
		return err
	}
	if _, rerr := d.Resolver().Resolve(args[0]); rerr != nil {
		return err
	}
	return asksAll(args[0], args[1], hint.Usagef("%s is a snapshot, and all are asked here", quote.Name(args[0])), lines)
}

func asksAll(ref, path string, err error, lines []string) error {
	words := strings.NewReplacer("REF:PATH", quote.Arg(ref+":"+path), "REF", quote.Word(ref), "PATH", quote.Arg(path),
		"NAME", quote.Arg(filter.Literal(path)))
	for i := len(lines) - 1; i >= 0; i-- { // the hint that was added last is shown first
		line := words.Replace(lines[i])
		if i == 0 {
			line = "most likely meant: " + line
		}
		err = hint.With(err, "%s", hint.Text(line))
	}
	return err
}

// inSource reports whether the source has something of this name now.
func (d *Reader) inSource(typed string) bool {
	paths, err := d.Paths(typed)
	return err == nil && slices.ContainsFunc(paths, func(p string) bool {
		_, err := os.Lstat(filepath.Join(d.Newest().Source, filepath.FromSlash(p)))
		return err == nil
	})
}

// PathsBehind is the usage error for arguments of diff that hold paths without "--" before them, as REF:PATH or behind
// the snapshots; nil if they do not.
func (d *Reader) PathsBehind(ctx context.Context, args []string) error {
	var refs, paths []string
	bare := ""
	for i, arg := range args {
		ref, path, ok := d.RefPath(ctx, arg)
		if pos, in, on := d.namesSnapshot(arg); !ok && on && in != "" {
			ref, path, ok = d.Snapshots[pos].Name, in, true
		}
		if !ok {
			_, err := d.Resolver().Resolve(arg)
			held := d.NewestPath(ctx, arg) != ""
			if err == nil && (i < 2 || !held) {
				refs = append(refs, quote.Word(arg))
				continue
			} else if i < 2 && !held {
				return nil
			}
			path = arg
		} else if ref = quote.Word(ref); len(refs) == 0 || refs[len(refs)-1] != ref {
			refs = append(refs, ref)
		}
		if bare = cmp.Or(bare, arg); !slices.Contains(paths, quote.Word(path)) {
			paths = append(paths, quote.Word(path))
		}
	}
	if bare == "" || len(refs) > 2 {
		return nil
	}
	return hint.With(hint.Usagef("diff: %s is no snapshot but a path", quote.Name(bare)), "%s",
		hint.Text("paths stand behind --: "+strings.Join(slices.Concat([]string{"snap diff"}, refs, []string{"--"}, paths),
			" ")))
}
