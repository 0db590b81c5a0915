package cli

import (
	"errors"
	"path/filepath"
	"snap/cli/report"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
	"snap/remote/vault"
	"time"

	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/settings"
	"snap/job"
	"snap/query"
	"snap/remote"
	"snap/remote/peer"
	"snap/remote/store"
)

// far is the remote that -d names, nil if it names something else.
func (c *call) far() (*settings.Remote, error) {
	name := c.opts.dest
	switch {
	case store.IsURL(name), remote.FormOf(name) == remote.Machine:
		return &settings.Remote{Remote: remote.Remote{URL: name}}, nil
	case name == "" || settings.CheckRemoteName(name) != nil:
		return nil, nil
	}
	if there, _ := locate.IsDestination(filepath.Join(c.env.Dir, name)); there {
		return nil, nil
	}
	dest, err := c.ownDest()
	if err != nil {
		return nil, nil // then it is the name of a folder
	}
	all, err := settings.ReadRemotes(dest)
	for i := range all {
		if all[i].Name != name {
			continue
		}
		if remote.FormOf(all[i].URL) == remote.Disk { // a destination like any
			c.opts.dest = all[i].URL
			return nil, nil
		}
		return &all[i], nil
	}
	return nil, err
}

// ownDest is the destination whose remotes -d may name.
func (c *call) ownDest() (string, error) {
	found, err := c.asked("").Find()
	return found.Dir, err
}

// remoteFront is this command line for what opens remotes.
func (c *call) remoteFront() *job.RemoteFront {
	f := &job.RemoteFront{Identities: c.opts.identities, VerifyKey: c.opts.verifyKey, Warn: c.warn, Note: c.note,
		Stderr: c.env.Stderr}
	if c.env.AskSecret != nil {
		f.Ask = func() (string, error) {
			return c.env.AskSecret("passphrase of the vault, from the recovery sheet: ")
		}
	}
	return f
}

// openRemote opens the vault of a remote.
func (c *call) openRemote(r *settings.Remote, retry time.Duration) (*remote.Place, error) {
	dest := ""
	if r.Name != "" {
		var err error
		if dest, err = c.ownDest(); err != nil {
			return nil, err
		}
	}
	return c.place(dest).OpenRemote(c.ctx, r, c.remoteFront(), retry)
}

// noteCopied notes what the vault of a remote has, which a copy that was killed has not.
func (c *call) noteCopied(r *settings.Remote, p *remote.Place) {
	if dest, err := c.ownDest(); err == nil && r.Name != "" && p.Vault.Head() != nil {
		if err := c.place(dest).NoteCopied(r.Name, p.Vault, p.Vault.Head().Time); err != nil {
			c.warn("%v", err)
		}
	}
}

// openFar opens a remote for questions.
func (c *call) openFar(r *settings.Remote) (*query.Reader, error) {
	if remote.FormOf(r.URL) == remote.Machine {
		return c.openMachine(r)
	}
	retry := job.RetryQuestion
	if c.command == "restore" || c.command == "cat" {
		retry = 0
	}
	p, err := c.openRemote(r, retry)
	if err != nil {
		return nil, err
	}
	line := c.progress()
	dir, offline, err := p.Catalogue(c.ctx, line.Show)
	line.End()
	if err != nil {
		return nil, errors.Join(exit.RemoteHint(err), p.Close())
	}
	if offline != nil {
		c.warn("the answer is as of the last time that the place was reached: %v", offline)
	}
	c.noteCopied(r, p)
	c.found = locate.Found{Dir: dir, Obvious: true}
	d, err := query.Open(c.ctx, dir, query.Options{Now: c.now(), WorkDir: c.env.Dir, Trust: c.trusted(dir), Again: c.again,
		Name: farName(r), Far: p.Far()})
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return d, nil
}

// openMachine opens a destination on another machine for questions.
func (c *call) openMachine(r *settings.Remote) (*query.Reader, error) {
	at := c.place("")
	m, err := at.OpenMachine(c.ctx, r, c.env.Stderr)
	if err != nil {
		return nil, err
	}
	line := c.progress()
	dir, err := m.Catalogue(c.ctx, at, line.Show)
	line.End()
	if err == nil {
		c.found = locate.Found{Dir: dir, Obvious: true}
		var d *query.Reader
		d, err = query.Open(c.ctx, dir, query.Options{Now: c.now(), WorkDir: c.env.Dir, Trust: c.trusted(dir), Again: c.again,
			Name: farName(r), Far: m})
		if err == nil {
			return d, nil
		}
	}
	return nil, errors.Join(err, m.Close())
}

// onMachine refuses what is to be done on the machine of a replica.
func (c *call) onMachine(r *settings.Remote) error {
	a, err := peer.ParseAddress(r.URL)
	if err != nil {
		return hint.Usage(err)
	}
	return hint.With(hint.Usagef("%s is done where the destination is", c.command),
		"ssh %s snap %s -d %s", quote.Word(a.Host), c.command, quote.Word(a.Path))
}

