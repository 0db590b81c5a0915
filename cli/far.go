package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/destination/retention"
	"snap/destination/treeless"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/job"
	"snap/query"
	"snap/remote"
	"snap/remote/peer"
	"snap/remote/store"
	"snap/remote/vault"
)

// far is the remote that -d names, nil if it names something else.
func (c *call) far() (*settings.Remote, error) {
	r, err := c.farNamed()
	if r != nil && err == nil {
		err = c.onlyReads()
	}
	return r, err
}

// onlyReads refuses --as-of where more is done than to read.
func (c *call) onlyReads() error {
	if c.opts.asOf == "" || c.asksFar() {
		return nil
	}
	return hint.Usagef("--as-of: only reads what there was, and snap %s does not", c.command)
}

func (c *call) farNamed() (*settings.Remote, error) {
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
		return nil, c.noRemote(name, err)
	}
	all, err := settings.ReadRemotes(dest)
	if err != nil {
		return nil, err
	}
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
	if len(all) == 0 {
		return nil, nil
	}
	_, err = settings.FindRemote(dest, name)
	return nil, c.noRemote(name, err)
}

// noRemote is the error that -d names neither a folder nor a remote, for that reason; nil where there is such a folder.
func (c *call) noRemote(name string, why error) error {
	dir := filepath.Join(c.env.Dir, name)
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) || strings.Contains(name, ".") || c.asked("").WentThere(dir) {
		return nil // what is wrong with the folder is told by who opens it
	}
	err := fmt.Errorf("-d %s: there is no such folder", quote.Name(name))
	if errors.Is(why, locate.ErrNoneKnown) {
		return exit.With(exit.NoDest, hint.With(err, "if it is a remote: of which destination? $SNAP_DEST names it; "+
			"without that, -d with the URL of the remote, as on the recovery sheet: -d s3:https://HOST/BUCKET/PREFIX"))
	}
	return exit.With(exit.NoDest, hint.With(err, "nor such a remote: %v", why))
}

// ownDest is the destination whose remotes -d may name.
func (c *call) ownDest() (string, error) {
	found, err := c.asked("").Find()
	return found.Dir, err
}

// remoteFront is this command line for what opens remotes.
func (c *call) remoteFront() *job.RemoteFront {
	f := &job.RemoteFront{Identities: c.opts.identities, VerifyKey: c.opts.verifyKey, NoCache: c.opts.noCache,
		Warn: c.warn, Note: c.note, Stderr: c.env.Stderr}
	if c.env.AskSecret != nil {
		f.Ask = func() (string, error) {
			return c.env.AskSecret("passphrase of the vault, from the recovery sheet: ")
		}
	}
	return f
}

// placeOf is the destination whose remote r is; what is named by its URL is nobody's.
func (c *call) placeOf(r *settings.Remote) (*job.Place, error) {
	if r.Name == "" {
		return c.place(""), nil
	}
	dest, err := c.ownDest()
	return c.place(dest), err
}

// openRemote opens the vault of a remote.
func (c *call) openRemote(r *settings.Remote, retry time.Duration) (*remote.Place, error) {
	p, err := c.placeOf(r)
	if err != nil {
		return nil, err
	}
	front := c.remoteFront()
	if c.opts.asOf != "" {
		if err := c.onlyReads(); err != nil {
			return nil, err
		}
		if _, front.AsOf, err = when.Parse(c.opts.asOf, c.now()); err != nil {
			return nil, hint.Usagef("--as-of: %s", err)
		}
	}
	return p.OpenRemote(c.ctx, r, front, retry)
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
	if retry == 0 { // files are read
		if err := p.OpenContents(c.ctx); err != nil {
			return nil, errors.Join(exit.RemoteHint(err), p.Close())
		}
	}
	line := c.progress()
	known, err := p.Catalogue(c.ctx, line.Show)
	line.End()
	if err != nil {
		return nil, errors.Join(exit.RemoteHint(err), p.Close())
	}
	if known.Offline != nil {
		c.warn("the answer is as of the last time that the place was reached: %v", known.Offline)
	}
	c.tellLost(known.Lost)
	dir := known.Dir
	if c.opts.asOf == "" {
		if place, err := c.placeOf(r); err != nil {
			return nil, errors.Join(err, p.Close())
		} else if err := place.NoteSeen(r.Name, p.Vault); err != nil {
			c.warn("%v", err)
		}
	}
	c.found = locate.Found{Dir: dir, Obvious: true}
	d, err := query.Open(c.ctx, dir, query.Options{Now: c.now(), WorkDir: c.env.Dir, Trust: c.trusted(dir), Again: c.again,
		Name: r.Called(), Far: p.Far()})
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	c.reached = p
	return d, nil
}

