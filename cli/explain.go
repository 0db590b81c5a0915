package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/filter"
	"snap/index"
	"snap/internal/file"
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
source, else to the source, or absolute.`,
		Examples: `snap explain ~/.cache
snap explain Documents/report.odt`,
		Codes: []int{exit.NoDest},
		Flags: flags{
			{Name: "exclude", Kind: cmdline.Strings, Usage: "judge as if `PATTERN` stood in Blacklist.txt; may be repeated"},
			{Name: "include", Kind: cmdline.Strings, Usage: "judge as if `PATTERN` stood in Whitelist.txt; may be repeated"},
			{Name: "exclude-from", Kind: cmdline.Strings,
				Usage: "judge as if the lines of `FILE` stood in Blacklist.txt; may be repeated"},
			{Name: "include-from", Kind: cmdline.Strings,
				Usage: "judge as if the lines of `FILE` stood in Whitelist.txt; may be repeated"},
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
	d, err := c.open()
	if err != nil {
		return err
	}
	defer d.Close()
	defer c.proved(d.Dir, d.DB)
	if len(d.Snapshots) == 0 {
		return hint.With(errors.New("the destination holds no complete snapshot, so that its source is not known"),
			"what a first one would take: snap backup -n DEST SRC")
	}
	newest := &d.Snapshots[d.Snapshots.Newest()]
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
	j, rec, err := c.explainPath(d, set, newest, paths)
	if err != nil {
		return query.IndexHint(err, d.Dir)
	}
	if j.Included && (j.Exists || newest.Roots().Place(j.path) == record.Outside) {
		if j.Setting, err = c.leftOut(d.Dir, src, j.path); err != nil {
			return err
		}
		j.Included = j.Setting == nil
	}
	if j.Shared = []wire.SharedName{}; rec != nil {
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
// first.
func (c *call) explainPath(d *query.Reader, set *filter.Set, newest *record.Header,
	paths []string) (j explained, rec *record.Record, err error) {
	for i := len(paths) - 1; i >= 0; i-- {
		path := paths[i]
		info, lerr := os.Lstat(filepath.Join(newest.Source, filepath.FromSlash(path)))
		r, since, rerr := d.DB.Lookup(c.ctx, newest.Seq, path)
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
		j = explained{Explained: wire.Explained{Exists: lerr == nil, Included: v.Included, Partly: !v.Included && v.Walk},
			path: path}
		if lerr != nil && !errors.Is(lerr, fs.ErrNotExist) && !errors.Is(lerr, syscall.ENOTDIR) {
			j.unseen = lerr
			if at := (*fs.PathError)(nil); errors.As(lerr, &at) {
				j.unseen = at.Err
			}
		}
		j.carrier = newest.Roots().Place(path) == record.Carrier
		j.Path, j.PathB64 = wire.Name(path)
		j.Source, j.SourceB64 = wire.Name(newest.Source)
		if v.Rule != nil {
			j.Rule, j.ruleAt = newRuleJSON(v), v.By
		}
		rec = nil
		if rerr == nil {
			rec = &r
			name := ""
			if pos, ok := d.Snapshots.BySeq(since); ok {
				name = d.Snapshots[pos].Name
			}
			j.Last = &wire.ExplainedRecord{Snapshot: newest.Name, Since: name, Change: r.Change.String(),
				Reason: r.Reason.String(), Stored: r.Stored.String(), Size: r.Size, OnDisk: r.OnDisk()}
			if r.From != "" {
				var from string
				from, j.Last.FromB64 = wire.Name(r.From)
				j.Last.From = &from
			}
		}
	}
	return j, rec, nil
}

func (c *call) printExplained(j explained, rec *record.Record) error {
	head := quote.Name(j.path)
	if j.path == "" {
		head = "./ (the source itself)"
	}
	if j.carrier && j.path == "" {
		head = "./ (the top of the sources)"
	}
	if err := c.printf("%s\n", head); err != nil {
		return err
	}
	verdict, why := "included", "no line of the lists names it"
	if j.carrier {
		why = "it leads to a source, and is taken along for that alone"
	}
	if !j.Included {
		verdict = "left out"
	}
	if j.Rule != nil {
		why = fmt.Sprintf("%s, line %d: %s", quote.Clean(j.Rule.File), j.Rule.Line, quote.Clean(j.Rule.Text))
		if j.ruleAt != j.path {
			why += fmt.Sprintf("\n              (it names %s, and this is in it)", quote.Name(j.ruleAt))
		}
	}
	if j.Partly {
		why += "\n              (but for what " + settings.WhitelistFile +
			" may take in below it, and then the folder itself)"
	}
	if j.Setting != nil {
		if why = quote.Clean(j.Setting.Why); j.Setting.Key != "" {
			why = j.Setting.Key + " in " + settings.OptionsFile + ": " + why
		}
	}
	if j.unseen != nil {
		why += fmt.Sprintf("\n              (it cannot be looked at now: %s)", j.unseen)
	} else if !j.Exists {
		why += "\n              (the source does not hold it now)"
	}
	var lines []string
	for line := range strings.Lines(fmt.Sprintf("  %-10s  %s", verdict, why)) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	if err := c.printf("%s\n", strings.Join(c.WrapAll(lines, 14), "\n")); err != nil {
		return err
	}
	if j.Last == nil {
		return c.printf("  last time   not in the newest snapshot\n")
	}
	last := fmt.Sprintf("  last time   in %s:", quote.Name(j.Last.Snapshot))
	if j.Last.Since != j.Last.Snapshot {
		last += fmt.Sprintf(" as it is since %s:", quote.Name(j.Last.Since))
	}
	why = report.Reason(rec)
	if rec.From != "" {
		why += " from " + quote.Name(rec.From)
	}
	gap := " "
	if !c.Fits(last + gap + why) {
		gap = "\n              "
	}
	if gap != " " {
		why = strings.TrimLeft(c.Wrap(gap[1:]+why, gap[1:]), " ")
	}
	if err := c.printf("%s\n", last+gap+why); err != nil {
		return err
	}
	if rec.Kind == file.Regular {
		size := c.Size(rec.Size)
		if onDisk := rec.OnDisk(); onDisk != rec.Size {
			size += fmt.Sprintf(", %s on the disk: it has holes", c.Size(onDisk))
		}
		if err := c.printf("  size        %s\n", size); err != nil {
			return err
		}
	}
	label := "same inode"
	for i, s := range j.Shared {
		in := quote.Name(s.First)
		if s.Last != s.First {
			in += ".." + quote.Name(s.Last)
		}
		if name := j.shared[i].Path; name != j.path {
			in += " as " + quote.Name(name)
		}
		if err := c.printf("  %-10s  %s (%s)\n", label, in, text.Plural(s.Snapshots, "snapshot", "snapshots")); err != nil {
			return err
		}
		label = ""
	}
	return nil
}
