package backup_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"snap/index"
)

// sound makes sure that the index contradicts neither itself nor the change sets.
func sound(t testing.TB, dest string) {
	t.Helper()
	ctx := context.Background()
	db, err := index.Open(index.Path(dest))
	if errors.Is(err, index.ErrMissing) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Check(ctx, func(err error) { t.Error(err) }); err != nil {
		t.Error(err)
	}
	all, err := db.Snapshots(ctx)
	if err != nil {
		t.Error(err)
	}
	for i := range all {
		h := &all[i]
		f, err := os.Open(filepath.Join(dest, ".snap", "changes", fmt.Sprintf("%010d", h.Seq)))
		if err != nil {
			t.Error(err)
			continue
		}
		c, err := index.NewChangeReader(bufio.NewReader(f))
		if err == nil {
			err = db.CheckSet(ctx, h, c.All(), func(err error) { t.Errorf("snapshot %s: %v", h.Name, err) })
		}
		if err != nil {
			t.Errorf("snapshot %s: %v", h.Name, err)
		}
		f.Close()
	}
}
