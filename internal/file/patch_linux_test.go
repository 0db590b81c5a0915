package file_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/internal/filetest"
)

const block = file.PatchBlock

// onCloning runs a test on each file system that can share blocks.
func onCloning(t *testing.T, test func(t *testing.T, dir string)) {
	for kind, size := range map[string]string{"xfs": "400M", "btrfs": "256M"} {
		t.Run(kind, func(t *testing.T) {
			mnt, _ := filetest.Image(t, kind, size)
			test(t, mnt)
		})
	}
}

// patched patches a clone of older in dir to be newer, and returns its path.
func patched(t *testing.T, dir, older, newer string, before, after *file.Digest) (string, *file.Patch) {
	t.Helper()
	d, err := file.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	base, err := d.Open(older)
	if err != nil {
		t.Fatal(err)
	}
	defer base.Close()
	src, err := d.Open(newer)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	os.Remove(filepath.Join(dir, "clone"))
	dst, err := d.Create("clone")
	if err != nil {
		t.Fatal(err)
	}
	defer dst.Close()
	if !dst.CloneFrom(base) {
		t.Fatal("it cannot be cloned")
	}
	p, err := file.NewPatch(dst, before)
	if err != nil {
		t.Fatal(err)
	}
	s, err := src.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := p.Copy(context.Background(), src, s.Size, after); err != nil || n != s.Size {
		t.Fatalf("%d of %d bytes: %v", n, s.Size, err)
	}
	return filepath.Join(dir, "clone"), p
}

// content makes random content in pieces of data and holes, with edges near those of blocks and steps.
func content(t *rapid.T, name string) (whole []byte, write func(f *os.File) error) {
	type piece struct{ off, n int64 }
	edge := rapid.Custom(func(t *rapid.T) int64 {
		at := rapid.SampledFrom([]int64{0, block, 2 * block, 15 * block, 16 * block, 17 * block, 33 * block}).Draw(t, "edge")
		return max(at+rapid.SampledFrom([]int64{-4097, -4096, -1, 0, 0, 1, 4096, 4097}).Draw(t, "beside"), 0)
	})
	size := edge.Draw(t, name+" size")
	whole = make([]byte, size)
	var data []piece
	for range rapid.IntRange(0, 6).Draw(t, name+" pieces") {
		a, b := edge.Draw(t, "from"), edge.Draw(t, "to")
		if a, b = min(a, b, size), min(max(a, b), size); a < b {
			fill := byte(rapid.IntRange(0, 3).Draw(t, "fill")) // 0: zeros that are stored
			for i := a; i < b; i++ {
				whole[i] = fill * byte(1+i>>12)
			}
			data = append(data, piece{a, b - a})
		}
	}
	return whole, func(f *os.File) error {
		for _, p := range data {
			if _, err := f.WriteAt(whole[p.off:p.off+p.n], p.off); err != nil {
				return err
			}
		}
		return f.Truncate(size)
	}
}

// TestPatchIsTheNewFile: whatever the older file is, the patched clone has the newer one's bytes, both hashes are those
// of the files, and the older one is as it was.
func TestPatchIsTheNewFile(t *testing.T) {
	onCloning(t, func(t *testing.T, dir string) {
		rapid.Check(t, func(rt *rapid.T) {
			var want [2][]byte
			for i, name := range []string{"older", "newer"} {
				whole, write := content(rt, name)
				f, err := os.Create(filepath.Join(dir, name))
				if err == nil {
					err = write(f)
				}
				if f.Close(); err != nil {
					rt.Fatal(err)
				}
				want[i] = whole
			}
			for _, sparse := range []bool{false, true} {
				before, after, plain := file.NewDigest(), file.NewDigest(), file.NewDigest()
				before.Begin(sparse)
				after.Begin(sparse)
				plain.Begin(sparse)
				clone, p := patched(t, dir, "older", "newer", before, after)
				for i, h := range []*file.Digest{before, after} {
					plain.Reset()
					plain.Write(want[i])
					if !bytes.Equal(h.Sum(nil), plain.Sum(nil)) {
						rt.Fatalf("sparse %v: hash %d is not that of the file", sparse, i)
					}
				}
				if got, err := os.ReadFile(clone); err != nil || !bytes.Equal(got, want[1]) {
					rt.Fatalf("the clone is not the newer file: %v", err)
				}
				if got, err := os.ReadFile(filepath.Join(dir, "older")); err != nil || !bytes.Equal(got, want[0]) {
					rt.Fatalf("the older file has changed: %v", err)
				}
				differ := int64(0)
				for at := 0; at < len(want[1]); at += block {
					old := make([]byte, min(block, len(want[1])-at))
					copy(old, want[0][min(at, len(want[0])):])
					if !bytes.Equal(old, want[1][at:at+len(old)]) {
						differ++
					}
				}
				if p.Blocks() != differ || p.Wrote() > differ*block {
					rt.Fatalf("%d blocks, %d bytes, want %d blocks", p.Blocks(), p.Wrote(), differ)
				}
			}
		})
	})
}

// TestPatchTakesWhatDiffers: on the disk the clone takes the blocks that differ, and holes of the source are holes.
func TestPatchTakesWhatDiffers(t *testing.T) {
	onCloning(t, func(t *testing.T, dir string) {
		whole := make([]byte, 64<<20)
		rand.NewChaCha8(sha256.Sum256(nil)).Read(whole)
		if err := os.WriteFile(filepath.Join(dir, "older"), whole, 0o600); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(whole); i += 100 * block {
			whole[i+17]++
		}
		newer := filepath.Join(dir, "newer")
		if err := os.WriteFile(newer, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		filetest.Must(t, "fallocate", "-p", "-o", "40M", "-l", "8M", newer)
		free := func() uint64 {
			filetest.Must(t, "sync", "-f", dir)
			var s syscall.Statfs_t
			if err := syscall.Statfs(dir, &s); err != nil {
				t.Fatal(err)
			}
			return s.Bfree * uint64(s.Bsize)
		}
		before := free()
		clone, p := patched(t, dir, "older", "newer", nil, file.NewDigest())
		if took := int64(before - min(free(), before)); took > 11*block+1<<20 || p.Wrote() > 11*block {
			t.Errorf("the clone takes %d bytes, %d were written", took, p.Wrote())
		}
		var s syscall.Stat_t
		if err := syscall.Stat(clone, &s); err != nil || s.Blocks*512 > 57<<20 {
			t.Errorf("%d bytes are allocated: %v", s.Blocks*512, err)
		}
	})
}
