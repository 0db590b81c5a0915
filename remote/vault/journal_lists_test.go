package vault

import (
	"context"
	"strings"
	"sync"
	"testing"

	"snap/remote/store"
)

// firstLate is a store whose first Put of a pack fails, when that of the third is done.
type firstLate struct {
	*store.Memory
	mu    sync.Mutex
	n     int
	third chan struct{}
}

func (s *firstLate) Put(ctx context.Context, name string, body []byte, o store.PutOptions) error {
	if !strings.HasPrefix(name, "data/") {
		return s.Memory.Put(ctx, name, body, o)
	}
	s.mu.Lock()
	s.n++
	n := s.n
	s.mu.Unlock()
	if n == 1 {
		<-s.third
		return errFault
	}
	err := s.Memory.Put(ctx, name, body, o)
	if n == 3 {
		close(s.third)
	}
	return err
}

// TestAJournalWithoutTheFirstPackBringsTheFileAgain: packs are put beside each other. When the one with the last pieces
// of a file is in the journal and the one with the first is not, the next copy puts these.
func TestAJournalWithoutTheFirstPackBringsTheFileAgain(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	s := &firstLate{Memory: m, third: make(chan struct{})}
	v := made(t, s, k)
	from := newTrees()
	from.add(t, map[string][]byte{"large": random(1, 42<<20)})
	if _, err := v.Copy(t.Context(), from, CopyOptions{}); err == nil {
		t.Fatal("it did not fail")
	}
	copied(t, v, from)
	sameAs(t, m, k, from, 1)
}
