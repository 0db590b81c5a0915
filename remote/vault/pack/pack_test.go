package pack

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/internal/long"
	"snap/remote/vault/seal"
)

// sealedAndPlain runs a test with the keys of a sealed vault, and with those of one that is not.
func sealedAndPlain(t *testing.T, test func(t *testing.T, k *seal.Keys)) {
	sealed, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sealed", func(t *testing.T) { test(t, sealed) })
	t.Run("plain", func(t *testing.T) { test(t, &seal.Keys{}) })
}

func compressor(t testing.TB) *seal.Compressor {
	c, err := seal.NewCompressor()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type file struct {
	Entry
	body []byte
}

func write(t interface{ Fatal(...any) }, k *seal.Keys, c *seal.Compressor, files []file) *Pack {
	w, err := NewWriter(k, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := w.Add(sha256.Sum256(f.body), f.Entry, f.body); err != nil {
			t.Fatal(err)
		}
	}
	p, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPacksRoundTrip: whatever was added comes back, one by one in any order and all together, and the name is the
// SHA-256 of the object.
func TestPacksRoundTrip(t *testing.T) {
	c := compressor(t)
	sealedAndPlain(t, func(t *testing.T, k *seal.Keys) {
		long.Check(t, 30, func(t *rapid.T) {
			var files []file
			for i := range rapid.IntRange(0, 12).Draw(t, "n") {
				size := rapid.SampledFrom([]int{0, 1, 511, 512, 513, 70_000, 1 << 20, PieceSize}).Draw(t, "size")
				body := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 1, 99).Draw(t, "bytes"), size)[:size]
				name := rapid.SampledFrom([]string{"s/a", "s/\xff\n", "s/" + string(bytes.Repeat([]byte("long/"), 60))}).
					Draw(t, "name") + fmt.Sprint(i)
				sec := rapid.Int64Range(-1<<50, 1<<50).Draw(t, "mtime")
				files = append(files, file{Entry{name, uint32(rapid.IntRange(0, 0o777).Draw(t, "mode")), time.Unix(sec, 5)}, body})
			}
			p := write(t, k, c, files)
			if sha256.Sum256(p.Body) != p.Sum || len(p.Items) != len(files) {
				t.Fatalf("%d items of %d", len(p.Items), len(files))
			}
			r, err := Open(bytes.NewReader(p.Body), int64(len(p.Body)), k)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range rapid.Permutation(indexes(len(files))).Draw(t, "order") {
				got, err := r.Read(p.Items[i].Place)
				if err != nil || !bytes.Equal(got, files[i].body) {
					t.Fatalf("%q: %d bytes, %v", files[i].Name, len(got), err)
				}
			}
			i := 0
			for got, err := range All(p.Body, k) {
				if err != nil {
					t.Fatal(err)
				}
				f := files[i]
				if got.Name != f.Name || got.Mode != f.Mode || !bytes.Equal(got.Body, f.body) || got.Place != p.Items[i].Place ||
					!got.Mtime.Equal(inRange(f.Mtime)) {
					t.Fatalf("%+v for %+v", got.Entry, f.Entry)
				}
				i++
			}
			if i != len(files) {
				t.Fatalf("%d entries of %d", i, len(files))
			}
		})
	})
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// TestAgeZstdAndTarReadPacks: the programs that people have bring the files back.
func TestAgeZstdAndTarReadPacks(t *testing.T) {
	for _, tool := range []string{"age", "zstd", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s", tool)
		}
	}
	c := compressor(t)
	sealedAndPlain(t, func(t *testing.T, k *seal.Keys) {
		dir := t.TempDir()
		mtime := time.Unix(1_000_000_000, 0)
		files := []file{
			{Entry{"2026-01-01/a b", 0o640, mtime}, []byte("one")},
			{Entry{"2026-01-01/bad\xffname", 0o600, mtime}, nil},
			{Entry{"2026-01-01/" + string(bytes.Repeat([]byte("deep/"), 300)) + "file", 0o600, mtime},
				bytes.Repeat([]byte("x"), 3<<20)},
			{Entry{"2026-01-01/large" + Piece(6), 0o600, mtime}, bytes.Repeat([]byte("abc"), PieceSize/3)},
		}
		p := write(t, k, c, files)
		if err := os.WriteFile(filepath.Join(dir, "pack"), p.Body, 0o600); err != nil {
			t.Fatal(err)
		}
		open := "cat pack"
		if k.Sealed() {
			open = "age -d -i key pack"
			if err := os.WriteFile(filepath.Join(dir, "key"), []byte(k.Content[0].String()+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command("sh", "-ec", "mkdir out; "+open+
			" >frames; zstd -q -d <frames >files.tar; tar -x -p -f files.tar -C out")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, f := range files {
			at := filepath.Join(dir, "out", f.Name)
			got, err := os.ReadFile(at)
			if err != nil || !bytes.Equal(got, f.body) {
				t.Errorf("%q: %d bytes, %v", f.Name, len(got), err)
			}
			if s, err := os.Stat(at); err != nil || s.Mode().Perm() != os.FileMode(f.Mode) || !s.ModTime().Equal(f.Mtime) {
				t.Errorf("%q: %v, %v", f.Name, s, err)
			}
		}
	})
}
