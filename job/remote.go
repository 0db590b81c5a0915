package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
	"snap/remote"
	"snap/remote/store"
	"snap/remote/vault"
	"snap/remote/vault/seal"
	"snap/restore"
)

// RetryQuestion is how long a question waits for a place that does not answer: it may be answered without it.
const RetryQuestion = 20 * time.Second

// RemoteFront is who asks for a remote: it has the words that open one, and is told what there is to know.
type RemoteFront struct {
	Identities []string               // files with the user's own keys
	VerifyKey  string                 // as the recovery sheet has it; "": what is known here
	NoCache    bool                   // nothing is kept of what is read
	AsOf       time.Time              // zero: the place as it is now
	Ask        func() (string, error) // asks for the passphrase; nil: nobody can be asked
	Warn, Note func(format string, args ...any)
	Stderr     io.Writer // where ssh says what it has to say
}

// RemoteOptions are how the remote with this name, "" for one that is named by its URL, is reached.
func (p *Place) RemoteOptions(name string, f *RemoteFront, retry time.Duration) (remote.Options, error) {
	o := remote.Options{Env: p.Environ, Cache: p.User.Cache(), Home: p.User.Config(), RetryFor: retry,
		NoCache: f.NoCache, AsOf: f.AsOf,
		Passphrase: func() (string, error) { return p.Passphrase(f) },
		Warn:       func(err error) { f.Warn("%v", err) },
		Retrying: func(err error, pause time.Duration) {
			f.Note("%v; tried again in %s", err, pause.Round(time.Second))
		}}
	o.Host, _ = os.Hostname()
	if name != "" {
		o.Dir = destination.RemoteDir(p.Dest, name)
	}
	for _, path := range f.Identities {
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
	if f.VerifyKey != "" {
		key, err := seal.ParseVerify(f.VerifyKey)
		if err != nil {
			return o, exit.With(exit.WrongKey, fmt.Errorf("--verify-key: %w", err))
		}
		o.Verify = key
	}
	return o, nil
}

// passphraseFile is the variable with the name of a file that has the passphrase of a vault.
const passphraseFile = "SNAP_PASSPHRASE_FILE"

// PassphraseGiven reports whether a file has the passphrase.
func (p *Place) PassphraseGiven() bool {
	path, _ := p.User.LookupEnv(passphraseFile)
	return path != ""
}

// Passphrase is what the file says that $SNAP_PASSPHRASE_FILE names, or what somebody types.
func (p *Place) Passphrase(f *RemoteFront) (string, error) {
	if path, _ := p.User.LookupEnv(passphraseFile); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", exit.With(exit.WrongKey, fmt.Errorf("$%s: %w", passphraseFile, err))
		}
		return strings.TrimRight(string(text), "\r\n"), nil
	}
	if f.Ask == nil {
		return "", remote.ErrNoKey
	}
	return f.Ask()
}

// OpenRemote opens the vault of a remote.
func (p *Place) OpenRemote(ctx context.Context, r *settings.Remote, f *RemoteFront,
	retry time.Duration) (*remote.Place, error) {
	o, err := p.RemoteOptions(r.Name, f, retry)
	if err != nil {
		return nil, err
	}
	far, err := remote.Open(ctx, r.Remote, o)
	return far, exit.RemoteHint(err)
}

// NoteCopied notes from which snapshot the next copy goes on: the newest that the vault has by the head that was seen
// last. at is when it was copied. Who may not write here leaves it.
func (p *Place) NoteCopied(name string, v *vault.Vault, at time.Time) error {
	if name == "" || v.Head() == nil || len(v.Snapshots()) == 0 {
		return nil
	}
	all := v.Snapshots()
	last := &all[len(all)-1].Header
	known, err := destination.HoldOf(p.Dest, name)
	if err == nil && known.Seq == last.Seq && known.Name == last.Name {
		return nil
	}
	err = destination.SetHold(p.Dest, name, destination.Hold{Seq: last.Seq, Name: last.Name, Copied: at})
	if errors.Is(err, os.ErrPermission) {
		return nil
	}
	return err
}

// NoteSeen notes what the vault of a remote has, which a copy that was killed has not.
func (p *Place) NoteSeen(name string, v *vault.Vault) error {
	if v.Head() == nil {
		return nil
	}
	return p.NoteCopied(name, v, v.Head().Time)
}

// ExtendRemote locks the objects of a remote for longer. It needs no key: with those that are here, what was condemned
// is left to run out.
func (p *Place) ExtendRemote(ctx context.Context, r *settings.Remote,
	f *RemoteFront) (res vault.ExtendResult, err error) {
	if r.Lock <= 0 { // not even where keys are here: all would be said to be locked for longer, and nothing would be
		return res, hint.With(hint.Usagef("%s: nobody has said for how long its objects are locked",
			quote.Name(r.Called())), "to say it: --lock 30d")
	}
	o, err := p.RemoteOptions(r.Name, f, RetryQuestion)
	if err != nil {
		return res, err
	}
	if k, err := remote.ReadKeys(r.Remote, o); err == nil && k != nil {
		far, err := remote.Open(ctx, r.Remote, o)
		if err != nil {
			return res, exit.RemoteHint(err)
		}
		defer far.Close()
		res, err = far.Vault.Extend(ctx)
		return res, exit.RemoteHint(err)
	}
	reach := r.Reach
	if r.Name == "" {
		reach = func(ctx context.Context, o remote.Options) (store.Store, error) { return lockable(ctx, r, o) }
	}
	s, err := reach(ctx, o)
	if err != nil {
		return res, exit.RemoteHint(err)
	}
	defer s.Close()
	res, err = vault.Extend(ctx, s, r.Lock, func(string) bool { return false })
	return res, exit.RemoteHint(err)
}

// lockable is the place of a remote that is named by its URL. What it can do was tried where the vault was made, which
// takes more rights than locking does: it says itself if it cannot.
func lockable(ctx context.Context, r *settings.Remote, o remote.Options) (store.Store, error) {
	return store.Open(ctx, r.URL, store.Options{Env: o.Env, RetryFor: o.RetryFor, Retrying: o.Retrying,
		Endpoint: r.Endpoint, Profile: r.Profile, CACert: r.CACert,
		Traits: &store.Traits{Lists: true, ServerClock: true, Lock: true}})
}

// bytesOf has the bytes of files for a repair: nil where the remote has them not, or not whole.
func bytesOf(p *remote.Place) func(ctx context.Context, e *record.Entry) (io.ReadCloser, error) {
	all := p.Contents()
	return func(ctx context.Context, e *record.Entry) (io.ReadCloser, error) {
		r, err := all.Open(ctx, e)
		if restore.OfOneFile(err) && !errors.Is(err, vault.ErrKey) {
			return nil, nil
		}
		return r, exit.RemoteHint(err)
	}
}
