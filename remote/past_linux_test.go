package remote

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/remote/store"
	"snap/remote/store/storetest"
)

// TestBackFromWhatWasHarmed: a bucket with versions in which somebody has replaced and deleted what there is gives back
// what there was before.
func TestBackFromWhatWasHarmed(t *testing.T) {
	server := storetest.Versitygw(t)
	server.Versioned(t, false)
	p := newPlace(t)
	p.r.URL, p.o.Env = server.Place("p"), server.Env
	sheet := p.add(Addition{})
	p.copy()
	s, err := p.r.Reach(t.Context(), p.o)
	must(t, err)
	defer s.Close()
	before, err := s.Now(t.Context())
	must(t, err)
	before = before.Add(time.Second) // it is cut to seconds
	var all []string
	for o, err := range s.List(t.Context(), "", "") {
		must(t, err)
		all = append(all, o.Name)
	}
	for i, name := range all {
		switch {
		case strings.HasPrefix(name, "keys/"):
		case i%2 == 0:
			must(t, s.Delete(t.Context(), name))
		default:
			must(t, s.Put(t.Context(), name, []byte("false"), store.PutOptions{Replace: true}))
		}
	}
	cache := t.TempDir()
	elsewhere := Options{Env: server.Env, Cache: cache, RetryFor: -1, AsOf: before,
		Passphrase: func() (string, error) { return sheet.Passphrase, nil }}
	p.back(elsewhere)
	named := p.o
	named.AsOf = before
	p.back(named)
	if left, _ := os.ReadDir(cache); len(left) > 0 {
		t.Errorf("%v is kept of what is past", left)
	}
	folder := Remote{URL: "vault:" + t.TempDir()}
	if _, err := Open(t.Context(), folder, elsewhere); err == nil || !strings.Contains(err.Error(), "no versions") {
		t.Errorf("a place without versions: %v", err)
	}
}

// TestWithoutACacheNothingIsLeft, neither where caches are nor in the folder for what is of short life.
func TestWithoutACacheNothingIsLeft(t *testing.T) {
	p := newPlace(t)
	sheet := p.add(Addition{})
	p.copy()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	elsewhere := Options{Cache: filepath.Join(temp, "cache"), RetryFor: -1, NoCache: true,
		Passphrase: func() (string, error) { return sheet.Passphrase, nil }}
	p.back(elsewhere)
	elsewhere.Passphrase = nil
	if _, err := Open(t.Context(), p.r, elsewhere); err == nil {
		t.Error("a key is kept")
	}
	left, err := filepath.Glob(filepath.Join(temp, "*"))
	for _, name := range left {
		if !strings.Contains(name, "Test") { // those of this test are removed later
			t.Errorf("%s is left, %v", name, err)
		}
	}
}
