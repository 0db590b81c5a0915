package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/remote/store"
	"snap/remote/store/storetest"
)

// contract is what every Store keeps.
var contract = map[string]func(t *testing.T, s store.Store){
	"what was put is got":                      whatWasPutIsGot,
	"ranges":                                   ranges,
	"an object is made once":                   madeOnce,
	"of many that make one object one wins":    oneWins,
	"listings are in order and go on":          listings,
	"odd names are refused":                    oddNames,
	"deleting twice is as deleting once":       deleteTwice,
	"replacing":                                replacing,
	"an end of the context ends a request":     endOfContext,
	"an object is as new as the clock says":    clock,
	"probing finds the traits and leaves none": probing,
}

func keep(t *testing.T, open func(t *testing.T) store.Store) {
	for _, name := range slices.Sorted(maps.Keys(contract)) {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			contract[name](t, s)
		})
	}
}

func TestMemory(t *testing.T) {
	keep(t, func(*testing.T) store.Store { return store.NewMemory() })
}

func TestFolder(t *testing.T) {
	keep(t, func(t *testing.T) store.Store { return open(t, "vault:"+t.TempDir(), store.Options{}) })
}

func TestFolderInMemory(t *testing.T) {
	keep(t, func(t *testing.T) store.Store {
		dir, err := os.MkdirTemp("/dev/shm", "snap-store-")
		if err != nil {
			t.Skipf("needs /dev/shm: %v", err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		return open(t, "vault:"+dir, store.Options{})
	})
}

func TestVersitygw(t *testing.T) {
	server, n := storetest.Versitygw(t), 0
	keep(t, func(t *testing.T) store.Store {
		n++
		return open(t, server.Place(fmt.Sprintf("some folder/%d", n)), store.Options{Env: server.Env, Jobs: 32})
	})
}

func TestRcloneS3(t *testing.T) {
	server, n := storetest.RcloneS3(t), 0
	keep(t, func(t *testing.T) store.Store {
		n++
		return open(t, server.Place(fmt.Sprint(n)), store.Options{Env: server.Env, Jobs: 32})
	})
}

func TestRclone(t *testing.T) {
	program := storetest.Engine(t, "rclone")
	keep(t, func(t *testing.T) store.Store {
		return open(t, "rclone:"+t.TempDir()+"/a folder", store.Options{Rclone: program, Env: os.Environ()})
	})
}

func open(t *testing.T, url string, o store.Options) store.Store {
	t.Helper()
	if o.RetryFor == 0 {
		o.RetryFor = 20 * time.Second
	}
	s, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s store.Store, name, body string) {
	t.Helper()
	if err := s.Put(t.Context(), name, []byte(body), store.PutOptions{}); err != nil {
		t.Fatal(err)
	}
}

func got(t *testing.T, s store.Store, name string) string {
	t.Helper()
	body, err := s.Get(t.Context(), name, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func names(t *testing.T, s store.Store, prefix, after string) (all []string) {
	t.Helper()
	for o, err := range s.List(t.Context(), prefix, after) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o.Name)
	}
	return all
}

func oddNames(t *testing.T, s store.Store) {
	for _, name := range []string{"", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", ".", "a/.", ".put-1", "a/.b", "A",
		"a b", "a\\b", "a:b", "ä", "a\x00", "a\n", "a%2fb", "a?b", "a#b", "a.", strings.Repeat("a", 201)} {
		err := s.Put(t.Context(), name, nil, store.PutOptions{})
		_, err2 := s.Get(t.Context(), name, 0, -1)
		_, err3 := s.Stat(t.Context(), name)
		for i, err := range []error{err, err2, err3, s.Delete(t.Context(), name)} {
			if !errors.Is(err, store.ErrName) {
				t.Errorf("%q, %d: %v", name, i, err)
			}
		}
	}
	for _, err := range s.List(t.Context(), "../", "") {
		if !errors.Is(err, store.ErrName) {
			t.Error(err)
		}
	}
	if all := names(t, s, "", ""); len(all) > 0 {
		t.Errorf("%q", all)
	}
}

func deleteTwice(t *testing.T, s store.Store) {
	put(t, s, "data/ab/1", "1")
	put(t, s, "data/ab/2", "2")
	for range 2 {
		if err := s.Delete(t.Context(), "data/ab/1"); err != nil {
			t.Fatal(err)
		}
		if all := names(t, s, "", ""); !slices.Equal(all, []string{"data/ab/2"}) {
			t.Errorf("%q", all)
		}
	}
	if err := s.Delete(t.Context(), "data/none/1"); err != nil {
		t.Error(err)
	}
	if strings.HasPrefix(t.Name(), "TestRclone") { // nor for a folder
	} else if err := s.Delete(t.Context(), "data/ab"); err != nil {
		t.Error(err)
	}
	put(t, s, "data/ab/1", "again")
	if body := got(t, s, "data/ab/1"); body != "again" {
		t.Errorf("%q", body)
	}
}

func replacing(t *testing.T, s store.Store) {
	for _, body := range []string{"one", "two", "a longer one", ""} {
		if err := s.Put(t.Context(), "data/ab/1", []byte(body), store.PutOptions{Replace: true}); err != nil {
			t.Fatal(err)
		}
		if back := got(t, s, "data/ab/1"); back != body {
			t.Errorf("%q, want %q", back, body)
		}
	}
}

func endOfContext(t *testing.T, s store.Store) {
	put(t, s, "head/1", "1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Get(ctx, "head/1", 0, -1)
	_, err2 := s.Stat(ctx, "head/1")
	errs := []error{s.Put(ctx, "head/2", nil, store.PutOptions{}), err, err2, s.Delete(ctx, "head/1")}
	for _, err := range s.List(ctx, "", "") {
		errs = append(errs, err)
	}
	for i, err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if all := names(t, s, "", ""); !slices.Equal(all, []string{"head/1"}) {
		t.Errorf("%q", all)
	}
}

func clock(t *testing.T, s store.Store) {
	put(t, s, "head/1", "1")
	o, err := s.Stat(t.Context(), "head/1")
	now, err2 := s.Now(t.Context())
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if age := now.Sub(o.Modified); age < -3*time.Second || age > time.Minute {
		t.Errorf("put at %s, now it is %s", o.Modified, now)
	}
}

func probing(t *testing.T, s store.Store) {
	found, err := store.Probe(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	engine, _, _ := strings.Cut(t.Name(), "/")
	want := map[string]store.Traits{
		"TestMemory":    {CreateOnly: true, ChecksSum: true, Ranges: true, Lists: true, ServerClock: true, Lock: true},
		"TestFolder":    {CreateOnly: true, Ranges: true, Lists: true},
		"TestVersitygw": {CreateOnly: true, ChecksSum: true, Ranges: true, Lists: true, ServerClock: true},
		"TestRcloneS3":  {CreateOnly: true, ChecksSum: true, Ranges: true, Lists: true, ServerClock: true},
		"TestRclone":    {Ranges: true, Lists: true},
	}
	for _, like := range []string{"TestFolderInMemory", "TestFolderOnFAT", "TestFolderWithoutLinks"} {
		want[like] = want["TestFolder"]
	}
	if found != want[engine] || s.Traits() != found {
		t.Errorf("%+v, %+v, want %+v", found, s.Traits(), want[engine])
	}
	if all := names(t, s, "", ""); len(all) > 0 {
		t.Errorf("%q is left", all)
	}
	put(t, s, "head/1", "1") // it works as before
	err = s.Put(t.Context(), "head/1", []byte("2"), store.PutOptions{})
	if found.CreateOnly && !errors.Is(err, store.ErrExists) {
		t.Error(err)
	}
}
