package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"snap/index"
)

// Reindex makes index.db again from the change sets. The old one, however damaged, is put aside as
// index.db.old until the new one is whole. It returns the number of snapshots that the new index knows.
func Reindex(ctx context.Context, path string, wait time.Duration, holder string) (n int, err error) {
	d := &Destination{Path: path}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.openFolders(ctx, OpenOptions{LockWait: wait, Holder: holder}); err != nil {
		return 0, err
	}
	seqs, err := d.sets()
	if err != nil {
		return 0, err
	}
	headers := make([]*index.Header, len(seqs))
	id := strings.ToLower(rand.Text())
	for i, seq := range seqs {
		if headers[i], err = d.readSet(seq); err != nil {
			return 0, err
		}
		id = headers[i].Destination
	}
	// A set whose tree was never published, or was removed by hand, is the last word on nothing.
	for n := len(headers); n > 0; n-- {
		there, err := exists(d.root, headers[n-1].Name)
		if err != nil {
			return 0, err
		}
		if there {
			break
		}
		headers = headers[:n-1]
	}
	fresh := filepath.Join(d.tmp.Path(), "index.db")
	if err := os.Remove(fresh); err != nil && !os.IsNotExist(err) {
		return 0, err
	}
	if err := index.Create(fresh, id); err != nil {
		return 0, err
	}
	if d.DB, err = index.Open(fresh); err != nil {
		return 0, err
	}
	for _, h := range headers {
		if err := d.importSet(ctx, h); err != nil {
			return 0, fmt.Errorf("change set %d: %w", h.Seq, err)
		}
	}
	now := index.Path(d.Path)
	if err := os.Rename(now, now+".old"); err != nil && !os.IsNotExist(err) {
		return 0, err
	}
	if err := os.Rename(fresh, now); err != nil {
		return 0, err
	}
	return len(headers), d.meta.Sync()
}
