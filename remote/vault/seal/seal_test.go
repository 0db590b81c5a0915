package seal

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"snap/remote/keys"
)

type pair struct {
	ring *keys.Ring
	s    *Sealer
	o    *Opener
}

func pairs(t testing.TB) map[string]pair {
	t.Helper()
	r, err := keys.New("v", nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := r.Keys()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]pair{
		"sealed": {r, NewSealer(k.ContentRecipients), NewOpener(true, k.Content)},
		"plain":  {nil, &Sealer{}, &Opener{}},
	}
}

// TestObjectsComeBack: as they were, by the whole and by parts, and no two are the same.
func TestObjectsComeBack(t *testing.T) {
	for name, p := range pairs(t) {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				content := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "content"),
					rapid.SampledFrom([]int{1, 1, 700}).Draw(t, "times"))
				stored, err := p.s.Seal(content)
				if err != nil {
					t.Fatal(err)
				}
				if twin, _ := p.s.Seal(content); bytes.Equal(twin, stored) {
					t.Fatal("two objects are the same")
				}
				got, err := p.o.Open(stored, int64(len(content)))
				if err != nil || !bytes.Equal(got, content) {
					t.Fatalf("%d bytes: %v", len(got), err)
				}
				if len(content) > 0 {
					if _, err := p.o.Open(stored, int64(len(content))-1); !errors.Is(err, ErrDamaged) {
						t.Fatalf("more than the limit: %v", err)
					}
				}
				r, n, err := p.o.ReaderAt(bytes.NewReader(stored), int64(len(stored)))
				if err != nil {
					t.Fatal(err)
				}
				packed := make([]byte, n)
				if _, err := r.ReadAt(packed, 0); err != nil && n > 0 && err.Error() != "EOF" {
					t.Fatal(err)
				}
				if got, err := Frames(packed, int64(len(content))); err != nil || !bytes.Equal(got, content) {
					t.Fatal(err)
				}
			})
		})
	}
}

// TestOthersReadObjects: the programs age and zstd do.
func TestOthersReadObjects(t *testing.T) {
	for _, name := range []string{"age", "zstd"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("needs " + name)
		}
	}
	content := bytes.Repeat([]byte("a line of text\n"), 20_000)
	for name, p := range pairs(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			stored, err := p.s.Seal(content)
			if err != nil {
				t.Fatal(err)
			}
			command := "zstd -d -q -c object"
			if p.ring != nil {
				command = "age -d -i keys object | zstd -d -q -c"
				if err := os.WriteFile(filepath.Join(dir, "keys"), p.ring.Text(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "object"), stored, 0o600); err != nil {
				t.Fatal(err)
			}
			c := exec.Command("sh", "-c", command)
			c.Dir = dir
			if out, err := c.Output(); err != nil || !bytes.Equal(out, content) {
				t.Errorf("%v: %d bytes", err, len(out))
			}
		})
	}
}

// TestDamagedObjects: a changed or missing byte of a sealed object is always found; of a plain one nothing panics, and
// what it should be is the caller's to know. Another key is not taken for damage.
func TestDamagedObjects(t *testing.T) {
	content := []byte("some bytes that are here, are here, are here")
	all := pairs(t)
	for name, p := range all {
		stored, err := p.s.Seal(content)
		if err != nil {
			t.Fatal(err)
		}
		for i := range stored {
			other := bytes.Clone(stored)
			other[i] ^= 4
			for _, b := range [][]byte{stored[:i], other} {
				got, err := p.o.Open(b, 1<<20)
				if name == "sealed" && err == nil {
					t.Fatalf("byte %d: %q", i, got)
				}
				_, _, _ = p.o.ReaderAt(bytes.NewReader(b), int64(len(b)))
			}
		}
	}
	stored, err := all["sealed"].s.Seal(content)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []*Opener{NewOpener(true, nil), pairs(t)["sealed"].o} {
		if _, err := o.Open(stored, 1<<20); !errors.Is(err, keys.ErrKey) {
			t.Error(err)
		}
		if _, _, err := o.ReaderAt(bytes.NewReader(stored), int64(len(stored))); !errors.Is(err, keys.ErrKey) {
			t.Error(err)
		}
	}
}

// TestBombs: a small object that claims to be a large one takes no memory.
func TestBombs(t *testing.T) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstd.MinWindowSize))
	if err != nil {
		t.Fatal(err)
	}
	one := enc.EncodeAll(make([]byte, 16<<20), nil)
	many := bytes.Repeat(one, 64) // 1 GiB
	limit := int64(1 << 20)
	if _, err := Frames(many, limit); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = Frames(many, limit)
		}
	})
	if r.AllocedBytesPerOp() > 64<<20 {
		t.Errorf("%d bytes for an object of %d", r.AllocedBytesPerOp(), len(many))
	}
}
