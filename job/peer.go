package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination/treeless"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/record"
	"snap/remote/peer"
	"snap/remote/replica"
	"snap/remote/store"
	"snap/restore"
)

// sshVariable names the program that is used in the place of ssh, with its arguments.
const sshVariable = "SNAP_SSH"

// dial reaches the machine of a replica.
func (p *Place) dial(ctx context.Context, url string, stderr io.Writer) (peer.Pipe, error) {
	a, err := peer.ParseAddress(url)
	if err != nil {
		return nil, hint.Usage(err)
	}
	program, _ := p.User.LookupEnv(sshVariable)
	pipe, err := peer.Dial(ctx, a, program, p.Environ, stderr)
	if err != nil {
		return nil, &store.ReachError{Place: url, Kind: store.Unreachable, Said: err.Error(), Err: err}
	}
	return pipe, nil
}

// sshHint says what an error of a connection means; closing is what the program that made it has ended with.
func sshHint(err, closing error, url string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, peer.ErrNoSnap) {
		switch peer.ExitCode(closing) {
		case 127:
			return exit.With(exit.Unreachable, hint.With(fmt.Errorf("%s: there is no snap there", url),
				"install it there, where a login without a terminal finds it too, as in /usr/local/bin"))
		case 255:
			return exit.With(exit.Unreachable, hint.With(fmt.Errorf("%s cannot be reached", url),
				"ssh has said why; $%s names another program, with its arguments", sshVariable))
		}
	}
	return exit.PeerHint(err)
}

// toMachine has a replica on another machine follow x.
func (c *Copying) toMachine(ctx context.Context, x *replica.Here, dest string, o replica.Options) (*replica.Result,
	error) {
	root, err := file.OpenRoot(dest)
	if err != nil {
		return &replica.Result{}, err
	}
	defer root.Close()
	pipe, err := c.dial(ctx, c.Remote.URL, c.Stderr)
	if err != nil {
		return &replica.Result{}, exit.RemoteHint(err)
	}
	told := peer.Told{Begun: o.Begun, Show: c.Show}
	res, err := peer.Give(ctx, pipe, x, root, o, told)
	return res, sshHint(err, pipe.Close(), c.Remote.URL)
}

// Machine is a destination on another machine that is open for questions.
type Machine struct {
	*peer.Far
	NoCache bool // nothing is kept here of what is asked

	pipe peer.Pipe
	url  string
	temp string // the folder that goes in the end; "": none
}

// OpenMachine opens the destination at ssh://….
func (p *Place) OpenMachine(ctx context.Context, r *settings.Remote, stderr io.Writer) (*Machine, error) {
	pipe, err := p.dial(ctx, r.URL, stderr)
	if err != nil {
		return nil, exit.RemoteHint(err)
	}
	far, err := peer.Take(ctx, pipe, r.URL)
	if err != nil {
		return nil, sshHint(err, pipe.Close(), r.URL)
	}
	return &Machine{Far: far, pipe: pipe, url: r.URL}, nil
}

// Catalogue brings what is known here of the destination up to date, and returns the folder that answers.
func (m *Machine) Catalogue(ctx context.Context, p *Place, show func(progress.State)) (dir string, lost []treeless.Lost,
	err error) {
	c, err := m.Far.Catalogue(ctx)
	if err == nil {
		dir = filepath.Join(p.User.Cache(), c.ID()+"-ssh")
		if m.NoCache {
			dir, err = os.MkdirTemp("", "snap-")
			m.temp = dir
		}
	}
	if err == nil {
		lost, err = treeless.Update(ctx, dir, c, show)
	}
	return dir, lost, sshHint(err, nil, m.url)
}

// Contents has the bytes of the files of a snapshot there.
func (m *Machine) Contents(h *record.Header) restore.Contents { return m.Files(h) }

// Close ends the connection. How ssh ends then does not matter any more.
func (m *Machine) Close() error {
	_ = m.Far.Close()
	if m.temp == "" {
		return nil
	}
	return os.RemoveAll(m.temp)
}
