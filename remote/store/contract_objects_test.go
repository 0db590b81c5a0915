package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"snap/remote/store"
)

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
