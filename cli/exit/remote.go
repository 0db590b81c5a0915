package exit

import (
	"context"
	"errors"
	"strings"

	"snap/destination"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/remote/peer"
	"snap/remote/store"
	"snap/remote/vault"
)

// remoteCode is the code of an error of a remote, Failed for any other.
func remoteCode(err error) int {
	var reach *store.ReachError
	var far *peer.Trouble
	switch {
	case errors.As(err, &far):
		return far.Code
	case errors.Is(err, peer.ErrNoSnap), errors.Is(err, peer.ErrCut):
		return Unreachable
	case errors.Is(err, vault.ErrKey):
		return WrongKey
	case errors.Is(err, vault.ErrNoVault), errors.As(err, &reach) && reach.Kind == store.NoPlace:
		return NoDest
	case reach != nil:
		return Unreachable
	case errors.Is(err, vault.ErrOther), errors.Is(err, vault.ErrDiverged), errors.Is(err, vault.ErrForged):
		return Refused
	case errors.Is(err, vault.ErrBusy), errors.Is(err, destination.ErrCopying), errors.As(err, new(*retention.HeldError)):
		return Locked
	}
	return Failed
}

// RemoteHint adds the way out to an error of a remote.
func RemoteHint(err error) error {
	var reach *store.ReachError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, vault.ErrKey):
		return hint.With(err, "the passphrase is on the recovery sheet; $SNAP_PASSPHRASE_FILE names a file that has it, "+
			"--identity FILE your own key of age")
	case errors.Is(err, vault.ErrNoVault):
		return hint.With(err, "to make one: snap remote add NAME URL")
	case errors.Is(err, vault.ErrOther):
		return hint.With(err, "nothing was done; if it is to be so: snap remote remove NAME, then snap remote add NAME URL")
	case errors.As(err, &reach) && reach.Kind != store.NoPlace:
		return hint.With(err, "what is there is whole; the same command again goes on")
	}
	return err
}

// HeldHint adds the way out to an error of deleting what a remote goes on from.
func HeldHint(err error) error {
	held := (*retention.HeldError)(nil)
	switch {
	case !errors.As(err, &held):
	case held.Doing != "":
		return hint.With(err, "when that has ended it can be deleted")
	case held.Newest:
		return hint.With(err, "make a newer one first: snap backup --force")
	default:
		return hint.With(err, "to delete it all the same, and have the next copy send a whole listing: add --release %s",
			quote.Word(held.Remote))
	}
	return err
}

// PeerHint adds to an error of a connection to another machine what to do.
func PeerHint(err error) error {
	var far *peer.Trouble
	switch {
	case errors.As(err, &far) && len(far.Hint) > 0:
		return hint.With(err, "%s", hint.Text(strings.Join(far.Hint, "\n")))
	case errors.Is(err, peer.ErrCut):
		return hint.With(err, "what is there is whole; the same command again goes on")
	case errors.Is(err, peer.ErrNoSnap):
		return hint.With(err, "a snap of this version has to be there, and a login without a terminal must print nothing")
	}
	return RemoteHint(err)
}

// Explain is an error as the other end of a connection is told it.
func Explain(ctx context.Context, err error, typed func(string) string) *peer.Trouble {
	return &peer.Trouble{Text: err.Error(), Hint: hint.Lines(err, typed), Code: Code(ctx, err)}
}
