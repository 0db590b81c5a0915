package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/wire"
	"snap/filter"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

func explainCommand() *command {
	return &command{
		Name: "explain", Args: "PATH", Min: 1, Max: 1, Group: groupLook,
		Short: "whether a path of the source is backed up, and why",
		Long: `Say whether PATH of the source is backed up, which line of which file says
so, what the last backup did with it and why, and which snapshots share its inode,
under which names. PATH is relative to the working directory if that is in the
source, else to the source, or absolute.

Before the first backup PATH is judged by the settings files of the destination and
the flags as a backup of SRC would, of --source-dir SRC; without that, of the home
folder or else the working directory, where PATH is in it.`,
		Examples: `snap explain ~/.cache
snap explain Documents/report.odt
snap explain ~/.cache --exclude '.cache/'  # is it a good line?`,
		Codes: []int{exit.NoDest},
		Flags: flags{
			{Name: "exclude", Kind: cmdline.Strings, Usage: "judge as if `PATTERN` stood in Blacklist.txt; may be repeated"},
			{Name: "include", Kind: cmdline.Strings, Usage: "judge as if `PATTERN` stood in Whitelist.txt; may be repeated"},
			{Name: "exclude-from", Kind: cmdline.Strings,
				Usage: "judge as if the lines of `FILE` stood in Blacklist.txt; may be repeated"},
			{Name: "include-from", Kind: cmdline.Strings,
				Usage: "judge as if the lines of `FILE` stood in Whitelist.txt; may be repeated"},
			{Name: "source-dir", Kind: cmdline.String, Usage: "before the first backup: what a backup of `SRC` would do"},
		},
		Complete: completeNewestPath,
		Run:      explain,
	}
}

// explained is what is known of a path.
type explained struct {
	wire.Explained
	path    string
	unseen  error  // why it is not known whether the source holds it
	carrier bool   // it leads to a source, and is taken along for that
	ruleAt  string // the path that the rule matched
	since   uint64 // the newest snapshot has it as this one has
	guessed string // why this source is meant, where no snapshot says it
	shared  []query.Name
}

func newRuleJSON(v filter.Verdict) *wire.Rule {
	j := &wire.Rule{Line: v.Rule.Line}
	j.File, j.FileB64 = wire.Name(v.Rule.File)
	j.Text, j.TextB64 = wire.Name(v.Rule.Text)
	j.At, j.AtB64 = wire.Name(v.By)
	return j
}

func explain(c *call) error {
	d, dest, err := c.openIfMade()
	if err != nil {
		return err
	}
	if d == nil {
		return c.explainFirst(dest)
	}
	defer d.Close()
	defer c.proved(d.Dir, d.DB)
	if len(d.Snapshots) == 0 {
		return c.explainFirst(dest)
	}
	if c.flags.IsSet("source-dir") {
		return hint.Usagef("--source-dir is for a destination without a snapshot; this one knows its source")
	}
	newest := d.Newest()
	if newest.Source == "" {
		return hint.With(fmt.Errorf("the source of snapshot %s is not known", quote.Name(newest.Name)),
			"the next backup names it: snap backup DEST SRC")
	}
	paths, err := d.Paths(c.args[0])
	if err != nil {
		return err
	}
	src := sourcesIn(newest)
	set, err := c.filters(d.Dir, src)
	if err != nil {
		return err
	}
	j, rec, err := c.explainPath(set, src, paths, func(path string) (record.Record, uint64, error) {
		return d.DB.Lookup(c.ctx, newest.Seq, path)
	})
	if err != nil {
		return query.IndexHint(err, d.Dir)
	}
	if err := c.explainSetting(&j, d.Dir, src); err != nil {
		return err
	}
	seen, err := d.LastSeen(c.ctx, j.path)
	if err != nil {
		return query.IndexHint(err, d.Dir)
	}
	if seen != nil {
		j.Seen = &seen.Name
	}
	if rec != nil {
		j.Last = newLastJSON(rec, newest.Name, d.Snapshots, j.since)
		names, err := d.Names(c.ctx, newest, j.path)
		if err != nil {
			return query.IndexHint(err, d.Dir)
		}
		j.Shared, j.shared = newSharedJSON(names, d.Snapshots), names
	}
	if c.opts.json {
		return c.json(j.Explained)
	}
	return c.printExplained(j, rec)
}

