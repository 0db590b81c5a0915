package remote

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snap/internal/long"
	"snap/remote/store"
	"snap/remote/store/faultproxy"
	"snap/remote/store/storetest"
	"snap/remote/vault"
	"snap/remote/vault/seal"
)

// TestAnAdditionThatIsKilledGoesOn: from each request on, nothing comes through, before or after the store has done it.
// There is never a head without keys, and the same command goes on to a vault that its sheet opens.
func TestAnAdditionThatIsKilledGoesOn(t *testing.T) {
	small := storetest.NewSmall(t)
	proxy, err := faultproxy.New(small.URL)
	must(t, err)
	defer proxy.Close()
	env := append([]string{"AWS_REGION=us-east-1"}, small.Env...)
	requests, runs := 0, 0
	for _, fault := range []faultproxy.Fault{faultproxy.CutBefore, faultproxy.CutAfter} {
		for k := 0; k <= requests; k++ {
			if k > 0 && k < requests-14 && !long.Form() { // the trial of the place makes the first ones
				continue
			}
			runs++
			prefix := fmt.Sprint(runs)
			broken := Remote{Name: "far", URL: small.At(proxy.URL(), prefix)}
			o := Options{Env: env, Dir: filepath.Join(t.TempDir(), "far"), Cache: t.TempDir(), RetryFor: -1}
			proxy.Break(faultproxy.Plan{At: k, Times: -1, Fault: fault})
			p, _, err := Add(t.Context(), broken, o, Addition{})
			if err == nil {
				must(t, p.Close())
			}
			if k == 0 {
				requests = proxy.Count()
			}
			_, made := small.Object(prefix + "/head/0000000001")
			if _, keys := small.Object(prefix + "/keys/0001.age"); made && !keys {
				t.Fatalf("%s from request %d of %d on: a vault without keys", fault, k, requests)
			}
			proxy.Break(faultproxy.Plan{})
			goesOn(t, fmt.Sprintf("%s from request %d of %d on (%v)", fault, k, requests, err), broken, o, err == nil)
		}
	}
}

func goesOn(t *testing.T, name string, r Remote, o Options, whole bool) {
	t.Helper()
	other := o
	other.Dir = filepath.Join(t.TempDir(), "other")
	if _, _, err := Add(t.Context(), r, other, Addition{}); whole && !errors.Is(err, store.ErrExists) {
		t.Fatalf("%s: somebody else's is taken: %v", name, err)
	} else if err == nil {
		return // nothing had been begun in the place
	}
	p, sheet, err := Add(t.Context(), r, o, Addition{NoContent: true})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	must(t, p.Added())
	must(t, p.Close())
	elsewhere := Options{Env: o.Env, Cache: t.TempDir(), RetryFor: -1,
		Passphrase: func() (string, error) { return sheet.Passphrase, nil }}
	if p, err = Open(t.Context(), r, elsewhere); err != nil {
		t.Fatalf("%s: opened by its sheet: %v", name, err)
	}
	if !p.Keys.CanRestore() || p.Vault.ID() != sheet.ID {
		t.Errorf("%s: the sheet opens not all", name)
	}
	must(t, p.Close())
	if p, err = Open(t.Context(), r, o); err != nil || p.Keys.CanRestore() {
		t.Fatalf("%s: opened here: %v", name, err)
	}
	must(t, p.Close())
	if left, _ := filepath.Glob(filepath.Join(o.Dir, "*begun*")); len(left) > 0 {
		t.Errorf("%s: %v is left", name, left)
	}
}

// TestKeysOfBefore: a machine that has the keys of before a rotation takes the new ones by the new sheet, and says what
// it needs where nobody has that.
func TestKeysOfBefore(t *testing.T) {
	p := newPlace(t)
	p.add(Addition{})
	p.copy()
	old := p.o
	old.Dir = filepath.Join(t.TempDir(), "old")
	must(t, os.CopyFS(old.Dir, os.DirFS(p.o.Dir)))
	fresh := old
	fresh.Dir = filepath.Join(t.TempDir(), "fresh") // only the keys were copied
	must(t, os.Mkdir(fresh.Dir, 0o700))
	text, err := os.ReadFile(filepath.Join(p.o.Dir, keysFile))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(fresh.Dir, keysFile), text, 0o600))

	v, err := Open(t.Context(), p.r, p.o)
	must(t, err)
	words := ""
	must(t, v.Rotate(t.Context(), "", func(s *seal.Sheet) error { words = s.Passphrase; return nil }))
	must(t, v.Close())
	must(t, os.WriteFile(filepath.Join(p.Dest, "BackupOptions.txt"), []byte("# changed\n"), 0o600))
	p.copy() // a head under the new keys

	for name, o := range map[string]Options{"with the mirror": old, "with the keys alone": fresh} {
		refresh := func() error {
			v, err := Open(t.Context(), p.r, o)
			if err != nil {
				return err
			}
			return errors.Join(v.Vault.Refresh(t.Context()), v.Close())
		}
		if err := refresh(); !errors.Is(err, vault.ErrKey) || !strings.Contains(err.Error(), "--rotate") {
			t.Errorf("%s, without the new sheet: %v", name, err)
		}
		o.Passphrase = func() (string, error) { return words, nil }
		if err := refresh(); err != nil {
			t.Errorf("%s and the new sheet: %v", name, err)
		}
		o.Passphrase = nil
		if err := refresh(); err != nil {
			t.Errorf("%s, once they are renewed: %v", name, err)
		}
		p.back(o)
	}
}

// TestKeysAtHome: nothing in the destination opens the vault.
func TestKeysAtHome(t *testing.T) {
	p := newPlace(t)
	p.r.KeysHome, p.o.Home = true, filepath.Join(t.TempDir(), "snap")
	p.add(Addition{})
	p.copy()
	p.back(p.o)
	for _, name := range []string{keysFile, begunKeys} {
		if _, err := os.Stat(filepath.Join(p.o.Dir, name)); err == nil {
			t.Errorf("%s is in the destination", name)
		}
	}
	k, err := ReadKeys(p.r, p.o)
	if err != nil || k == nil {
		t.Fatalf("the keys: %v", err)
	}
	away := p.o
	away.Home = t.TempDir() // the disk in another machine
	if _, err := Open(t.Context(), p.r, away); !errors.Is(err, ErrNoKey) {
		t.Errorf("without the folder at home: %v", err)
	}
	sealed, err := Forget(p.r, p.o)
	if left, _ := filepath.Glob(filepath.Join(p.o.Home, "*")); err != nil || !sealed || len(left) > 0 {
		t.Errorf("forgotten: %v, %v, left %v", sealed, err, left)
	}
}
