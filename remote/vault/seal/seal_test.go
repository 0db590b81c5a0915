package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"snap/internal/long"
)

const id = "00112233445566778899aabbccddeeff"

func newKeys(t *testing.T, own ...Recipient) *Keys {
	t.Helper()
	k, err := NewKeys(own...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func compressor(t testing.TB) *Compressor {
	c, err := NewCompressor()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sealMeta(t *testing.T, k *Keys, plain []byte) []byte {
	t.Helper()
	b, err := k.SealMeta(compressor(t), plain)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestWhatEachKeyOpens is the table of docs/formats.md: who opens the catalogue, and who packs.
func TestWhatEachKeyOpens(t *testing.T) {
	k := newKeys(t)
	user, err := NewIdentity(false)
	if err != nil {
		t.Fatal(err)
	}
	pq, err := NewIdentity(true)
	if err != nil {
		t.Fatal(err)
	}
	own, quantum := newKeys(t, user.Recipient()), newKeys(t, pq.Recipient())
	rotated, err := k.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name               string
		sealed, with       *Keys
		catalogue, content error
	}{
		{"all keys", k, k, nil, nil},
		{"the catalogue's", k, k.WithoutContent(), nil, ErrKey},
		{"the content's", k, &Keys{Content: k.Content}, nil, nil},
		{"none", k, &Keys{}, ErrKey, ErrKey},
		{"others", k, newKeys(t), ErrKey, ErrKey},
		{"a recipient of one's own, where copies are made", own, own, nil, ErrKey},
		{"a recipient of one's own, with its identity", own, &Keys{Content: []Identity{user}}, nil, nil},
		{"a quantum-safe one, where copies are made", quantum, quantum, nil, ErrKey},
		{"a quantum-safe one, with its identity", quantum, &Keys{Content: []Identity{pq}}, nil, nil},
		{"new keys for what is old", k, rotated, nil, nil},
		{"old keys for what is new", rotated, k, ErrKey, ErrKey},
		{"new keys for what is new", rotated, rotated, nil, nil},
		{"none are needed", &Keys{}, &Keys{}, nil, nil},
		{"what is not sealed with keys", &Keys{}, k, ErrDamaged, ErrDamaged},
	} {
		plain := []byte("what is in it")
		got, err := test.with.OpenMeta(sealMeta(t, test.sealed, plain), 100)
		if !errors.Is(err, test.catalogue) || err == nil && !bytes.Equal(got, plain) {
			t.Errorf("%s: catalogue: %q, %v", test.name, got, err)
		}
		pack, err := test.sealed.SealPack(plain)
		if err != nil {
			t.Fatal(err)
		}
		r, n, err := test.with.OpenPack(bytes.NewReader(pack), int64(len(pack)))
		if test.sealed.Sealed() || !test.with.Sealed() {
			if !errors.Is(err, test.content) {
				t.Errorf("%s: a pack: %v", test.name, err)
			}
			if err == nil {
				got := make([]byte, n)
				if _, _ = r.ReadAt(got, 0); !bytes.Equal(got, plain) {
					t.Errorf("%s: a pack: %q", test.name, got)
				}
			}
		}
	}
	if _, err := NewKeys(user.Recipient(), pq.Recipient()); err == nil {
		t.Error("recipients of two kinds are taken")
	}
}

// TestDamagedObjects: of a sealed object any byte that is another one is noticed, and of one that is not sealed any
// that makes a difference.
func TestDamagedObjects(t *testing.T) {
	plain := bytes.Repeat([]byte("some text "), 20)
	for _, k := range []*Keys{newKeys(t), {}} {
		whole := sealMeta(t, k, plain)
		for i := range whole {
			b := bytes.Clone(whole)
			b[i] ^= 1 << (i % 8)
			got, err := k.OpenMeta(b, 1000)
			if !k.Sealed() && err == nil && bytes.Equal(got, plain) {
				continue // of the random bytes, or of a frame's head: the object's name tells
			}
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrKey) {
				t.Errorf("byte %d of %d: %q, %v", i, len(whole), got, err)
			}
			if got, err := k.OpenMeta(whole[:i], 1000); err == nil && bytes.Equal(got, plain) {
				t.Errorf("cut off at %d it is whole", i)
			}
		}
	}
}

// TestBombs: what says that it is large, and what is, is refused before there is memory for it.
func TestBombs(t *testing.T) {
	c := compressor(t)
	zeros := c.Append(nil, make([]byte, 128<<20))
	many := bytes.Repeat(c.Append(nil, make([]byte, 1<<20)), 128)
	stream := new(bytes.Buffer) // a frame that does not say how large it is
	w, err := zstd.NewWriter(stream)
	if err != nil {
		t.Fatal(err)
	}
	for range 128 {
		_, _ = w.Write(make([]byte, 1<<20))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lie := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0}, 0, 0, 0, 0, 0, 1, 0, 0) // 2^40 bytes in one segment
	for name, b := range map[string][]byte{"zeros": zeros, "frames": many, "a stream": stream.Bytes(), "a lie": lie} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Decompress(b, 2<<20); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
			t.Errorf("%s: %d bytes of memory", name, grown)
		}
	}
	var meta bytes.Buffer
	k := newKeys(t)
	meta.Write(sealMeta(t, k, make([]byte, 3<<20)))
	if _, err := k.OpenMeta(meta.Bytes(), 2<<20); !errors.Is(err, ErrDamaged) {
		t.Errorf("sealed: %v", err)
	}
}

