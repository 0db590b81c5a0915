package report

import (
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination"
	"snap/destination/retention"
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

// RemotePruned prints what a prune did with each snapshot of a remote, or with dry would do, and what that frees.
func (p *Printer) RemotePruned(name string, plan *retention.Plan, res *vault.PruneResult, dry bool,
	took time.Duration) error {
	if err := p.decisions(plan, true, false); err != nil {
		return err
	}
	var more []string
	if res.Later > 0 {
		more = append(more, p.Size(res.Later)+" are freed by a prune after a week of grace")
	}
	if res.Young > 0 {
		more = append(more, p.Size(res.Young)+" are younger than min_storage and cost as much if they go sooner")
	}
	if res.Locked > 0 {
		more = append(more, text.Plural(res.Locked, "object is", "objects are")+" locked until later")
	}
	if res.Repacked > 0 {
		more = append(more, text.Plural(res.Repacked, "pack", "packs")+" written anew")
	}
	removed := text.Plural(len(res.Removed), "snapshot", "snapshots")
	if len(res.Removed) == 0 {
		removed = "no snapshot"
	}
	if dry {
		return p.sayBelow("would remove %s from %s%s", removed, quote.Name(name),
			enclose("; ", strings.Join(more, ", "), ""))
	}
	return p.sayBelow("removed %s from %s, %s freed%s, %s", removed, quote.Name(name), p.Size(res.Freed),
		enclose("; ", strings.Join(more, ", "), ""), seconds(took))
}

// RemoteStops are the stops of a plan for a remote, in words; asked as for StopsOf. What snapshots there are called and
// tagged is decided here, and goes there with the next copy.
func (p *Printer) RemoteStops(plan *retention.Plan, r *retention.Policy, asked string) (Stops, error) {
	all, err := p.StopsOf(plan, r, "", asked)
	for i := range all.Hints {
		if plan.Stops[i].Reason == retention.FutureTime {
			all.Hints[i] = "is the clock right? If it was wrong then, pin them, and the rules pass over them after the " +
				"next copy: snap tag REF --add pin"
		}
	}
	return all, err
}

// Remote prints what is known of a remote that is open.
func (p *Printer) Remote(r *wire.RemoteShown) error {
	newest, sealed := "none", "no"
	if r.Newest != "" {
		newest = quote.Name(r.Newest)
	}
	switch {
	case r.Encrypted && r.Opens:
		sealed = "yes; its contents are opened by a key that is here"
	case r.Encrypted:
		sealed = "yes; its contents are opened by no key that is here"
	}
	for _, line := range [][2]string{{"remote", r.Name}, {"place", quote.Name(r.URL)}, {"vault", r.Vault},
		{"encrypted", sealed}, {"snapshots", humanize.Comma(int64(r.Snapshots))}, {"newest", newest}} {
		if err := p.printf("%-11s%s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
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
