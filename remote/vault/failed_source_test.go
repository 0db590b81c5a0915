package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"snap/remote/store"
)

// unplugged is a source whose disk goes: after so many files nothing can be opened any more, or read to its end.
type unplugged struct {
	*trees
	left  int
	reads bool // it is opened still
}

var errGone = fmt.Errorf("%w: the disk is gone", ErrSource)

func (u *unplugged) Open(ctx context.Context, seq uint64, path string) (io.ReadCloser, error) {
	if u.left--; u.left >= 0 {
		return u.trees.Open(ctx, seq, path)
	}
	if u.reads {
		return io.NopCloser(brokenReader{}), nil
	}
	return nil, errGone
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errGone }

// TestADiskThatGoesEndsACopy: wherever it goes, while files are copied or are healed, nothing is published as missing
// because of it, and the next copy brings all.
func TestADiskThatGoesEndsACopy(t *testing.T) {
	t.Parallel()
	for _, reads := range []bool{false, true} {
		ended := 0
		for left := 0; ; left++ {
			m, k := store.NewMemory(), allKeys(t)
			v, err := Create(t.Context(), m, t.TempDir(), k, Options{Jobs: 1})
			if err != nil {
				t.Fatal(err)
			}
			from := some(t)
			u := &unplugged{from, left, reads}
			res, err := v.Copy(t.Context(), u, CopyOptions{})
			if err == nil && u.left >= 0 {
				_ = v.Close()
				break
			}
			ended++
			if !errors.Is(err, ErrSource) || len(res.Missing) > 0 || len(v.h.Missing) > 0 {
				t.Fatalf("after %d files: %v; %+v, %+v", left, err, res.Missing, v.h.Missing)
			}
			copied(t, v, from)
			sameAs(t, m, k, from, 1, 2, 3)
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if ended < 4 {
			t.Errorf("it ended %d times", ended)
		}
	}
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	c := from.bytes[Place{2, "c"}]
	from.bytes[Place{2, "c"}], from.bytes[Place{3, "c"}] = nil, nil
	copied(t, v, from)
	from.bytes[Place{2, "c"}], from.bytes[Place{3, "c"}] = c, c
	if _, err := v.Copy(t.Context(), &unplugged{from, 0, false}, CopyOptions{}); !errors.Is(err, ErrSource) {
		t.Errorf("while it is healed: %v", err)
	}
}
