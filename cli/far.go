package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/settings"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/remote"
	"snap/remote/store"
	"snap/remote/vault/seal"
)

// far is the remote that -d names, nil if it names something else.
func (c *call) far() (*settings.Remote, error) {
	name := c.opts.dest
	switch {
	case store.IsURL(name):
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
		if all[i].Name == name {
			return &all[i], nil
		}
	}
	return nil, err
}

// ownDest is the destination whose remotes -d may name.
func (c *call) ownDest() (string, error) {
	found, err := c.asked("").Find()
	return found.Dir, err
}

// remoteNamed is the remote that TO names: a section of Remotes.txt in dest, or a URL.
func (c *call) remoteNamed(dest, to string) (*settings.Remote, error) {
	all, err := settings.ReadRemotes(dest)
	if err != nil {
		return nil, err
	}
	var known []string
	for i := range all {
		if all[i].Name == to || all[i].URL == to {
			return &all[i], nil
		}
		known = append(known, all[i].Name)
	}
	if store.IsURL(to) {
		return nil, hint.With(hint.Usagef("%s is not in %s", quote.Name(to), settings.RemotesFile),
			"to make a vault there: snap remote add NAME %s", quote.Word(to))
	}
	err = hint.Usagef("no remote is called %s", quote.Name(to))
	if len(known) > 0 {
		return nil, hint.With(err, "there is %s", quote.List(known))
	}
	return nil, hint.With(err, "to make one: snap remote add %s URL", quote.Word(to))
}

// remoteOptions are how a remote is reached. dest is the destination that it is a remote of.
func (c *call) remoteOptions(dest, name string, retry time.Duration) (remote.Options, error) {
	o := remote.Options{Env: c.env.Environ, Cache: c.user().Cache(), RetryFor: retry, Passphrase: c.passphrase,
		Warn: func(err error) { c.warn("%v", err) }}
	o.Host, _ = os.Hostname()
	if name != "" {
		o.Dir = destination.RemoteDir(dest, name)
	}
	o.Retrying = func(err error, pause time.Duration) {
		c.note("%v; tried again in %s", err, pause.Round(time.Second))
	}
	for _, path := range c.opts.identities {
		text, err := os.ReadFile(path)
		if err != nil {
			return o, exit.With(exit.WrongKey, err)
		}
		own, err := seal.ParseIdentities(text)
		if err != nil {
			return o, exit.With(exit.WrongKey, fmt.Errorf("%s: %w", quote.Name(path), err))
		}
		o.Identities = append(o.Identities, own...)
	}
	return o, nil
}

// passphrase is what the file says that $SNAP_PASSPHRASE_FILE names, or what somebody types.
func (c *call) passphrase() (string, error) {
	if path := c.env.variable("SNAP_PASSPHRASE_FILE"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", exit.With(exit.WrongKey, fmt.Errorf("$SNAP_PASSPHRASE_FILE: %w", err))
		}
		return strings.TrimRight(string(text), "\r\n"), nil
	}
	if c.env.AskSecret == nil {
		return "", remote.ErrNoKey
	}
	return c.env.AskSecret("passphrase of the vault, from the recovery sheet: ")
}

// retryQuestion is how long a question waits for a place that does not answer: it may be answered without it.
const retryQuestion = 20 * time.Second

// openRemote opens the vault of a remote.
func (c *call) openRemote(r *settings.Remote, retry time.Duration) (*remote.Place, error) {
	dest := ""
	if r.Name != "" {
		var err error
		if dest, err = c.ownDest(); err != nil {
			return nil, err
		}
	}
	o, err := c.remoteOptions(dest, r.Name, retry)
	if err != nil {
		return nil, err
	}
	p, err := remote.Open(c.ctx, r.Remote, o)
	return p, exit.RemoteHint(err)
}

// openFar opens a remote for questions.
func (c *call) openFar(r *settings.Remote) (*query.Reader, error) {
	retry := retryQuestion
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
	c.found = locate.Found{Dir: dir, Obvious: true}
	d, err := query.Open(c.ctx, dir, query.Options{Now: c.now(), WorkDir: c.env.Dir, Trust: c.trusted(dir), Again: c.again,
		Contents: p.Contents()})
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return d, nil
}
