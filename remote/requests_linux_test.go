package remote

import (
	"errors"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"

	"snap/remote/store/storetest"
	"snap/remote/vault"
)

// TestWhatIsKnownIsNotAskedFor: a copy of nothing new asks for the newest head, whether there is one above it, and
// whether it is still what it was; neither for the vault's id nor for the bucket's region.
func TestWhatIsKnownIsNotAskedFor(t *testing.T) {
	p, small := newPlace(t), storetest.NewSmall(t)
	p.r.URL, p.o.Env = small.Place("vault"), small.Env
	p.add(Addition{})
	p.copy()
	var asked atomic.Int64
	small.Answer(func(*http.Request) *storetest.Answer {
		asked.Add(1)
		return nil
	})
	p.copy()
	if n := asked.Load(); n != 3 {
		t.Errorf("%d requests", n)
	}
}

// TestAnotherVaultInItsPlace: what is known of a vault is not taken for what another one is.
func TestAnotherVaultInItsPlace(t *testing.T) {
	p, other := newPlace(t), newPlace(t)
	p.add(Addition{})
	p.copy()
	other.add(Addition{})
	other.copy()
	other.copy()
	p.r.URL = other.r.URL
	if v, err := Open(t.Context(), p.r, p.o); err != nil {
		t.Error(err)
	} else if err := errors.Join(v.Vault.Refresh(t.Context()), v.Close()); !errors.Is(err, vault.ErrOther) {
		t.Errorf("another vault: %v", err)
	}
	p.r.URL = "vault:" + filepath.Dir(t.TempDir())
	if v, err := Open(t.Context(), p.r, p.o); err != nil {
		t.Error(err)
	} else if err := errors.Join(v.Vault.Refresh(t.Context()), v.Close()); !errors.Is(err, vault.ErrNoVault) {
		t.Errorf("no vault: %v", err)
	}
}
