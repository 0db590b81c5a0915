package file

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"snap/internal/filetest"
)

// extent is a range of data: [start, end).
type extent [2]int64

// sparse makes a file with data in these ranges and holes between them.
func sparse(t *testing.T, path string, size int64, data ...extent) {
	t.Helper()
	f, err := os.Create(path)
	check(t, err)
	defer f.Close()
	for _, e := range data {
		b := make([]byte, e[1]-e[0])
		for i := range b {
			b[i] = byte(e[0] + int64(i)*7 + int64(i)>>8 + 1)
		}
		_, err := f.WriteAt(b, e[0])
		check(t, err)
	}
	check(t, f.Truncate(size))
}

// extents are the ranges of data as SEEK_DATA and SEEK_HOLE tell them, without looking for zeros.
func extents(t *testing.T, path string) (all []extent) {
	t.Helper()
	f, err := os.Open(path)
	check(t, err)
	defer f.Close()
	for off := int64(0); ; {
		start, err := unix.Seek(int(f.Fd()), off, unix.SEEK_DATA)
		if err == unix.ENXIO {
			return all
		}
		check(t, err)
		off, err = unix.Seek(int(f.Fd()), start, unix.SEEK_HOLE)
		check(t, err)
		all = append(all, extent{start, off})
	}
}

func blocks(t *testing.T, path string) int64 {
	t.Helper()
	var s unix.Stat_t
	check(t, unix.Lstat(path, &s))
	return s.Blocks
}

// hooked calls hook before the n-th Write.
type hooked struct {
	hash.Hash
	n    int
	hook func(n int)
}

func (h *hooked) Write(p []byte) (int, error) {
	h.hook(h.n)
	h.n++
	return h.Hash.Write(p)
}

// copyTo copies name to the new file to, and returns what Copy says and the hash that it fed.
func copyTo(t *testing.T, d *Dir, name, to string, size int64, buf int, hook func(n int)) (int64, []byte, error) {
	t.Helper()
	src, err := d.Open(name)
	check(t, err)
	defer src.Close()
	dst, err := d.Create(to)
	check(t, err)
	h := hash.Hash(sha256.New())
	if hook != nil {
		h = &hooked{Hash: h, hook: hook}
	}
	n, _, err := Copy(t.Context(), dst, src, size, h, make([]byte, buf))
	check(t, dst.Close())
	return n, h.Sum(nil), err
}

func TestCopyAndHash(t *testing.T) {
	d, path := tempRoot(t)
	const k = 1 << 10
	for i, c := range []struct {
		size int64
		data []extent
	}{
		{0, nil},
		{1, []extent{{0, 1}}},
		{4096, []extent{{0, 4096}}},
		{4096, nil},
		{4097, []extent{{0, 4097}}},
		{200*k + 13, []extent{{0, 200*k + 13}}},
		{1024 * k, nil},
		{1024*k + 1, nil},
		{1024 * k, []extent{{0, 8 * k}}},
		{1024 * k, []extent{{1016 * k, 1024 * k}}},
		{1024*k + 5, []extent{{64 * k, 200 * k}, {512 * k, 513 * k}, {1024 * k, 1024*k + 5}}},
		{3000 * k, []extent{{0, 4 * k}, {128 * k, 132 * k}, {2048 * k, 2948 * k}}},
	} {
		name := fmt.Sprintf("src%d", i)
		sparse(t, path+"/"+name, c.size, c.data...)
		content, err := os.ReadFile(path + "/" + name)
		check(t, err)
		want := sha256.Sum256(content)
		for _, buf := range []int{1000, 4096, 64 * k, 1024 * k} {
			to := fmt.Sprintf("dst%d-%d", i, buf)
			n, sum, err := copyTo(t, d, name, to, c.size, buf, nil)
			if n != c.size || err != nil || !bytes.Equal(sum, want[:]) {
				t.Errorf("%s: %d of %d bytes, %v, hash is right: %v", to, n, c.size, err, bytes.Equal(sum, want[:]))
			}
			if got, err := os.ReadFile(path + "/" + to); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: other bytes, %v", to, err)
			}
			if a, b := extents(t, path+"/"+name), extents(t, path+"/"+to); c.size > smallest && !slices.Equal(a, b) {
				t.Errorf("%s: data was at %v, is at %v", to, a, b)
			}
			if a, b := blocks(t, path+"/"+name), blocks(t, path+"/"+to); c.size > smallest && b > a+8 {
				// a full disk may take a block more to say where they are
				t.Errorf("%s: %d blocks of %d", to, b, a)
			}
			src, err := d.Open(name)
			check(t, err)
			h := sha256.New()
			n, err = Hash(t.Context(), src, c.size, h, make([]byte, buf))
			check(t, src.Close())
			if n != c.size || err != nil || !bytes.Equal(h.Sum(nil), want[:]) {
				t.Errorf("Hash of %s: %d of %d bytes, %v", name, n, c.size, err)
			}
		}
	}
	sparse(t, path+"/probe", 1<<20)
	if blocks(t, path+"/probe") != 0 {
		t.Skip("the temporary folder's file system keeps no holes: only bytes were compared")
	}
}

