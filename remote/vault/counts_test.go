package vault

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"snap/internal/long"
	"snap/record"
	"snap/remote/store"
)

// TestRequestsAreFew: a daily copy makes at most eight requests and one for each pack; these are golden numbers.
func TestRequestsAreFew(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		files, size     int
		packs, requests int64
	}{{0, 0, 0, 3}, {1, 10, 1, 9}, {1000, 100, 1, 9}, {20, 4 << 20, 5, 13}} {
		m, k := store.NewMemory(), allKeys(t)
		v, from := made(t, m, k), some(t)
		copied(t, v, from)
		packs := len(v.packs())
		if c.files > 0 {
			files := map[string][]byte{}
			for i := range c.files {
				files[fmt.Sprintf("n%04d", i)] = random(uint64(1000+i), c.size)
			}
			from.add(t, files)
		}
		res := copied(t, v, from)
		n := int64(len(v.packs()) - packs)
		if n != c.packs || res.Requests != c.requests || res.Requests > 8+n {
			t.Errorf("%d files of %d bytes: %d packs, %d requests; not %d, %d", c.files, c.size, n, res.Requests, c.packs,
				c.requests)
		}
	}
}

// TestTablesAreMerged: however many copies there are, a head has few tables, and each row is written a few times only.
func TestTablesAreMerged(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), newTrees()
	for i := range 60 {
		from.add(t, map[string][]byte{fmt.Sprintf("f%02d", i): random(uint64(i), 500)})
		copied(t, v, from)
		if n := len(v.Head().Tables); n > maxTables+1 {
			t.Fatalf("%d tables after %d copies", n, i+1)
		}
	}
	consistent(t, m, k, from)
}

// many is a source of one snapshot of many small files, which are made when they are read.
type many struct {
	trees
	n, size int
}

func (s *many) content(i int) []byte {
	b := make([]byte, s.size)
	copy(b, fmt.Sprintf("file %d\n", i))
	return b
}

func (s *many) Open(_ context.Context, _ uint64, path string) (io.ReadCloser, error) {
	var i int
	if _, err := fmt.Sscanf(path, "f%d", &i); err != nil {
		return nil, err
	}
	return io.NopCloser(newReader(s.content(i))), nil
}

func newReader(b []byte) io.Reader { return &onceReader{b} }

type onceReader struct{ b []byte }

func (r *onceReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.b)
	r.b = r.b[n:]
	return n, nil
}

// nowhere is a folder that keeps the catalogue and forgets the data, so that memory is the vault's alone: the catalogue
// of a million files has 50 MiB, in whatever store it is.
type nowhere struct{ store.Store }

func (n nowhere) Put(ctx context.Context, name string, body []byte, o store.PutOptions) error {
	if kindOf(name) == "data" {
		return nil
	}
	return n.Store.Put(ctx, name, body, o)
}

// TestMemoryDoesNotGrow: the heap that a copy lives on is bounded, whatever the number of files.
func TestMemoryDoesNotGrow(t *testing.T) {
	n := long.Of(150_000, 1_000_000)
	s := &many{trees: *newTrees(), n: n, size: 300}
	h := record.Header{Name: "20261101-120000", Seq: 1, Source: "/home/ann", Destination: s.id}
	s.snaps = []record.Header{h}
	pipe := func() io.ReadCloser {
		r, w := io.Pipe()
		go func() {
			cw, err := record.NewChangeWriter(w, &h)
			for i := 0; err == nil && i < n; i++ {
				rec := record.Record{Change: record.Added, Stored: record.Copied}
				rec.Kind, rec.Size, rec.Mode = 1, int64(s.size), 0o600
				err = cw.Add(fmt.Sprintf("f%09d", i), &rec)
			}
			if err == nil {
				err = cw.End(&h)
			}
			_ = w.CloseWithError(err)
		}()
		return r
	}
	src := &piped{many: s, pipe: pipe}
	folder, err := store.Open(t.Context(), "vault:"+t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	v := made(t, nowhere{folder}, allKeys(t))
	peak := peakOf(func() {
		if res := copied(t, v, src); res.Files != int64(n) {
			t.Errorf("%d of %d files", res.Files, n)
		}
	})
	t.Logf("%d files, %d MiB in use at most", n, peak>>20)
	if peak > 160<<20 {
		t.Errorf("%d MiB in use", peak>>20)
	}
}

// peakOf is how much memory is in use at most while something is done.
func peakOf(do func()) uint64 {
	runtime.GC() // what was before does not count
	var peak uint64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse+m.StackInuse)
			}
		}
	})
	do()
	close(stop)
	wg.Wait()
	return peak
}

type piped struct {
	*many
	pipe func() io.ReadCloser
}

func (s *piped) ChangeSet(context.Context, uint64) (io.ReadCloser, error) { return s.pipe(), nil }

// TestAPackIsClosedByItsFiles: however small they are, a pack has so many at most.
func TestAPackIsClosedByItsFiles(t *testing.T) {
	t.Parallel()
	k := allKeys(t)
	v := made(t, store.NewMemory(), k)
	p, err := v.newPack()
	if err != nil {
		t.Fatal(err)
	}
	r := &record.Record{}
	for i := 0; !p.full(); i++ {
		if i == packRows {
			t.Fatal("it has too many files")
		}
		if err := p.add([32]byte{byte(i), byte(i >> 8)}, "1/f", r, []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if p.rows != packRows {
		t.Errorf("it was closed with %d files", p.rows)
	}
}

// TestPartsOfAPack: the head and the end of a pack are asked for once or twice, however many of its parts are read one
// after the other.
func TestPartsOfAPack(t *testing.T) {
	t.Parallel()
	const parts = 5
	const n = parts * batchFiles
	v, from := made(t, store.NewMemory(), allKeys(t)), newTrees()
	files := map[string][]byte{}
	name := func(i int) string { return fmt.Sprintf("f%05d", i) }
	for i := range n {
		files[name(i)] = random(uint64(i), 400)
	}
	from.add(t, files)
	copied(t, v, from)
	v.s.reset()
	c := v.Contents()
	defer c.Close()
	for i := range n {
		c.Want(entryOf(name(i), files[name(i)]))
	}
	for i := range n {
		f, err := c.Open(t.Context(), entryOf(name(i), files[name(i)]))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(f); err != nil || string(got) != string(files[name(i)]) {
			t.Fatalf("file %d: %v", i, err)
		}
	}
	if asked, _, _ := v.s.counts(); len(v.packs()) != 1 || asked > parts+2*2 { // two are read at a time
		t.Errorf("%d requests for %d parts of %d packs", asked, parts, len(v.packs()))
	}
}
