package job

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"snap/backup"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/remote"
	"snap/remote/replica"
	"snap/remote/vault"
)

// toReplica copies the snapshots of d to a replica, in a folder or on another machine.
func (c *Copying) toReplica(ctx context.Context, d *query.Reader) (*CopyResult, error) {
	x, err := replica.OpenHere(ctx, d.Dir, c.User.Trusted(d.Dir)...)
	if err != nil {
		return nil, exit.ReadHint(err, d.Dir)
	}
	defer x.Close()
	begin, end := c.Place.Now(), func() error { return nil }
	o := c.followOptions()
	o.Begun = func(newest uint64, name string) (err error) {
		end, err = c.holdFrom(d.Dir, newest, name)
		return err
	}
	follow := c.follow
	if remote.FormOf(c.Remote.URL) == remote.Machine {
		follow = c.toMachine
	}
	res, err := follow(ctx, x, d.Dir, o)
	if res.Newest > 0 && !c.DryRun {
		err = errors.Join(err, c.noteHeld(d.Dir, res))
	}
	err = errors.Join(err, end())
	return followed(res, c.Place.Now().Sub(begin)), err
}

// Back is one copy of the snapshots of a vault, or of another machine, to a folder here.
type Back struct {
	*Place
	To      string
	Options replica.Options
	Show    func(progress.State)
}

// Run has the folder follow x.
func (b *Back) Run(ctx context.Context, x replica.Source) (*CopyResult, error) {
	if err := makeFolder(b.To, b.Options.DryRun); err != nil {
		return nil, err
	}
	begin := b.Place.Now()
	o := b.Options
	o.Holder = destination.NewHolder("copy", begin)
	o.Report = func(h *record.Header) backup.Reporter { return following{b.Show, h.Name} }
	res, err := replica.Follow(ctx, x, b.To, o)
	return followed(res, b.Place.Now().Sub(begin)), exit.PeerHint(exit.Hint(err, b.To))
}

// follow has a folder follow x.
func (c *Copying) follow(ctx context.Context, x *replica.Here, _ string, o replica.Options) (*replica.Result, error) {
	to := c.Remote.URL
	if err := makeFolder(to, o.DryRun); err != nil {
		return &replica.Result{}, err
	}
	res, err := replica.Follow(ctx, x, to, o)
	return res, exit.Hint(err, to)
}

// makeFolder makes the last folder of a path.
func makeFolder(path string, dry bool) error {
	if dry {
		return nil
	}
	err := os.Mkdir(path, 0o700)
	switch {
	case errors.Is(err, fs.ErrExist): // what is no folder is told where it is opened
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(err, "only the last folder of a path is made; is its disk mounted? To make those above it: "+
			"mkdir -p %s", quote.Word(filepath.Dir(path)))
	}
	return err
}

func (c *Copying) followOptions() replica.Options {
	return replica.Options{Only: c.Seqs, Since: c.Since, Follow: c.Follow, DryRun: c.DryRun, Jobs: c.Options.Jobs,
		LockWait: c.LockWait, Holder: destination.NewHolder("copy", c.Place.Now()),
		Report: func(h *record.Header) backup.Reporter { return following{c.Show, h.Name} }}
}

// following shows how far the copy of a snapshot has come.
type following struct {
	show func(progress.State)
	name string
}

func (f following) Progress(s progress.State) {
	if s.Path == "" {
		s.Path = f.name
	}
	f.show(s)
}
func (following) Entry(string, *record.Record, bool) {}
func (following) Problem(backup.Problem)             {}

// name is what the copies to the place are called.
func (c *Copying) name() string {
	if c.Remote.Name != "" {
		return c.Remote.Name
	}
	return remote.HoldName(c.Remote.URL)
}

// placeName is the place of a copy that has no name.
func (c *Copying) placeName() string {
	if c.Remote.Name != "" {
		return ""
	}
	return c.Remote.URL
}

// holdFrom keeps what the copy reads. Who may not write here leaves it.
func (c *Copying) holdFrom(dest string, seq uint64, name string) (end func() error, err error) {
	err = os.MkdirAll(destination.RemoteDir(dest, c.name()), 0o700)
	if err == nil {
		end, err = destination.HoldFrom(dest, c.name(), destination.Hold{Seq: seq, Name: name, Copied: c.Place.Now(),
			Place: c.placeName()})
	}
	if mayNot(err) {
		return func() error { return nil }, nil
	}
	return end, err
}

// noteHeld notes from which snapshot the next copy goes on.
func (c *Copying) noteHeld(dest string, res *replica.Result) error {
	known, err := destination.HoldOf(dest, c.name())
	if err == nil && known.Seq == res.Newest && known.Name == res.NewestName {
		return nil
	}
	err = os.MkdirAll(destination.RemoteDir(dest, c.name()), 0o700)
	if err == nil {
		h := destination.Hold{Seq: res.Newest, Name: res.NewestName, Copied: c.Place.Now(), Place: c.placeName()}
		err = destination.SetHold(dest, c.name(), h)
	}
	if mayNot(err) {
		return nil
	}
	return err
}

func mayNot(err error) bool { return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) }

// followed is what was copied, as of any copy.
func followed(res *replica.Result, took time.Duration) *CopyResult {
	r := &CopyResult{Took: took, Passed: res.Passed, Earlier: res.Earlier, Labels: len(res.Labels)}
	for i := range res.Copied {
		c := &res.Copied[i]
		r.Snapshots = append(r.Snapshots, c.Seq)
		r.Files += c.Files - c.Linked
		r.BytesRead += c.Bytes
		r.BytesStored += c.Bytes
		r.Lacks += c.Lacks
		for _, m := range c.Missing {
			r.Missing = append(r.Missing, vault.Missing{Place: vault.Place{Seq: c.Seq, Path: m.Path}, Why: errors.New(m.Why)})
		}
		r.After = append(r.After, c.After...)
	}
	return r
}

// PlaceOf is the remote of dest that to names, or a replica in the folder or on the machine that it is the place of.
// folder is what it is as a path.
func PlaceOf(dest, to, folder string) (*settings.Remote, error) {
	r, err := settings.FindRemote(dest, to)
	if err == nil {
		return r, nil
	}
	if form := remote.FormOf(to); form == remote.Machine || form == remote.Disk {
		return &settings.Remote{Remote: remote.Remote{URL: to}}, nil
	}
	if info, serr := os.Stat(folder); serr == nil && info.IsDir() || isPath(to) {
		return &settings.Remote{Remote: remote.Remote{URL: folder}}, nil
	}
	return nil, err
}

// isPath reports whether a word is meant as the path of a folder.
func isPath(word string) bool {
	return !strings.Contains(word, ":") && (strings.Contains(word, "/") || word == "." || word == "..")
}
