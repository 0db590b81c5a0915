package vault

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
	"testing"

	"snap/internal/file"
	"snap/internal/long"
	"snap/record"
	"snap/remote/store"
)

func entryOf(path string, body []byte) *record.Entry {
	r := record.Record{Change: record.Added, Stored: record.Copied, Flags: record.Hashed, Hash: sha256.Sum256(body)}
	r.Kind, r.Size = file.Regular, int64(len(body))
	return &record.Entry{Path: path, Record: r}
}

// TestRestoreMemoryDoesNotGrow: the heap that contents are given from is bounded, however many files are wanted, and
// whether all of them are opened or not.
func TestRestoreMemoryDoesNotGrow(t *testing.T) {
	n := long.Of(600, 6000)
	dir, err := store.Open(t.Context(), "vault:"+t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, from := made(t, dir, allKeys(t)), newTrees()
	body := func(i int) []byte { return random(uint64(i), 500_000) }
	for at := 0; at < n; at += 100 { // so little at a time that the test itself has not much
		files := map[string][]byte{}
		for i := at; i < at+100; i++ {
			files[fmt.Sprintf("f%05d", i)] = body(i)
		}
		from.add(t, files)
		copied(t, v, from)
		clear(from.bytes)
	}
	peak := peakOf(func() {
		c := v.Contents()
		defer c.Close()
		wanted := 0
		for i := range n {
			for ; wanted < min(n, i+4096); wanted++ {
				c.Want(entryOf("f", body(wanted)))
			}
			if i%5 == 4 { // somebody decided otherwise
				continue
			}
			f, err := c.Open(t.Context(), entryOf("f", body(i)))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(f); err != nil || string(got) != string(body(i)) {
				t.Fatalf("file %d: %v", i, err)
			}
		}
	})
	t.Logf("%d files of 500 KB, %d MiB in use at most", n, peak>>20)
	if peak > 160<<20 {
		t.Errorf("%d MiB in use", peak>>20)
	}
}

// gated is a store whose requests for packs wait.
type gated struct {
	store.Store
	mu    sync.Mutex
	asked int
	wait  chan struct{}
	more  chan struct{} // is closed with the second request
}

func (g *gated) Get(ctx context.Context, name string, off, n int64) ([]byte, error) {
	if kindOf(name) == "data" {
		g.mu.Lock()
		g.asked++
		if g.asked == 2 {
			close(g.more)
		}
		g.mu.Unlock()
		<-g.wait
	}
	return g.Store.Get(ctx, name, off, n)
}

// TestFetchingOverlaps: what is opened later is asked for before what is opened first has come.
func TestFetchingOverlaps(t *testing.T) {
	t.Parallel()
	g := &gated{Store: store.NewMemory(), wait: make(chan struct{}), more: make(chan struct{})}
	k := allKeys(t)
	v, from := made(t, g, k), newTrees()
	for i := range 10 {
		from.add(t, map[string][]byte{fmt.Sprintf("f%d", i): random(uint64(i), 3<<20)})
		copied(t, v, from)
	}
	c := v.Contents()
	defer c.Close()
	for i := range 10 {
		c.Want(entryOf("f", random(uint64(i), 3<<20)))
	}
	go func() {
		<-g.more // a second one is under way while the first one waits
		close(g.wait)
	}()
	for i := range 10 {
		f, err := c.Open(t.Context(), entryOf("f", random(uint64(i), 3<<20)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || len(got) != 3<<20 {
			t.Errorf("file %d: %d bytes, %v", i, len(got), err)
		}
	}
}