// asksFar reports whether the command can be about a remote: those that ask, and restore.
func (c *call) asksFar() bool {
	switch c.command {
	case "list", "ls", "diff", "find", "history", "stats", "cat", "restore":
		return true
	}
	return false
}

// pruneFar removes the snapshots that the rules of a remote do not keep.
func (c *call) pruneFar(r *settings.Remote) error {
	if remote.FormOf(r.URL) == remote.Machine {
		return c.onMachine(r)
	}
	rules, asked, err := readKeepFlags(c.flags)
	if err != nil {
		return err
	}
	if !asked {
		rules = r.Keep
	}
	policy := rules.Policy(c.now())
	if policy.Empty() {
		return report.NoRule()
	}
	policy.Asked, policy.AllowMost = true, c.flags.Bool("allow-most")
	from, closeFrom, err := c.ownSource(r)
	if err != nil {
		return err
	}
	defer closeFrom()
	p, err := c.openRemote(r, 0)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := p.Vault.Refresh(c.ctx); err != nil {
		return exit.RemoteHint(err)
	}
	c.noteCopied(r, p)
	var all []record.Header
	for _, s := range p.Vault.Snapshots() {
		all = append(all, s.Header)
	}
	plan := policy.Plan(all, func(*record.Header) bool { return false })
	dry := c.flags.Bool("dry-run")
	if err := plan.Most(); err != nil && !dry {
		return exit.With(exit.Refused, hint.With(err, "to see which: add -n; to delete them all the same: add --allow-most"))
	}
	keep := map[uint64]bool{}
	for i := range plan.List {
		keep[plan.List[i].Header.Seq] = plan.List[i].Keep
	}
	begin := c.env.Now()
	kept := func(seq uint64) bool { k, known := keep[seq]; return k || !known }
	res, err := p.Vault.Prune(c.ctx, kept, from, vault.PruneOptions{DryRun: dry, SoleWriter: c.flags.Bool("sole-writer")})
	if err != nil {
		return exit.RemoteHint(err)
	}
	took := c.env.Now().Sub(begin)
	if c.opts.json {
		return c.json(wire.NewRemotePruned(farName(r), &res, dry, took))
	}
	if c.opts.quiet && !dry {
		return nil
	}
	return c.print().RemotePruned(farName(r), &res, dry, took)
}

// checkFar compares what a remote has with what it should have.
func (c *call) checkFar(r *settings.Remote) error {
	if remote.FormOf(r.URL) == remote.Machine {
		return c.onMachine(r)
	}
	o, err := c.checkOptions()
	if err != nil {
		return err
	}
	if o.Read.Fraction > 0 || o.Read.Bytes > 0 {
		return hint.Usagef("--read-data-subset of a remote is a part such as 3/7")
	}
	p, err := c.openRemote(r, 0)
	if err != nil {
		return err
	}
	defer p.Close()
	line, begin := c.progress(), c.env.Now()
	res, err := p.Vault.Check(c.ctx, vault.CheckOptions{Data: o.Read.All || o.Read.Parts > 0, Part: o.Read.Part,
		Of: o.Read.Parts, Report: func(done, of int64) {
			line.Show(progress.State{Stage: progress.Checking, Files: done, TotalFiles: of})
		}})
	line.End()
	took := c.env.Now().Sub(begin)
	if c.opts.json {
		err = errors.Join(err, c.json(wire.NewRemoteChecked(farName(r), &res, took)))
	} else if err == nil && (!c.opts.quiet || len(res.Bad) > 0) {
		err = c.print().RemoteChecked(farName(r), &res, took)
	}
	if err != nil || len(res.Bad) == 0 {
		if err == nil && res.Missing > 0 {
			return exit.With(exit.Partial, nil)
		}
		return exit.RemoteHint(err)
	}
	if o.Repair {
		return c.repairFar(r, p.Vault, &res)
	}
	c.note("to have the next copy send it again: snap check --repair -d %s, then snap copy %s", farName(r), farName(r))
	return exit.With(exit.Failed, nil)
}

// repairFar takes what is damaged out of a remote.
func (c *call) repairFar(r *settings.Remote, v *vault.Vault, found *vault.CheckResult) error {
	from, closeFrom, err := c.ownSource(r)
	if err != nil {
		return err
	}
	defer closeFrom()
	lost, err := v.Repair(c.ctx, found.Bad, from)
	if err != nil {
		return exit.RemoteHint(err)
	}
	for i := range lost {
		c.warn("%s cannot be made again: %v", lost[i].Name, lost[i].Why)
	}
	c.note("what is damaged does not count any more; to send it again: snap copy %s", farName(r))
	if len(lost) > 0 {
		return exit.With(exit.Failed, nil)
	}
	return nil
}
