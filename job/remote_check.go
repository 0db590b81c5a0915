package job

import (
	"context"
	"errors"
	"time"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination/check"
	"snap/internal/quote"
	"snap/remote/vault"
)

// RemoteCheck compares what a remote has with what it should have.
type RemoteCheck struct {
	*Place // as of a [RemotePruning]
	Remote *settings.Remote
	Front  *RemoteFront
	vault.CheckOptions
	Repair bool // take what is damaged out of the remote, so that the next copy brings it again

	// Tell is told what was found, before anything is mended. It is called once, unless the check could not be made.
	Tell func(res *vault.CheckResult, took time.Duration) error
}

// Run checks. The error says by its code whether damage is left.
func (c *RemoteCheck) Run(ctx context.Context) (err error) {
	far, err := c.OpenRemote(ctx, c.Remote, c.Front, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, far.Close()) }()
	begin := c.Now()
	res, err := far.Vault.Check(ctx, c.CheckOptions)
	if err != nil && len(res.Bad) == 0 {
		return exit.RemoteHint(err)
	}
	if err := errors.Join(exit.RemoteHint(err), c.Tell(&res, c.Now().Sub(begin))); err != nil {
		return err
	}
	name := quote.Word(c.Remote.Called())
	switch {
	case len(res.Bad) > 0 && c.Repair:
		return c.repair(ctx, far.Vault, &res)
	case len(res.Bad) > 0:
		c.Front.Note("to have the next copy send it again: snap check --repair -d %s, then snap copy %s", name, name)
		return exit.With(exit.Failed, nil)
	case res.Missing > 0:
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// repair takes what is damaged out of the remote.
func (c *RemoteCheck) repair(ctx context.Context, v *vault.Vault, found *vault.CheckResult) (err error) {
	from, closeFrom, err := c.source(ctx, c.Remote)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeFrom()) }()
	end, err := c.holdTrees(c.Remote, "repair")
	if err != nil {
		return exit.RemoteHint(err)
	}
	defer func() { _ = end() }() // what is left of it holds nothing
	lost, err := v.Repair(ctx, found.Bad, from)
	if err != nil {
		return exit.RemoteHint(err)
	}
	for i := range lost {
		c.Front.Warn("%s cannot be made again: %v", lost[i].Name, lost[i].Why)
	}
	if len(lost) < len(found.Bad) {
		c.Front.Note("what is damaged does not count any more; to send it again: snap copy %s",
			quote.Word(c.Remote.Called()))
	}
	if len(lost) == 0 {
		return nil
	}
	if from == nil {
		c.Front.Note("a repair where the snapshots are can send it again")
	}
	return exit.With(exit.Failed, nil)
}

// RepairFrom has a check of the destination take the bytes that are whole nowhere here from the remote with this name,
// which is open until end is called.
func (p *Place) RepairFrom(ctx context.Context, name string, f *RemoteFront, o *check.Options) (end func(), err error) {
	r, err := settings.FindRemote(p.Dest, name)
	if err != nil {
		return nil, err
	}
	far, err := p.OpenRemote(ctx, r, f, 0)
	if err != nil {
		return nil, err
	}
	if err := far.Vault.Refresh(ctx); err != nil {
		return nil, errors.Join(exit.RemoteHint(err), far.Close())
	}
	o.From, o.FromName = bytesOf(far), name
	return func() { _ = far.Close() }, nil // it was only read
}