// tellLost names the snapshots of a remote that are not answered for.
func (c *call) tellLost(lost []treeless.Lost) {
	for _, l := range lost {
		c.warn("snapshot %s: %v", l.Name, l.Why)
		c.lacks = true
	}
}

// openMachine opens a destination on another machine for questions.
func (c *call) openMachine(r *settings.Remote) (*query.Reader, error) {
	if c.opts.asOf != "" {
		return nil, hint.Usagef("--as-of: a machine shows what is there; the snapshots that it has had are in no other state")
	}
	at := c.place("")
	m, err := at.OpenMachine(c.ctx, r, c.env.Stderr)
	if err != nil {
		return nil, err
	}
	m.NoCache = c.opts.noCache
	line := c.progress()
	dir, lost, err := m.Catalogue(c.ctx, at, line.Show)
	line.End()
	c.tellLost(lost)
	if err == nil {
		c.found = locate.Found{Dir: dir, Obvious: true}
		var d *query.Reader
		d, err = query.Open(c.ctx, dir, query.Options{Now: c.now(), WorkDir: c.env.Dir, Trust: c.trusted(dir), Again: c.again,
			Name: r.Called(), Far: m})
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
	p := &job.RemotePruning{Remote: r, Front: c.remoteFront(), Policy: rules.Policy(c.now())}
	if !p.Policy.MinFree.IsZero() {
		return hint.Usagef("--min-free: how much is free in a remote, nobody knows")
	}
	if p.Policy.Empty() {
		return report.NoRule()
	}
	p.Policy.Asked, p.Policy.AllowMost = true, c.flags.Bool("allow-most")
	p.DryRun, p.SoleWriter = c.flags.Bool("dry-run"), c.flags.Bool("sole-writer")
	p.Download, p.MinStorage = c.flags.Bool("download"), r.MinStorage
	if p.Place, err = c.placeOf(r); err != nil {
		return err
	}
	tag, stopped := "", report.Stops{}
	if asked {
		tag = "--keep-tag"
	}
	p.Guard = func(plan *retention.Plan) (err error) {
		stopped, err = c.print().RemoteStops(plan, &p.Policy, tag)
		return err
	}
	res, err := p.Run(c.ctx)
	if err != nil {
		return err
	}
	if err := c.tellPruned(r, res, p.DryRun, stopped.Why); err != nil {
		return err
	}
	c.print().Stops(&stopped)
	if most := res.Most(); most != nil {
		c.warn("%v: it takes --allow-most to do it", most)
	}
	if len(stopped.Why) > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// tellPruned says what became of the snapshots of a remote, or with -n would.
func (c *call) tellPruned(r *settings.Remote, res *job.RemotePruned, dry bool, stopped []string) error {
	if !c.opts.json {
		if c.opts.quiet && !dry {
			return nil
		}
		return c.print().RemotePruned(r.Called(), res.Plan, &res.PruneResult, dry, res.Took)
	}
	for i := range res.List {
		if err := c.json(wire.NewRemoteRemoved(&res.List[i])); err != nil {
			return err
		}
	}
	return c.json(wire.NewRemotePruned(r.Called(), res.Plan, &res.PruneResult, dry, stopped, res.Took))
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
	p, err := c.placeOf(r)
	if err != nil {
		return err
	}
	line := c.progress()
	defer line.End()
	check := &job.RemoteCheck{Place: p, Remote: r, Front: c.remoteFront(), Repair: o.Repair,
		CheckOptions: vault.CheckOptions{Data: o.Read.All || o.Read.Parts > 0, Part: o.Read.Part, Of: o.Read.Parts,
			Report: func(done, of int64) {
				line.Show(progress.State{Stage: progress.Checking, Files: done, TotalFiles: of})
			}},
		Tell: func(res *vault.CheckResult, took time.Duration) error {
			line.End()
			switch {
			case c.opts.json:
				return c.json(wire.NewRemoteChecked(r.Called(), res, took))
			case c.opts.quiet && len(res.Bad) == 0:
				return nil
			}
			return c.print().RemoteChecked(r.Called(), res, took)
		}}
	return check.Run(c.ctx)
}
