package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination/check"
	"snap/internal/file"
	"snap/internal/quote"
)

// checkReport prints what a check found: a line a path on standard output, also with -q.
type checkReport struct {
	call    *call
	dest    string
	line    *text.Progress
	started time.Time
}

// findings prints what was found.
func (r *checkReport) findings(res *check.Result) error {
	c := r.call
	for i := range res.Findings {
		f := &res.Findings[i]
		if c.opts.json {
			j := wire.CheckError{Type: "error", What: f.What, Snapshots: f.Snapshots, Why: quote.Clean(f.Why), Below: f.Below,
				Repaired: f.Repaired}
			if j.Path, j.PathB64 = wire.Name(f.Path); f.Repaired {
				j.From = quote.Clean(f.From)
			} else {
				j.Left = quote.Clean(f.From)
			}
			if j.Snapshots == nil {
				j.Snapshots = []string{}
			}
			if err := c.json(j); err != nil {
				return err
			}
		} else if err := c.printf("%s\n", c.Wrap(findingText(f), "    ")); err != nil {
			return err
		}
	}
	if res.More > 0 {
		c.warn("check: %s more that are not named; mend these first, then check again", humanize.Comma(res.More))
	}
	for _, name := range res.Missing {
		c.note("snapshot %s is missing: its folder was removed; to forget it: snap delete %s", quote.Name(name),
			quote.Word(name))
	}
	if len(res.Strange) > 0 {
		c.note("if a snapshot's folder was renamed, rename it back; these are no snapshot's: %s",
			strings.Join(mapped(res.Strange, quote.Name), ", "))
	}
	return nil
}

// findingText is a finding as people read it.
func findingText(f *check.Finding) string {
	line := text.Path(f.Path, file.None) + ": " + quote.Clean(f.Why)
	if f.Below > 0 {
		line += fmt.Sprintf(", with %s below it", text.Plural(int(f.Below), "entry", "entries"))
	}
	if where := rangesText(f.Ranges); where != "" {
		line += ", in " + where
	}
	switch {
	case f.Repaired && f.From != "":
		line += "; mended from " + quote.Clean(f.From)
	case f.Repaired:
		line += "; mended"
	case f.From != "":
		line += "; not mended: " + quote.Clean(f.From)
	}
	return line
}

// rangesMax is how many ranges of snapshots a line names.
const rangesMax = 8

// rangesText names snapshots: "a … c, e (4 snapshots)".
func rangesText(ranges []check.Range) string {
	var parts []string
	total := 0
	for i, r := range ranges {
		total += r.Count
		switch {
		case i == rangesMax:
			parts = append(parts, "…")
		case i > rangesMax:
		case r.Count == 1:
			parts = append(parts, quote.Name(r.First))
		case r.Count == 2:
			parts = append(parts, quote.Name(r.First), quote.Name(r.Last))
		default:
			parts = append(parts, quote.Name(r.First)+" … "+quote.Name(r.Last))
		}
	}
	text := strings.Join(parts, ", ")
	if total > 2 {
		text += fmt.Sprintf(" (%d snapshots)", total)
	}
	return text
}

func mapped(all []string, f func(string) string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = f(s)
	}
	return out
}

// summary prints how the check ended.
func (r *checkReport) summary(res *check.Result, o *check.Options) error {
	c := r.call
	took := c.env.Now().Sub(r.started)
	if c.opts.json {
		missing := res.Missing
		if missing == nil {
			missing = []string{}
		}
		return c.json(wire.CheckSummary{Type: "summary", Snapshots: res.Snapshots, Files: res.Files,
			InodesRead: res.InodesRead, BytesRead: res.BytesRead, Damaged: res.Damaged,
			Repaired: res.Repaired, Errors: res.Errors, Unproved: res.Unproved,
			Unshared: max(res.Links.Inodes-res.Links.Meant, 0), Missing: missing, Seconds: took.Seconds()})
	}
	if !c.opts.quiet {
		line := fmt.Sprintf("checked %s, %s", text.Plural(int(res.Snapshots), "snapshot", "snapshots"),
			text.Plural(int(res.Files), "entry", "entries"))
		if res.InodesRead > 0 || o.Read.All {
			line += fmt.Sprintf("; read %s, %s", text.Plural(int(res.InodesRead), "file", "files"), c.Size(res.BytesRead))
		}
		switch {
		case res.Damaged == 0 && res.Errors == 0:
			line += ": all is well"
		case res.Damaged == 0:
			line += fmt.Sprintf(": %s could not be looked at", humanize.Comma(res.Errors))
		default:
			line += fmt.Sprintf(": %s damaged", humanize.Comma(res.Damaged))
			if o.Repair {
				line += fmt.Sprintf(", %s mended", humanize.Comma(res.Repaired))
			}
		}
		if err := c.say("%s, %s", line, seconds(took)); err != nil {
			return err
		}
	}
	if res.Unproved > 0 {
		c.note("check: %s have no hash in the index and cannot be proved", text.Plural(int(res.Unproved), "file", "files"))
	}
	if l := &res.Links; l.Gone() {
		c.warn("%s in the snapshots are %s on this disk, and were %s: the hard links between them are gone",
			text.Plural(int(l.Names), "name", "names"), text.Plural(int(l.Inodes), "file", "files"), humanize.Comma(l.Meant))
		c.note("%s", linksGoneHint)
	}
	r.hints(res, o)
	return nil
}

// linksGoneHint is what to do where the hard links are gone.
const linksGoneHint = "so it is after a copy by cp -r, or by rsync without -H. Nothing is lost and backups go on; it " +
	"takes more room. " +
	"To have the links again, copy the destination anew: cp -a, or rsync -aHAX"

// hints say what to do about what was found.
func (r *checkReport) hints(res *check.Result, o *check.Options) {
	has := func(what check.Fault) bool {
		return slices.ContainsFunc(res.Findings, func(f check.Finding) bool { return f.What == what && !f.Repaired })
	}
	dest := quote.Word(r.dest)
	switch {
	case has(check.FaultIndex):
		r.call.note("the index is damaged; the snapshots themselves are plain folders; rebuild it, then check again: snap "+
			"reindex -d %s", dest)
	case res.Damaged > res.Repaired && !o.Repair:
		data := ""
		if o.Read != (check.Subset{Seed: o.Read.Seed}) {
			data = "--read-data "
		}
		r.call.note("to mend what can be mended: snap check %s--repair -d %s", data, dest)
	case has(check.FaultExtra):
		r.call.note("what was not there when the snapshot was made is left to you: move it away or remove it")
	}
}