// TestNoTwoObjectsAreTheSame, whatever is in them: a name that was deleted does not come back.
func TestNoTwoObjectsAreTheSame(t *testing.T) {
	for _, k := range []*Keys{newKeys(t), {}} {
		if bytes.Equal(sealMeta(t, k, nil), sealMeta(t, k, nil)) {
			t.Errorf("sealed %v: they are", k.Sealed())
		}
	}
}

// TestAgeReadsWhatIsSealed: the program age opens a catalogue's object and a pack with the text of the keys.
func TestAgeReadsWhatIsSealed(t *testing.T) {
	for _, tool := range []string{"age", "zstd"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s", tool)
		}
	}
	k := newKeys(t)
	dir := t.TempDir()
	plain := make([]byte, 200_000)
	_, _ = rand.Read(plain[:100_000])
	for name, b := range map[string][]byte{"keys": k.Text(id), "object": sealMeta(t, k, plain)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("sh", "-c", "age -d -i keys object | zstd -dc")
	cmd.Dir = dir
	if out, err := cmd.Output(); err != nil || !bytes.Equal(out, plain) {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

// TestRangesOfSealedObjects: the range that is said to be needed is enough to read what is in it.
func TestRangesOfSealedObjects(t *testing.T) {
	k := newKeys(t)
	long.Check(t, 50, func(t *rapid.T) {
		plain := make([]byte, rapid.IntRange(1, 300_000).Draw(t, "size"))
		_, _ = rand.Read(plain)
		object, err := k.SealPack(plain)
		if err != nil {
			t.Fatal(err)
		}
		size := int64(len(object))
		payload, err := k.PayloadAt(object[:min(HeadRead, len(object))])
		if err != nil {
			t.Fatal(err)
		}
		from := rapid.Int64Range(0, int64(len(plain))-1).Draw(t, "from")
		to := rapid.Int64Range(from+1, int64(len(plain))).Draw(t, "to")
		storedFrom, storedTo := k.StoredRange(payload, from, to, size)
		if storedTo-storedFrom > to-from+3*(chunkSize+tagSize) || storedTo > size {
			t.Fatalf("%d to %d for %d to %d", storedFrom, storedTo, from, to)
		}
		part := make([]byte, size) // with nothing but the head, the range and the last chunk
		copy(part, object[:payload])
		copy(part[storedFrom:], object[storedFrom:storedTo])
		lastFrom, _ := k.StoredRange(payload, int64(len(plain))-1, int64(len(plain)), size)
		copy(part[lastFrom:], object[lastFrom:])
		r, n, err := k.OpenPack(bytes.NewReader(part), size)
		if err != nil || n != int64(len(plain)) {
			t.Fatal(n, err)
		}
		got := make([]byte, to-from)
		if n, err := r.ReadAt(got, from); n != len(got) || !bytes.Equal(got, plain[from:to]) {
			t.Fatal(n, err)
		}
	})
}
