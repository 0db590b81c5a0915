package pack

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"snap/remote/vault/seal"
)

var errNetwork = errors.New("connection reset")

// breaking is a source that cannot be read once.
type breaking struct {
	io.ReaderAt
	broken bool
}

func (b *breaking) ReadAt(p []byte, at int64) (int, error) {
	if b.broken {
		return 0, errNetwork
	}
	return b.ReaderAt.ReadAt(p, at)
}

// TestDamageIsNoNetworkError: what cannot be read is said as it was said, and is no damage; a changed byte is damage,
// whichever layer finds it.
func TestDamageIsNoNetworkError(t *testing.T) {
	k, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 300_000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(body)
	p := write(t, k, compressor(t), []file{{Entry{"s/a", 0o644, time.Unix(1, 0)}, body}})
	size := int64(len(p.Body))
	for _, broken := range []bool{false, true} {
		src := &breaking{bytes.NewReader(p.Body), broken}
		r, err := Open(src, size, k)
		if !broken {
			if err != nil {
				t.Fatal(err)
			}
			src.broken = true
			_, err = r.Read(p.Items[0].Place)
		}
		if !errors.Is(err, errNetwork) || errors.Is(err, seal.ErrDamaged) {
			t.Errorf("broken when opened %v: %v", broken, err)
		}
	}
	for _, at := range []int64{250, size - 1, size / 2} {
		changed := bytes.Clone(p.Body)
		changed[at] ^= 1
		r, err := Open(bytes.NewReader(changed), size, k)
		if err == nil {
			_, err = r.Read(p.Items[0].Place)
		}
		if !errors.Is(err, seal.ErrDamaged) {
			t.Errorf("byte %d of %d: %v", at, size, err)
		}
	}
}

// TestNoSetUID: a pack that root unpacks makes no program that runs as root.
func TestNoSetUID(t *testing.T) {
	k := &seal.Keys{}
	p := write(t, k, compressor(t), []file{{Entry{"s/su", 0o6755, time.Unix(1, 0)}, []byte("#!")}})
	plain, err := seal.Decompress(p.Body, MaxFrame)
	if err != nil {
		t.Fatal(err)
	}
	h, err := tar.NewReader(bytes.NewReader(plain)).Next()
	if err != nil || h.Mode != 0o755 {
		t.Errorf("%+v, %v", h, err)
	}
}
