package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
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

func whatWasPutIsGot(t *testing.T, s store.Store) {
	big := make([]byte, 16<<20)
	rand.NewChaCha8([32]byte{1}).Read(big)
	for i, body := range [][]byte{{}, {0}, []byte("text\r\n\x00"), big} {
		name := fmt.Sprintf("data/0%d/x", i)
		if err := s.Put(t.Context(), name, body, store.PutOptions{Sum: sha256.Sum256(body)}); err != nil {
			t.Fatal(err)
		}
		back, err := s.Get(t.Context(), name, 0, -1)
		if err != nil || !bytes.Equal(back, body) {
			t.Errorf("%s: %d bytes, %v, want %d", name, len(back), err, len(body))
		}
		if o, err := s.Stat(t.Context(), name); err != nil || o.Size != int64(len(body)) || o.Name != name {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
	absent := []string{"none", "data/00/none", "data/00"}
	if !strings.HasPrefix(t.Name(), "TestRclone") { // it has no answer for what would be below an object
		absent = append(absent, "data/00/x/none")
	}
	for _, name := range absent {
		if _, err := s.Get(t.Context(), name, 0, -1); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("get %s: %v", name, err)
		}
		if _, err := s.Get(t.Context(), name, 3, 4); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("get a part of %s: %v", name, err)
		}
		if _, err := s.Stat(t.Context(), name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("stat %s: %v", name, err)
		}
	}
}

func ranges(t *testing.T, s store.Store) {
	put(t, s, "meta/a", "0123456789")
	for _, c := range []struct {
		off, n int64
		want   string
	}{{0, 10, "0123456789"}, {0, 1, "0"}, {9, 1, "9"}, {3, 4, "3456"}, {3, -1, "3456789"}, {10, -1, ""}, {10, 0, ""},
		{4, 0, ""}, {0, 0, ""}} {
		if body, err := s.Get(t.Context(), "meta/a", c.off, c.n); err != nil || string(body) != c.want {
			t.Errorf("%d bytes from %d: %q, %v", c.n, c.off, body, err)
		}
	}
	for _, c := range [][2]int64{{0, 11}, {9, 2}, {10, 1}, {11, 1}, {11, -1}, {11, 0}, {100, 100}} {
		if body, err := s.Get(t.Context(), "meta/a", c[0], c[1]); !errors.Is(err, store.ErrShort) {
			t.Errorf("%d bytes from %d: %q, %v", c[1], c[0], body, err)
		}
	}
}

func madeOnce(t *testing.T, s store.Store) {
	put(t, s, "head/1", "first")
	err := s.Put(t.Context(), "head/1", []byte("second"), store.PutOptions{})
	switch body := got(t, s, "head/1"); {
	case err == nil && body == "second" && !mustCreateOnly(t, s):
	case errors.Is(err, store.ErrExists) && body == "first":
	default:
		t.Errorf("%v, and it is %q", err, body)
	}
}

// mustCreateOnly: all but rclone's restic server.
func mustCreateOnly(t *testing.T, _ store.Store) bool {
	return !strings.HasPrefix(t.Name(), "TestRclone/")
}

func oneWins(t *testing.T, s store.Store) {
	if !mustCreateOnly(t, s) {
		return // all win
	}
	for round := range 4 {
		const racers = 32
		var all sync.WaitGroup
		errs := make([]error, racers)
		for i := range racers {
			all.Go(func() {
				errs[i] = s.Put(t.Context(), fmt.Sprintf("head/%d", round), fmt.Append(nil, i), store.PutOptions{})
			})
		}
		all.Wait()
		var winners []int
		for i, err := range errs {
			if err == nil {
				winners = append(winners, i)
			} else if !errors.Is(err, store.ErrExists) {
				t.Error(err)
			}
		}
		if body := got(t, s, fmt.Sprintf("head/%d", round)); len(winners) != 1 || body != fmt.Sprint(winners[0]) {
			t.Errorf("winners %v, it is %s", winners, body)
		}
	}
}

func listings(t *testing.T, s store.Store) {
	want := []string{"a", "a-b", "a.b", "a/b", "a/b/c", "a/b0", "a0", "data/00/x", "data/ab/x", "data/ab/y", "head/1",
		"head/2", "head/2-r", "vault.json"}
	conflicts := map[string]bool{"a": true, "a/b": true} // a folder of that name is there, or is wanted
	want = slices.DeleteFunc(want, func(n string) bool { return conflicts[n] })
	order := rand.New(rand.NewPCG(1, 2)).Perm(len(want))
	for _, i := range order {
		put(t, s, want[i], want[i])
	}
	from := func(prefix, after string) (all []string) {
		for _, n := range want {
			if strings.HasPrefix(n, prefix) && n > after {
				all = append(all, n)
			}
		}
		return all
	}
	prefixes := []string{"", "a", "a/", "a/b", "data", "data/", "data/a", "data/ab/", "head/", "head/2", "x", "x/"}
	afters := []string{"", "a", "a-b", "a/", "data/ab", "data/ab/x", "head/1", "head/9", "zzz"}
	if strings.HasPrefix(t.Name(), "TestRclone/") { // a process for each
		prefixes, afters = []string{"", "a", "data/ab/", "x/"}, []string{"", "a-b", "data/ab/x"}
	}
	for _, prefix := range prefixes {
		for _, after := range afters {
			if all, want := names(t, s, prefix, after), from(prefix, after); !slices.Equal(all, want) {
				t.Errorf("below %q after %q: %q, want %q", prefix, after, all, want)
			}
		}
	}
	for o, err := range s.List(t.Context(), "", "") {
		if err != nil || o.Size != int64(len(o.Name)) {
			t.Errorf("%+v, %v", o, err)
		}
		if o.Name == "head/1" {
			break // and no more is asked for
		}
	}
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
