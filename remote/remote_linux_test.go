package remote

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/index"
	"snap/internal/file"
	"snap/query"
	"snap/record"
	"snap/remote/store"
	"snap/remote/vault"
	"snap/remote/vault/seal"
	"snap/restore"
	"snap/restore/parts"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// place is a destination with three snapshots and a folder for its vault.
type place struct {
	*backuptest.Place
	t *testing.T
	r Remote
	o Options
}

func newPlace(t *testing.T) *place {
	p := &place{Place: backuptest.Three(t), t: t}
	far := filepath.Join(t.TempDir(), "far")
	must(t, os.Mkdir(far, 0o700))
	p.r = Remote{Name: "b2", URL: "vault:" + far}
	p.o = Options{Dir: filepath.Join(p.Dest, ".snap", "remotes", "b2"), Cache: t.TempDir(), RetryFor: -1}
	return p
}

func (p *place) add(a Addition) *seal.Sheet {
	p.t.Helper()
	v, sheet, err := Add(p.t.Context(), p.r, p.o, a)
	must(p.t, errors.Join(err, v.Added(), v.Close()))
	return sheet
}

func (p *place) copy() vault.CopyResult {
	p.t.Helper()
	root, err := file.OpenRoot(p.Dest)
	must(p.t, err)
	defer root.Close()
	db, err := index.Open(index.Path(p.Dest))
	must(p.t, err)
	defer db.Release()
	from, err := NewSource(p.t.Context(), p.Dest, root, db, []string{"BackupOptions.txt"})
	must(p.t, err)
	defer from.Close()
	v, err := Open(p.t.Context(), p.r, p.o)
	must(p.t, err)
	defer v.Close()
	res, err := v.Vault.Copy(p.t.Context(), from, vault.CopyOptions{})
	must(p.t, err)
	return res
}

// back restores the newest snapshot from the vault and compares it with its tree.
func (p *place) back(o Options) {
	p.t.Helper()
	v, err := Open(p.t.Context(), p.r, o)
	must(p.t, err)
	known, err := v.Catalogue(p.t.Context(), nil)
	must(p.t, errors.Join(known.Offline, err))
	d, err := query.Open(p.t.Context(), known.Dir, query.Options{Far: v.Far()})
	must(p.t, err)
	defer d.Close()
	h := d.Newest()
	target := filepath.Join(p.t.TempDir(), "back")
	part := parts.New(h, restore.Options{Target: target, Items: []restore.Item{{}}})
	res, err := part.Run(p.t.Context(), d)
	must(p.t, err)
	if res.Errors > 0 {
		p.t.Errorf("problems: %v", res.Problems)
	}
	if diff := backuptest.Difference(backuptest.Listing(p.t, filepath.Join(p.Dest, h.Name)),
		backuptest.Listing(p.t, target)); diff != "" {
		p.t.Errorf("what came back: %s", diff)
	}
}

func TestBackFromAFarCopy(t *testing.T) {
	p := newPlace(t)
	sheet := p.add(Addition{})
	if res := p.copy(); len(res.Snapshots) != 3 {
		t.Errorf("copied %v", res.Snapshots)
	}
	p.back(p.o)
	elsewhere := Options{Cache: t.TempDir(), RetryFor: -1,
		Passphrase: func() (string, error) { return sheet.Passphrase, nil }}
	p.back(elsewhere)

	elsewhere.Passphrase = func() (string, error) { return "another", nil }
	if _, err := Open(t.Context(), p.r, elsewhere); !errors.Is(err, vault.ErrKey) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	elsewhere.Passphrase = nil
	if _, err := Open(t.Context(), p.r, elsewhere); !errors.Is(err, ErrNoKey) {
		t.Errorf("no passphrase: %v", err)
	}
	gone := Remote{URL: "vault:" + t.TempDir()}
	if _, err := Open(t.Context(), gone, elsewhere); !errors.Is(err, vault.ErrNoVault) {
		t.Errorf("no vault: %v", err)
	}
}

func TestOfAVaultThatIsThere(t *testing.T) {
	p := newPlace(t)
	p.add(Addition{})
	other := p.o
	other.Dir = filepath.Join(t.TempDir(), "other")
	if _, _, err := Add(t.Context(), p.r, other, Addition{}); !errors.Is(err, store.ErrExists) {
		t.Errorf("a vault of somebody else: %v", err)
	}
	if _, _, err := Add(t.Context(), p.r, p.o, Addition{}); !errors.Is(err, store.ErrExists) {
		t.Errorf("one that is whole: %v", err)
	}
	// It was stopped before the passphrase was shown.
	must(t, os.Rename(filepath.Join(p.o.Dir, keysFile), filepath.Join(p.o.Dir, begunKeys)))
	must(t, os.Rename(filepath.Join(p.o.Dir, idFile), filepath.Join(p.o.Dir, begunFile)))
	p.add(Addition{})
	p.copy()
	p.back(p.o)
}

func TestWithoutTheContentKeyNothingIsRestored(t *testing.T) {
	p := newPlace(t)
	p.add(Addition{NoContent: true})
	p.copy()
	v, err := Open(t.Context(), p.r, p.o)
	must(t, err)
	known, err := v.Catalogue(t.Context(), nil)
	must(t, err)
	d, err := query.Open(t.Context(), known.Dir, query.Options{Far: v.Far()})
	must(t, err)
	defer d.Close()
	if _, err := d.OpenFile(t.Context(), d.Newest(), "same.txt"); !errors.Is(err, vault.ErrKey) {
		t.Errorf("without the key: %v", err)
	}
}

func TestOwnRecipients(t *testing.T) {
	own, err := seal.NewIdentity(false)
	must(t, err)
	p := newPlace(t)
	p.r.Recipients = []string{own.Recipient().String()}
	if sheet := p.add(Addition{}); sheet.Passphrase != "" {
		t.Error("a passphrase that opens nothing")
	}
	p.copy()
	p.back(Options{Cache: t.TempDir(), RetryFor: -1, Identities: []seal.Identity{own}})
	other, err := seal.NewIdentity(false)
	must(t, err)
	o := Options{Cache: t.TempDir(), RetryFor: -1, Identities: []seal.Identity{other}}
	if _, err := Open(t.Context(), p.r, o); !errors.Is(err, vault.ErrKey) {
		t.Errorf("another identity: %v", err)
	}
}

func TestAVaultThatIsNotSealed(t *testing.T) {
	p := newPlace(t)
	p.add(Addition{Unsealed: true})
	p.copy()
	p.back(p.o)
	p.back(Options{Cache: t.TempDir(), RetryFor: -1})
}

func TestSourceFindsOtherCopies(t *testing.T) {
	p := newPlace(t)
	p.add(Addition{})
	must(t, os.Remove(filepath.Join(p.Dest, p.newest(), "new.txt")))
	res := p.copy()
	for _, m := range res.Missing {
		if !strings.HasSuffix(m.Path, "new.txt") {
			t.Errorf("missing: %v", m)
		}
	}
	if len(res.Missing) > 0 {
		t.Errorf("%v are missing, and the snapshots before have their bytes", res.Missing)
	}
}

func (p *place) newest() string {
	p.t.Helper()
	all, _ := p.Knows()
	return record.Header(all[len(all)-1]).Name
}
