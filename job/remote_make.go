package job

import (
	"context"
	"errors"
	"slices"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/remote"
	"snap/remote/store"
	"snap/remote/vault/seal"
)

// AddRemote makes the vault of a remote and writes it into Remotes.txt, after show has shown the recovery sheet: who
// has not seen it does not find a remote that seems to be ready.
func (p *Place) AddRemote(ctx context.Context, r remote.Remote, a remote.Addition, f *RemoteFront,
	show func(*seal.Sheet) error) error {
	if err := p.mayAdd(&r, &a); err != nil {
		return err
	}
	o, err := p.RemoteOptions(r.Name, f, RetryQuestion)
	if err != nil {
		return err
	}
	if p.PassphraseGiven() && len(r.Recipients) == 0 && !a.Unsealed {
		if a.Passphrase, err = p.Passphrase(f); err != nil {
			return err
		}
	}
	far, sheet, err := remote.Add(ctx, r, o, a)
	if errors.Is(err, store.ErrExists) {
		return exit.With(exit.Refused, hint.With(err, "to ask it: snap list -d %s; to copy elsewhere: another folder of it",
			quote.Word(r.URL)))
	}
	if err != nil {
		return exit.RemoteHint(err)
	}
	defer far.Close()
	if err := show(sheet); err != nil {
		return err
	}
	if err := settings.AddRemote(p.Dest, &r); err != nil {
		return err
	}
	return far.Added()
}

// mayAdd refuses what cannot become a remote.
func (p *Place) mayAdd(r *remote.Remote, a *remote.Addition) error {
	if err := settings.CheckRemoteName(r.Name); err != nil {
		return hint.Usage(err)
	}
	if remote.FormOf(r.URL) == remote.None {
		return hint.With(hint.Usagef("not a place that is known: %s", quote.Name(r.URL)), remote.URLForms)
	}
	if a.Unsealed && (len(r.Recipients) > 0 || a.NoContent) {
		return hint.Usagef("--no-encryption has no keys: it excludes --recipient and --no-content-key")
	}
	known, err := settings.ReadRemotes(p.Dest)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(k settings.Remote) bool { return k.Name == r.Name }) {
		return hint.With(hint.Usagef("there is a remote %s", quote.Name(r.Name)), "to see it: snap remote show %s", r.Name)
	}
	return nil
}

// RemoveRemote forgets a remote here. What is there stays; sealed: its recovery sheet opens it.
func (p *Place) RemoveRemote(r *settings.Remote) (sealed bool, err error) {
	if err := settings.RemoveRemote(p.Dest, r.Name); err != nil {
		return false, err
	}
	return remote.Forget(r.Remote, remote.Options{Dir: destination.RemoteDir(p.Dest, r.Name), Home: p.User.Config()})
}

// Remotes are the remotes of the destination, and what each has.
func (p *Place) Remotes() ([]settings.Remote, []destination.Hold, error) {
	all, err := settings.ReadRemotes(p.Dest)
	if err != nil {
		return nil, nil, err
	}
	root, err := file.OpenRoot(p.Dest)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	holds, err := destination.Holds(root)
	return all, holds, err
}