// explainSetting says which setting leaves out what no line does.
func (c *call) explainSetting(j *explained, dest string, src sources) (err error) {
	if j.Included && (j.Exists || src.roots.Place(j.path) == record.Outside) {
		j.Setting, err = c.leftOut(dest, src, j.path)
		j.Included = j.Setting == nil
	}
	return err
}

// newLastJSON is what the newest snapshot, of this name, holds since snapshot number since.
func newLastJSON(r *record.Record, newest string, snaps query.Snapshots, since uint64) *wire.ExplainedRecord {
	name := ""
	if pos, ok := snaps.BySeq(since); ok {
		name = snaps[pos].Name
	}
	j := &wire.ExplainedRecord{Snapshot: newest, Since: name, Change: r.Change.String(),
		Reason: r.Reason.String(), Stored: r.Stored.String(), Size: r.Size, OnDisk: r.OnDisk()}
	if r.From != "" {
		var from string
		from, j.FromB64 = wire.Name(r.From)
		j.From = &from
	}
	return j
}

// newSharedJSON are the names of an inode.
func newSharedJSON(names []query.Name, snaps query.Snapshots) []wire.SharedName {
	all := make([]wire.SharedName, 0, len(names))
	for _, n := range names {
		s := wire.SharedName{First: snaps[n.First].Name, Last: snaps[n.Last].Name, Snapshots: n.Last - n.First + 1}
		s.Path, s.PathB64 = wire.Name(n.Path)
		all = append(all, s)
	}
	return all
}

// explainPath explains the first of paths that is in the source or in the newest snapshot, else the
// first. held is what that snapshot holds, and since when.
func (c *call) explainPath(set *filter.Set, src sources, paths []string,
	held func(path string) (record.Record, uint64, error)) (j explained, rec *record.Record, err error) {
	for i := len(paths) - 1; i >= 0; i-- {
		path := paths[i]
		info, lerr := os.Lstat(filepath.Join(src.top, filepath.FromSlash(path)))
		r, since, rerr := held(path)
		if rerr != nil && !errors.Is(rerr, index.ErrNotFound) {
			return j, nil, rerr
		}
		if i > 0 && lerr != nil && rerr != nil {
			continue
		}
		if lerr != nil && rerr != nil && rec != nil || j.Exists && lerr != nil {
			continue // a better one was found
		}
		isDir := lerr == nil && info.IsDir() || lerr != nil && rerr == nil && r.Kind.String() == "dir"
		v, err := set.Explain(path, isDir)
		if err != nil {
			return j, nil, err
		}
		j = explained{Explained: wire.Explained{Exists: lerr == nil, Included: v.Included, Partly: !v.Included && v.Walk,
			Shared: []wire.SharedName{}}, path: path, since: since}
		if lerr != nil && !errors.Is(lerr, fs.ErrNotExist) && !errors.Is(lerr, syscall.ENOTDIR) {
			j.unseen = lerr
			if at := (*fs.PathError)(nil); errors.As(lerr, &at) {
				j.unseen = at.Err
			}
		}
		j.carrier = src.roots.Place(path) == record.Carrier
		j.Path, j.PathB64 = wire.Name(path)
		j.Source, j.SourceB64 = wire.Name(src.top)
		if v.Rule != nil {
			j.Rule, j.ruleAt = newRuleJSON(v), v.By
		}
		rec = nil
		if rerr == nil {
			rec = &r
		}
	}
	return j, rec, nil
}
