package job

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/query"
	"snap/remote"
	"snap/remote/vault"
)

// Copying is one copy of snapshots to a remote. The command line and a backup that copies make theirs by it.
type Copying struct {
	*Place
	Remote  *settings.Remote
	Options remote.Options
	Show    func(progress.State)
	vault.CopyOptions
	Follow   bool          // a place that is no replica is to become one
	LockWait time.Duration // for the lock of a replica
	Stderr   io.Writer     // where ssh says what it has to say
}

// CopyResult is what a copy did.
type CopyResult struct {
	vault.CopyResult
	Took time.Duration

	// Of a replica:
	Passed  []string // snapshots that have no files here any more
	Earlier []string // snapshots that were asked for, and are older than its newest
	Labels  int      // snapshots that got other labels
	Lacks   int64    // entries without some of their metadata in the tree
	After   []string // what failed after a snapshot was complete
}

// Incomplete reports whether something was not copied.
func (r *CopyResult) Incomplete() bool { return len(r.Missing)+len(r.Passed)+len(r.After) > 0 }

// Run copies what the remote lacks of the destination d. The result is told also where there is an error: what it says
// was copied is there. Whether it went well is noted, for those who ask how the destination is.
func (c *Copying) Run(ctx context.Context, d *query.Reader) (*CopyResult, error) {
	res, err := c.run(ctx, d)
	if c.DryRun {
		return res, err
	}
	if noted := c.noteEnd(ctx, res, err); err == nil {
		err = noted
	}
	return res, err
}

// noteEnd notes how a copy went. That its user stopped it, or that another one was at work, is no matter.
func (c *Copying) noteEnd(ctx context.Context, res *CopyResult, err error) error {
	code := exit.Code(ctx, err)
	why := ""
	switch {
	case code == exit.Interrupted, code == exit.Locked, exit.Typed(err):
		return nil
	case code == exit.Terminated:
		why = "it was terminated"
	case err != nil:
		why = quote.Clean(err.Error())
	case len(res.Missing) > 0:
		why = text.Plural(len(res.Missing), "file is", "files are") + " damaged here and nowhere whole"
	default:
		err = destination.NoteCopyWell(c.Dest, c.Remote.Name)
	}
	if why != "" {
		err = destination.NoteCopyFailed(c.Dest,
			destination.CopyFailure{Remote: c.Remote.Name, Time: c.Place.Now(), Why: why})
	}
	if errors.Is(err, os.ErrPermission) {
		return nil
	}
	return err
}

func (c *Copying) run(ctx context.Context, d *query.Reader) (*CopyResult, error) {
	if remote.FormOf(c.Remote.URL) == remote.Vault {
		return c.toVault(ctx, d)
	}
	return c.toReplica(ctx, d)
}

func (c *Copying) toVault(ctx context.Context, d *query.Reader) (res *CopyResult, err error) {
	from, err := remote.NewSource(ctx, d.Dir, d.Root, d.DB, settings.Files())
	if err != nil {
		return nil, err
	}
	defer from.Close()
	far, err := remote.Open(ctx, c.Remote.Remote, c.Options)
	if err != nil {
		return nil, exit.RemoteHint(err)
	}
	defer func() { err = errors.Join(err, far.Close()) }()
	if !c.DryRun {
		end, err := c.holdAll(d, far.Vault)
		if err != nil {
			return nil, exit.RemoteHint(err)
		}
		defer func() { _ = end() }() // what is left of it holds nothing
	}
	c.CopyOptions.Now = c.Place.Now
	begin, known := c.Place.Now(), 0
	c.Report = func(at vault.CopyProgress) {
		s := progress.State{Stage: progress.Building, Files: at.Files, Bytes: at.BytesRead}
		if at.Snapshot != nil {
			s.Path = at.Snapshot.Name
		}
		c.Show(s)
		if len(at.Snapshots) > known { // a head was published: if this is killed, the next copy goes on from there
			known = len(at.Snapshots)
			_ = c.NoteCopied(c.Remote.Name, far.Vault, c.Place.Now()) // it is said at the end
		}
	}
	came, err := far.Vault.Copy(ctx, from, c.CopyOptions)
	err = exit.RemoteHint(err)
	if !c.DryRun {
		err = errors.Join(err, c.NoteCopied(c.Remote.Name, far.Vault, c.Place.Now()))
	}
	return &CopyResult{CopyResult: came, Took: c.Place.Now().Sub(begin)}, err
}

// holdAll keeps what the copy may read, before it is read: all that is newer than what the vault had when it was seen
// last, and that one.
func (c *Copying) holdAll(d *query.Reader, v *vault.Vault) (end func() error, err error) {
	h := destination.Hold{Copied: c.Place.Now()}
	if v.Head() != nil && len(v.Snapshots()) > 0 {
		all := v.Snapshots()
		last := &all[len(all)-1].Header
		h.Seq, h.Name = last.Seq, last.Name
	}
	return destination.HoldFrom(d.Dir, c.Remote.Name, h)
}

// copyOn copies to the remotes that the setting copy_to names. An error does not change that the snapshot is there.
func (r *backing) copyOn(ctx context.Context) error {
	var all error
	for _, name := range r.settings.CopyTo {
		all = errors.Join(all, r.copyTo(ctx, name))
	}
	if all != nil && !errors.Is(all, context.Canceled) {
		return exit.With(exit.Partial, all)
	}
	return all
}

func (r *backing) copyTo(ctx context.Context, name string) (err error) {
	to, err := settings.FindRemote(r.Dest, name)
	if err != nil {
		return err
	}
	o, err := r.RemoteOptions(name, r.Front.Remote(), 0)
	if err != nil {
		return err
	}
	d, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	on, show, end := r.Front.Line(ctx)
	c := &Copying{Place: r.Place, Remote: to, Options: o, Show: show, Stderr: r.Front.Remote().Stderr}
	res, err := c.Run(on, d)
	end()
	if res == nil {
		return err
	}
	return errors.Join(r.Front.Copied(name, res), err)
}
