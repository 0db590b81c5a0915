package cli

import (
	"errors"
	"io/fs"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
	"snap/remote"
	"snap/remote/replica"
)

// copyBack copies the snapshots of a vault, or of a destination on another machine, to a folder here.
func (c *call) copyBack(from *settings.Remote) (err error) {
	to := c.abs(c.args[0])
	if form := remote.FormOf(c.args[0]); form == remote.Vault || form == remote.Machine {
		return hint.With(hint.Usagef("copy: with -d %s TO is a folder here", quote.Name(from.Called())),
			"copy it to a folder, and that to %s", quote.Name(c.args[0]))
	}
	if err := c.checkStrange(to, "", settings.Default().Format); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	o := replica.Options{Follow: c.flags.Bool("follow"), DryRun: c.flags.Bool("dry-run"), Jobs: c.flags.Int("jobs"),
		LockWait: c.opts.lockWait}
	line := c.progress()
	x, end, err := c.openSource(from, line.Show)
	if err != nil {
		line.End()
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	all, err := x.Snapshots(c.ctx)
	if err == nil {
		o.Only, o.Since, err = c.toCopy(query.Resolver{Snapshots: all, Now: c.now()}, all)
	}
	var res *job.CopyResult
	if err == nil {
		b := &job.Back{Place: c.place(to), To: to, Options: o, Show: line.Show}
		res, err = b.Run(c.ctx, x)
	}
	line.End()
	if res == nil || err != nil && len(res.Snapshots) == 0 {
		return exit.PeerHint(err)
	}
	return errors.Join(c.tellCopied(to, res, o.DryRun), err)
}

// openSource opens what is copied to a folder here; end closes it.
func (c *call) openSource(from *settings.Remote, show func(progress.State)) (x replica.Source, end func() error,
	err error) {
	if remote.FormOf(from.URL) == remote.Machine {
		m, err := c.place("").OpenMachine(c.ctx, from, c.env.Stderr)
		if err != nil {
			return nil, nil, err
		}
		return m.Far, m.Close, nil
	}
	p, err := c.openRemote(from, 0)
	if err != nil {
		return nil, nil, err
	}
	f, err := p.Followed(c.ctx, show)
	if err != nil {
		return nil, nil, errors.Join(exit.RemoteHint(err), p.Close())
	}
	c.tellLost(f.Lost)
	return f, func() error { return errors.Join(f.Close(), p.Close()) }, nil
}
