package destination_test

import (
	"os"
	"testing"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/file"
)

// TestLeftovers: what stopped runs leave is found, and nothing where there is nothing.
func TestLeftovers(t *testing.T) {
	p := backuptest.NewPlace(t)
	for _, name := range []string{"a", "b", "c", "d"} {
		p.Write(name, name)
	}
	root, err := file.OpenRoot(p.Dest)
	p.Do(err)
	defer root.Close()
	find := func() destination.Leftovers {
		t.Helper()
		l, err := destination.FindLeftovers(root)
		p.Do(err)
		return l
	}
	p.Backup()
	if l := find(); len(l.Interrupted) != 0 || l.Works+l.Deleting+l.Stuck != 0 || l.Purging || l.Holder.Text != "" {
		t.Errorf("after a backup: %+v", l)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		p.Write(name, name+name)
	}
	p.Interrupt(3)
	p.Do(os.Mkdir(p.Meta("tmp", "reindex"), 0o700))
	p.Do(os.WriteFile(p.Meta("tmp", "space-new"), nil, 0o600))
	p.Do(os.Mkdir(p.Meta("trash", "0000000009"), 0o700))
	p.Do(os.Mkdir(p.Meta("trash", destination.StuckName(8)), 0o700))
	p.Do(os.WriteFile(p.Meta("purge"), nil, 0o600))
	p.Do(os.WriteFile(p.Meta("lock"), []byte("snap backup (process 1 on host)\n"), 0o600))
	if l := find(); len(l.Interrupted) != 1 || l.Interrupted[0].IsZero() || l.Works != 1 ||
		l.Deleting != 1 || l.Stuck != 1 ||
		!l.Purging ||
		l.Holder.Text != "snap backup (process 1 on host)" {
		t.Errorf("%+v", l)
	}
}
