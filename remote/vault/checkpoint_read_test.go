package vault

import (
	"fmt"
	"testing"
	"time"

	"snap/remote/store"
)

// TestFilesAreReadWhileACheckpointIsPut: workers ask what the vault has while another head becomes that of the mirror.
func TestFilesAreReadWhileACheckpointIsPut(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v := made(t, m, k)
	from := newTrees()
	files := map[string][]byte{}
	for i := range 1200 {
		files[fmt.Sprintf("f%04d", i)] = random(uint64(10+i), 30<<10)
	}
	from.add(t, files)
	clock := time.Unix(0, 0)
	if _, err := v.Copy(t.Context(), from, CopyOptions{Checkpoint: time.Second, Now: func() time.Time {
		clock = clock.Add(time.Second)
		return clock
	}}); err != nil {
		t.Fatal(err)
	}
	sameAs(t, m, k, from, 1)
}
