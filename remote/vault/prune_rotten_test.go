package vault

import (
	"bytes"
	"context"
	"io"
	"testing"

	"snap/remote/store"
)

// onceWhole is trees whose large file is whole when it is read first, and not any more when it is read again.
type onceWhole struct {
	*trees
	reads int
}

func (s *onceWhole) Open(ctx context.Context, seq uint64, path string) (io.ReadCloser, error) {
	f, err := s.trees.Open(ctx, seq, path)
	if path != "large" || err != nil {
		return f, err
	}
	if s.reads++; s.reads%2 == 1 {
		return f, nil
	}
	return io.NopCloser(bytes.NewReader(make([]byte, 6<<20))), nil
}

// TestAPruneKeepsThePackOfWhatRotsUnderIt: a pack stays whose content was whole here when it was looked at, and was not
// when it was to be put anew.
func TestAPruneKeepsThePackOfWhatRotsUnderIt(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v := made(t, m, k)
	from := newTrees()
	large := random(1, 6<<20)
	from.add(t, map[string][]byte{"large": large, "waste": random(2, 9<<20)})
	from.add(t, map[string][]byte{"waste": nil})
	copied(t, v, from)
	rotting := &onceWhole{trees: from}
	if _, err := v.Prune(t.Context(), func(seq uint64) bool { return seq == 2 }, rotting, PruneOptions{}); err != nil {
		t.Fatal(err)
	}
	if rotting.reads < 2 {
		t.Fatal("nothing was to be put anew")
	}
	sameAs(t, m, k, from, 2)
}