// TestCopyOfAGrowingFile ends at the size that it was told, although there is always more.
func TestCopyOfAGrowingFile(t *testing.T) {
	d, path := tempRoot(t)
	for _, size := range []int64{100, 10_000, 1 << 20} {
		name, to := fmt.Sprint(size), fmt.Sprint("copy", size)
		sparse(t, path+"/"+name, size, extent{0, size})
		content, err := os.ReadFile(path + "/" + name)
		check(t, err)
		grow, err := os.OpenFile(path+"/"+name, os.O_WRONLY|os.O_APPEND, 0)
		check(t, err)
		_, err = grow.WriteString("more before it began")
		check(t, err)
		n, sum, err := copyTo(t, d, name, to, size, 4096, func(int) {
			grow.Write(make([]byte, 8192))
		})
		check(t, grow.Close())
		want := sha256.Sum256(content)
		if n != size || err != nil || !bytes.Equal(sum, want[:]) {
			t.Errorf("%d of %d bytes, %v", n, size, err)
		}
		if got, err := os.ReadFile(path + "/" + to); err != nil || !bytes.Equal(got, content) {
			t.Errorf("size %d: other bytes, %v", size, err)
		}
	}
}

// TestCopyOfAShrinkingFile says how many bytes there were, and pads nothing: what was cut off does not
// come back as a hole.
func TestCopyOfAShrinkingFile(t *testing.T) {
	d, path := tempRoot(t)
	const k = 1 << 10
	for i, c := range []struct {
		size int64 // as lstat saw it
		data []extent
		when int   // cut before the n-th range is hashed; -1: before the copy begins
		cut  int64 // to this size
		want int64
	}{
		{100, []extent{{0, 100}}, -1, 40, 40},
		{100, []extent{{0, 100}}, -1, 0, 0},
		{100 * k, []extent{{0, 100 * k}}, -1, 64 * k, 64 * k},
		{100 * k, []extent{{0, 100 * k}}, -1, 64*k + 1, 64*k + 1},
		{100 * k, []extent{{0, 100 * k}}, -1, 0, 0},
		{100 * k, []extent{{0, 100 * k}}, 0, 0, 4 * k},                               // after the first read
		{100 * k, []extent{{0, 100 * k}}, 3, 18 * k, 18 * k},                         // within the next read
		{1024 * k, []extent{{0, 4 * k}}, -1, 512 * k, 512 * k},                       // within the hole at the end
		{1024 * k, []extent{{0, 4 * k}, {1000 * k, 1024 * k}}, -1, 512 * k, 512 * k}, // within a hole before data
		{1024 * k, nil, -1, 512 * k, 512 * k},                                        // nothing but a hole
		{1024 * k, nil, -1, 0, 0},
	} {
		for _, hashOnly := range []bool{false, true} {
			name, to := fmt.Sprintf("src%d%v", i, hashOnly), fmt.Sprintf("dst%d", i)
			sparse(t, path+"/"+name, c.size, c.data...)
			content, err := os.ReadFile(path + "/" + name)
			check(t, err)
			cut := func(n int) {
				if n == c.when {
					check(t, os.Truncate(path+"/"+name, c.cut))
				}
			}
			cut(-1)
			var n int64
			var sum []byte
			if hashOnly {
				src, err := d.Open(name)
				check(t, err)
				h := &hooked{Hash: sha256.New(), hook: cut}
				n, err = Hash(t.Context(), src, c.size, h, make([]byte, 4*k))
				check(t, err)
				check(t, src.Close())
				sum = h.Sum(nil)
			} else {
				n, sum, err = copyTo(t, d, name, to, c.size, 4*k, cut)
				check(t, err)
				if got, err := os.ReadFile(path + "/" + to); err != nil || !bytes.Equal(got, content[:c.want]) {
					t.Errorf("case %d: the copy has %d bytes, or others, %v", i, len(got), err)
				}
			}
			if want := sha256.Sum256(content[:c.want]); n != c.want || !bytes.Equal(sum, want[:]) {
				t.Errorf("case %d: %d bytes of %d, want %d; hash only: %v", i, n, c.size, c.want, hashOnly)
			}
		}
	}
}

// kinds says which of the two errors err is.
func kinds(err error) string {
	var r *ReadError
	var w *WriteError
	return fmt.Sprintf("read %v, write %v", errors.As(err, &r), errors.As(err, &w))
}

