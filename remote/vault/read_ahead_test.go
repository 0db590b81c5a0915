package vault

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"snap/remote/store"
)

// full is a store that takes no packs.
type full struct{ *store.Memory }

var errFull = errors.New("it is full")

func (f full) Put(ctx context.Context, name string, body []byte, o store.PutOptions) error {
	if kindOf(name) == "data" {
		return errFull
	}
	return f.Memory.Put(ctx, name, body, o)
}

// TestACopyThatFailsEnds: also where files wait for room to be read.
func TestACopyThatFailsEnds(t *testing.T) {
	t.Parallel()
	v, from := made(t, full{store.NewMemory()}, allKeys(t)), newTrees()
	files := map[string][]byte{}
	for i := range 12 {
		files[fmt.Sprintf("f%02d", i)] = random(uint64(i), pieceSize)
	}
	from.add(t, files)
	if _, err := v.Copy(t.Context(), from, CopyOptions{}); !errors.Is(err, errFull) {
		t.Errorf("it says %v", err)
	}
}
