package file

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestCopyStream(t *testing.T) {
	d, path := tempRoot(t)
	rapid.Check(t, func(r *rapid.T) {
		var content []byte
		for range rapid.IntRange(0, 8).Draw(r, "runs") {
			n := rapid.SampledFrom([]int{0, 1, 4095, 4096, 4097, 65536, 100_000}).Draw(r, "length")
			content = append(content, bytes.Repeat([]byte{rapid.SampledFrom([]byte{0, 0, 7}).Draw(r, "byte")}, n)...)
		}
		limit := int64(len(content) + rapid.IntRange(-2, 2).Draw(r, "more"))
		want := content[:max(min(limit, int64(len(content))), 0)]
		dst, err := d.Create("copy")
		check(t, err)
		h, told := sha256.New(), int64(0)
		buf := make([]byte, rapid.SampledFrom([]int{1000, 4096, 64 << 10}).Draw(r, "buffer"))
		n, err := CopyStream(t.Context(), dst, iotest.HalfReader(bytes.NewReader(content)), limit, h, buf,
			func(n int64) { told += n })
		check(t, errors.Join(err, dst.Close()))
		got, err := os.ReadFile(path + "/copy")
		check(t, err)
		check(t, d.Remove("copy"))
		if sum := sha256.Sum256(want); n != int64(len(want)) || told != n || !bytes.Equal(got, want) ||
			[32]byte(h.Sum(nil)) != sum {
			r.Fatalf("%d bytes of %d, %d told: another copy or hash", n, len(want), told)
		}
	})
	dst, err := d.Create("holes")
	check(t, err)
	zeros := io.LimitReader(zeroReader{}, 10<<20)
	_, err = CopyStream(t.Context(), dst, zeros, 20<<20, sha256.New(), make([]byte, 64<<10), func(int64) {})
	check(t, errors.Join(err, dst.Close()))
	if n := blocks(t, path+"/holes"); n > 8 {
		t.Errorf("zeros take %d blocks", n)
	}
	dst, err = d.Create("broken")
	check(t, err)
	defer dst.Close()
	broken := io.MultiReader(bytes.NewReader(make([]byte, 70_000)), iotest.ErrReader(io.ErrClosedPipe))
	_, err = CopyStream(t.Context(), dst, broken, 1<<20, sha256.New(), make([]byte, 64<<10), func(int64) {})
	if read := (*ReadError)(nil); !errors.As(err, &read) || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a stream that breaks: %v", err)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