// TestCopyErrors: a failing source and a failing destination are never confused.
func TestCopyErrors(t *testing.T) {
	d, path := tempRoot(t)
	sparse(t, path+"/data", 10_000, extent{0, 10_000})
	sparse(t, path+"/small", 100, extent{0, 100})
	sparse(t, path+"/hole", 10_000)
	write(t, path+"/read-only", "")
	open := func(d *Dir, name string) *File {
		f, err := d.Open(name)
		check(t, err)
		t.Cleanup(func() { f.Close() })
		return f
	}
	buf := make([]byte, 4096)
	for _, name := range []string{"data", "small", "hole"} {
		n, _, err := Copy(t.Context(), open(d, "read-only"), open(d, name), 10_000, sha256.New(), buf)
		if got := kinds(err); got != "read false, write true" || !errors.As(err, new(*fs.PathError)) {
			t.Errorf("%s: after %d bytes %v: %s", name, n, err, got)
		}
	}
	// The kernel maps nothing at address 0: reading there is EIO.
	self := openRootAt(t, "/proc/self")
	for i, size := range []int64{100, 10_000} {
		to := fmt.Sprint("dst", i)
		dst, err := d.Create(to)
		check(t, err)
		_, _, err = Copy(t.Context(), dst, open(self, "mem"), size, sha256.New(), buf)
		if got := kinds(err); got != "read true, write false" || !errors.Is(err, unix.EIO) {
			t.Errorf("%v: %s", err, got)
		}
		check(t, dst.Close())
		_, err = Hash(t.Context(), open(self, "mem"), size, sha256.New(), buf)
		if got := kinds(err); got != "read true, write false" {
			t.Errorf("Hash: %v: %s", err, got)
		}
	}
	// Stopped before the next piece, be it data or a hole.
	for _, name := range []string{"data", "hole"} {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		dst, err := d.Create("stopped-" + name)
		check(t, err)
		n, _, err := Copy(ctx, dst, open(d, name), 10_000, sha256.New(), buf)
		if err != context.Canceled || n != 0 {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		check(t, dst.Close())
	}
}

// TestCopyToAFullDisk is a WriteError, on a file system that holds less than the source.
func TestCopyToAFullDisk(t *testing.T) {
	full := openRootAt(t, mount(t, "tmpfs", "size=64k"))
	d, path := tempRoot(t)
	sparse(t, path+"/src", 1<<20, extent{0, 1 << 20})
	src, err := d.Open("src")
	check(t, err)
	defer src.Close()
	dst, err := full.Create("dst")
	check(t, err)
	defer dst.Close()
	n, _, err := Copy(t.Context(), dst, src, 1<<20, sha256.New(), make([]byte, 16<<10))
	if got := kinds(err); got != "read false, write true" || !errors.Is(err, unix.ENOSPC) || n > 64<<10 ||
		!DiskFailed(err) {
		t.Errorf("after %d bytes %v: %s", n, err, got)
	}
}

// TestCloneFrom shares the bytes where the file system can, and says so where it cannot.
func TestCloneFrom(t *testing.T) {
	for kind, want := range map[string]bool{"tmpfs": false, "btrfs": true} {
		t.Run(kind, func(t *testing.T) {
			path := ""
			if want {
				path, _ = filetest.Image(t, kind, "320M")
			} else {
				path = mount(t, kind, "size=4m")
			}
			d := openRootAt(t, path)
			sparse(t, path+"/src", 1<<20, extent{0, 1 << 20})
			src, err := d.Open("src")
			check(t, err)
			dst, err := d.Create("dst")
			check(t, err)
			if got := dst.CloneFrom(src); got != want {
				t.Errorf("cloned: %v", got)
			}
			check(t, errors.Join(src.Close(), dst.Close()))
			a, err := os.ReadFile(path + "/src")
			check(t, err)
			b, err := os.ReadFile(path + "/dst")
			check(t, err)
			if want && !bytes.Equal(a, b) || !want && len(b) != 0 {
				t.Errorf("the clone has %d bytes", len(b))
			}
		})
	}
}

// countingPace counts the bytes that were allowed.
type countingPace struct{ n int64 }

func (p *countingPace) Piece() int64 { return 1000 }

func (p *countingPace) Wait(ctx context.Context, n int64) error {
	p.n += n
	return ctx.Err()
}

// TestReadingKeepsPace: all that is read is asked for, in pieces; holes cost nothing.
func TestReadingKeepsPace(t *testing.T) {
	dir, err := OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	f, err := dir.Create("f")
	if err == nil {
		err = errors.Join(f.writeAt([]byte("begin"), 0), f.writeAt(make([]byte, 10000), 8<<20), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	src, err := dir.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	p := new(countingPace)
	src.Pace(p)
	size := int64(8<<20 + 10000)
	n, err := Hash(t.Context(), src, size, NewDigest(), make([]byte, 64<<10))
	if want := int64(4096 + 12288); err != nil || n != size || p.n > want || p.n < 10005 {
		t.Errorf("%d bytes for %d, %v", p.n, n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := CopyToEnd(ctx, nil, src, size, NewDigest(), make([]byte, 64<<10)); err == nil {
		t.Errorf("%d bytes after the end", n)
	}
}
