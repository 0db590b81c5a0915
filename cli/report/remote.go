package report

import (
	"strings"
	"time"

	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination"
	"snap/internal/quote"
	"snap/remote/vault"
)

// Copied prints what a copy to a remote did, or with dry would do.
func (p *Printer) Copied(name string, res *vault.CopyResult, dry bool, took time.Duration) error {
	snapshots := text.Plural(len(res.Snapshots), "snapshot", "snapshots")
	files := text.Plural(res.Files, "file", "files")
	switch {
	case len(res.Snapshots) == 0:
		return p.say("%s has all snapshots", quote.Name(name))
	case dry:
		return p.say("would copy %s to %s: %s of %s", snapshots, quote.Name(name), p.Size(res.BytesRead), files)
	}
	if res.Requests == 0 { // a replica
		return p.say("copied %s to %s: %s of %s, %s", snapshots, quote.Name(name), p.Size(res.BytesRead), files,
			seconds(took))
	}
	return p.say("copied %s to %s: %s of %s, %s stored, %s, %s", snapshots, quote.Name(name), p.Size(res.BytesRead), files,
		p.Size(res.BytesStored), text.Plural(res.Requests, "request", "requests"), seconds(took))
}

// Remotes lists the remotes of a destination, with what each has.
func (p *Printer) Remotes(all []settings.Remote, holds []destination.Hold) error {
	t := &text.Table{Columns: []text.Column{{Head: "Remote"}, {Head: "Newest there"}, {Head: "Copied"},
		{Head: "Place", Cut: true}}}
	for i := range all {
		newest, copied := "-", "never"
		for k := range holds {
			if holds[k].Remote == all[i].Name {
				newest, copied = quote.Name(holds[k].Name), p.Age(holds[k].Copied)
			}
		}
		t.Add(all[i].Name, newest, copied, quote.Name(all[i].URL))
	}
	return t.Write(p.Out, p.Width)
}

// RemotePruned prints what a prune of a remote did, or with dry would do.
func (p *Printer) RemotePruned(name string, res *vault.PruneResult, dry bool, took time.Duration) error {
	var more []string
	if res.Later > 0 {
		more = append(more, p.Size(res.Later)+" go when the grace is over")
	}
	if res.Locked > 0 {
		more = append(more, text.Plural(res.Locked, "object is", "objects are")+" locked until later")
	}
	if res.Repacked > 0 {
		more = append(more, text.Plural(res.Repacked, "pack", "packs")+" written anew")
	}
	removed := text.Plural(len(res.Removed), "snapshot", "snapshots")
	if dry {
		return p.say("would remove %s from %s%s", removed, quote.Name(name), enclose(": ", strings.Join(more, ", "), ""))
	}
	return p.say("removed %s from %s, %s freed%s, %s", removed, quote.Name(name), p.Size(res.Freed),
		enclose(", ", strings.Join(more, ", "), ""), seconds(took))
}

// RemoteChecked prints what a check of a remote found.
func (p *Printer) RemoteChecked(name string, res *vault.CheckResult, took time.Duration) error {
	for i := range res.Bad {
		bad, files := &res.Bad[i], ""
		if bad.Files > 0 {
			files = "; lost with it: " + text.Plural(bad.Files, "file", "files")
		}
		if err := p.say("%s: %v%s", bad.Name, bad.Why, files); err != nil {
			return err
		}
	}
	if res.Missing > 0 {
		p.Warn("%s that snapshots name %s not in %s: damaged when they were copied, or lost since",
			text.Plural(res.Missing, "content", "contents"), map[bool]string{true: "is", false: "are"}[res.Missing == 1],
			quote.Name(name))
	}
	return p.say("%s checked, %s read, %s damaged, %s", text.Plural(res.Objects, "object", "objects"), p.Size(res.Bytes),
		text.Plural(len(res.Bad), "is", "are"), seconds(took))
}
