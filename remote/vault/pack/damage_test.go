package pack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"snap/remote/vault/seal"
)

func named(err error) bool { return errors.Is(err, seal.ErrDamaged) || errors.Is(err, seal.ErrKey) }

func sum(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

// TestDamagedPacks: whatever byte is another one, or wherever the pack is cut off, a content is the right one or an
// error that says what it is.
func TestDamagedPacks(t *testing.T) {
	c := compressor(t)
	sealedAndPlain(t, func(t *testing.T, k *seal.Keys) {
		files := []file{{Entry{"s/a", 0o600, time.Unix(1, 0)}, []byte("some text")},
			{Entry{"s/b", 0o600, time.Unix(1, 0)}, bytes.Repeat([]byte("other text"), 9)}}
		p := write(t, k, c, files)
		look := func(what string, i int, b []byte) {
			r, err := Open(bytes.NewReader(b), int64(len(b)), k)
			if err != nil {
				if !named(err) {
					t.Errorf("%s %d: %v", what, i, err)
				}
				return
			}
			for j, item := range p.Items {
				got, err := r.Read(item.Place)
				if err != nil && !named(err) {
					t.Errorf("%s %d: %v", what, i, err)
				}
				// In a pack that is not sealed zstd's checksum is of 32 bits; the SHA-256 is the caller's.
				if err == nil && !bytes.Equal(got, files[j].body) {
					t.Errorf("%s %d: wrong bytes", what, i)
				}
			}
			for _, err := range All(b, k) {
				if err != nil && !named(err) {
					t.Errorf("%s %d: all: %v", what, i, err)
				}
			}
		}
		for i := range p.Body {
			b := bytes.Clone(p.Body)
			b[i] ^= 1 << (i % 8)
			look("byte", i, b)
			look("cut off at", i, p.Body[:i])
		}
	})
}

// TestWhatIsNoEntry: a content larger than a piece is refused, and so is more than a writer has begun with.
func TestWhatIsNoEntry(t *testing.T) {
	w, err := NewWriter(&seal.Keys{}, compressor(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Add([32]byte{}, Entry{Name: "s/x"}, make([]byte, PieceSize+1)); !errors.Is(err, errTooLarge) {
		t.Error(err)
	}
	if _, err := w.Close(); err == nil {
		t.Error("a pack with an error in it is closed")
	}
}

// TestAPackIsClosedInTime: what is added after Full is at most an entry, so a pack and its memory stay small.
func TestAPackIsClosedInTime(t *testing.T) {
	w, err := NewWriter(&seal.Keys{}, compressor(t))
	if err != nil {
		t.Fatal(err)
	}
	body, n := make([]byte, 300_000), 0
	for ; !w.Full(); n++ {
		for i := 0; i < len(body); i += sha256.Size { // cannot be compressed
			s := sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16), byte(n)})
			copy(body[i:], s[:])
		}
		if err := w.Add([32]byte{byte(n)}, Entry{Name: "s/x"}, body); err != nil {
			t.Fatal(err)
		}
	}
	p, err := w.Close()
	if err != nil || len(p.Body) < Target || len(p.Body) > Target+frameTarget {
		t.Errorf("%d bytes, %v", len(p.Body), err)
	}
	for _, i := range p.Items {
		if i.Place.FrameLen > 2<<20 {
			t.Errorf("a frame of %d bytes", i.Place.FrameLen)
		}
	}
}

// TestStoredRanges: near frames are one range, far ones are two, and none goes beyond the object.
func TestStoredRanges(t *testing.T) {
	places := []Place{{Frame: 900_000, FrameLen: 100_000}, {Frame: 0, FrameLen: 1000}, {Frame: 0, FrameLen: 1000, Off: 5},
		{Frame: 1500, FrameLen: 10}}
	spans := Spans(places, 1000)
	want := []Span{{0, 1510}, {900_000, 1_000_000}}
	if len(spans) != 2 || spans[0] != want[0] || spans[1] != want[1] {
		t.Errorf("%v", spans)
	}
	k, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	const payload, chunk = 216, 65552
	stored := Stored(k, spans, payload, 1_000_400)
	if stored[0] != (Span{payload, payload + chunk}) || stored[1] != (Span{payload + 13*chunk, 1_000_400}) {
		t.Errorf("%v", stored)
	}
	if plain := Stored(&seal.Keys{}, spans, 0, 1_000_000); plain[0] != want[0] || plain[1] != want[1] {
		t.Errorf("%v", plain)
	}
}

// TestTheBytesOfPacks: the format of what zstd compresses does not change unseen.
func TestTheBytesOfPacks(t *testing.T) {
	files := []file{{Entry{"s/\xff", 0o640, time.Unix(1e9, 0)}, []byte("one")},
		{Entry{"s/" + strings.Repeat("long", 50), 0o600, time.Unix(-5, 0)}, []byte("two")}}
	p := write(t, &seal.Keys{}, compressor(t), files)
	plain, err := seal.Decompress(p.Body, MaxFrame)
	if err != nil {
		t.Fatal(err)
	}
	const want = "ebf3aa1246395dcbad9f1287d1cb4de3f0f9da6b044d508275785b6fc1ef715d"
	if got := sum(plain); got != want {
		t.Errorf("the bytes of a pack are others: %s", got)
	}
	if !bytes.HasPrefix(p.Body, []byte("\x50\x2a\x4d\x18\x20\x00\x00\x00")) || p.Items[0].Place.Frame != 40 {
		t.Errorf("%x, %v", p.Body[:40], p.Items)
	}
}

// FuzzPack: no bytes and no place make a reader panic, or take more memory than a frame may have in it.
func FuzzPack(f *testing.F) {
	p := write(f, &seal.Keys{}, compressor(f), []file{{Entry{"s/a", 0o600, time.Unix(1, 0)}, []byte("some text")}})
	f.Add(p.Body, uint32(40), uint32(len(p.Body)-40), uint32(512), uint32(9))
	f.Add([]byte("\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x01\x00\x00"), uint32(0), uint32(13), uint32(0), ^uint32(0))
	f.Add([]byte("\x50\x2a\x4d\x18\xff\xff\xff\xff"), uint32(0), uint32(8), uint32(1), uint32(1))
	f.Fuzz(func(t *testing.T, b []byte, frame, frameLen, off, size uint32) {
		r, err := Open(bytes.NewReader(b), int64(len(b)), &seal.Keys{})
		if err == nil {
			var got []byte
			if got, err = r.Read(Place{frame, frameLen, off, size}); err == nil && len(got) != int(size) {
				t.Errorf("%d bytes of %d", len(got), size)
			}
		}
		if err != nil && !named(err) {
			t.Errorf("no named error: %v", err)
		}
		for c, err := range All(b, &seal.Keys{}) {
			if err != nil {
				if !named(err) {
					t.Errorf("no named error: %v", err)
				}
				break
			}
			if len(c.Body) != int(c.Place.Size) {
				t.Errorf("%d bytes of %d", len(c.Body), c.Place.Size)
			}
		}
	})
}
