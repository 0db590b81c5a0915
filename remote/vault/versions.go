package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"snap/remote/store"
	"snap/remote/vault/chain"
)

// AsOf is the place of a vault as it was at a time, to read only: with the heads that there were. Of a head and of
// vault.json the oldest version is the true one, as they are put once; packs and the like are found by their hash.
func AsOf(s store.Store, at time.Time) (store.Store, error) {
	return store.AsOf(s, at, func(name string) store.Kept {
		switch {
		case strings.HasPrefix(name, "data/"), strings.HasPrefix(name, "meta/"):
			return store.Named
		case name == aboutName, strings.HasPrefix(name, chain.Prefix):
			return store.First
		}
		return store.Last
	})
}

// getAny is getWhole, and where the store keeps what was replaced and deleted, any version whose SHA-256 is the name.
func (v *Vault) getAny(ctx context.Context, name string, sum [32]byte) ([]byte, error) {
	body, err := v.getWhole(ctx, name, sum)
	past, ok := v.s.Store.(store.Versioned)
	t := v.s.Traits()
	if err == nil || !ok || ctx.Err() != nil || errors.As(err, new(*store.ReachError)) ||
		!t.Versions && t != (store.Traits{}) { // without a trial nothing is known: then it is asked
		return body, err
	}
	for old, err2 := range past.Versions(ctx, name) {
		if err2 != nil {
			break
		}
		if old.Name != name || old.Deleted {
			continue
		}
		v.s.requests.Add(1)
		whole, err2 := past.GetVersion(ctx, name, old.ID, 0, -1)
		if err2 == nil && sha256.Sum256(whole) == sum {
			return whole, nil
		}
	}
	return body, err
}
