package peer

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// framed is what a writer sends of some frames.
func framed(t testing.TB, payloads ...[]byte) []byte {
	var b bytes.Buffer
	w, err := newFrameWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range payloads {
		if err := w.write(byte('A'+i), p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	if err := w.write('Z', nil); err == nil {
		t.Fatal("a writer that was closed writes")
	}
	return b.Bytes()
}

func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

func TestFrames(t *testing.T) {
	all := [][]byte{nil, []byte("x"), []byte(strings.Repeat("the same ", 100_000)), make([]byte, maxFrame),
		noise(3 << 20)}
	sent := framed(t, all...)
	r, err := newFrameReader(bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range all {
		kind, got, err := r.next()
		if err != nil || kind != byte('A'+i) || !bytes.Equal(got, want) {
			t.Fatalf("frame %d: %q, %d bytes, %v", i, kind, len(got), err)
		}
	}
	if _, _, err := r.next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if len(sent) > 4<<20 {
		t.Errorf("%d bytes were sent: what could be smaller was not", len(sent))
	}
}

// TestDamagedFrames: each byte that is another is noticed.
func TestDamagedFrames(t *testing.T) {
	sent := framed(t, []byte("some bytes"), []byte(strings.Repeat("more ", 200)))
	for i := range sent {
		b := bytes.Clone(sent)
		b[i] ^= 0x11
		r, _ := newFrameReader(bytes.NewReader(b))
		_, one, err := r.next()
		var two []byte
		if err == nil {
			_, two, err = r.next()
		}
		if err == nil {
			t.Fatalf("byte %d is another, and nothing is said: %q, %q", i, one, two)
		}
	}
}

// TestBomb: a frame that says it is large takes no memory before its bytes come, and one that unpacks to more than a
// frame is refused.
func TestBomb(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, _ := newFrameReader(bytes.NewReader([]byte{'D', 0, 0, 0, 1, 1, 2, 3}))
	if _, _, err := r.next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
		t.Errorf("%d bytes were taken", n)
	}
	zip, _ := newCompressor()
	bomb := zip.enc.EncodeAll(make([]byte, 64<<20), nil)
	var b bytes.Buffer
	w, _ := newFrameWriter(&b)
	if err := errors.Join(w.control('D'|compressed, bomb), w.close()); err != nil {
		t.Fatal(err)
	}
	r, _ = newFrameReader(&b)
	if _, _, err := r.next(); !errors.Is(err, ErrProtocol) {
		t.Fatal(err)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(framed(f, []byte("x"), []byte(strings.Repeat("the same ", 100))))
	f.Add([]byte{'D', 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := newFrameReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			_, payload, err := r.next()
			if err != nil {
				return
			}
			if len(payload) > maxFrame {
				t.Fatalf("%d bytes", len(payload))
			}
		}
	})
}

// FuzzTaker: whatever the giver says, the taker does not panic and keeps no more than it granted.
func FuzzTaker(f *testing.F) {
	f.Add(byte(kindData), append(numbered(1, classAhead), "bytes"...))
	f.Add(byte(kindCopy), numbered(2, classOwn, 1<<62, 1<<62))
	f.Add(byte(kindEnd), append(numbered(1), `{"lost":true}`...))
	f.Add(byte(kindData), numbered(1<<63))
	f.Fuzz(func(t *testing.T, kind byte, payload []byte) {
		w, _ := newFrameWriter(io.Discard)
		defer w.close()
		k := newTaker(w)
		k.want(ask{Kind: askFile})
		s := k.want(ask{Kind: askFile, Old: &oldFile{}})
		if err := k.open(s); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if k.hear(kind, payload) != nil {
				break
			}
		}
		if k.ahead > aheadCredit || s.owns > ownCredit || k.asked < 0 {
			t.Fatalf("%d, %d, %d", k.ahead, s.owns, k.asked)
		}
	})
}

// FuzzGiver: whatever the taker says, the giver does not panic.
func FuzzGiver(f *testing.F) {
	f.Add(byte(kindAsk), append(numbered(1), `{"kind":"file","path":"YQ=="}`...))
	f.Add(byte(kindCredit), numbered(0, 1<<63))
	f.Add(byte(kindCancel), numbered(1))
	f.Fuzz(func(t *testing.T, kind byte, payload []byte) {
		g := newGiver(nil, nil, nil)
		for range 3 {
			if g.hear(kind, payload) != nil {
				break
			}
		}
		if g.ahead > aheadCredit || g.ahead < 0 {
			t.Fatal(g.ahead)
		}
	})
}
