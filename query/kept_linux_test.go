package query_test

import (
	"fmt"
	"sync"
	"testing"

	"snap/backup/backuptest"
	"snap/query"
)

// Many ask at once, while backups are made: each is answered about the snapshots that its Reader has.
func TestManyAskWhileBackupsAreMade(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("in/0", "0")
	p.Backup()
	kept := query.NewKept(t.TempDir())
	ask := func() error {
		d, err := query.Open(t.Context(), p.Dest, query.Options{Kept: kept})
		if err != nil {
			return err
		}
		defer d.Close()
		n := len(d.Snapshots)
		h := &d.Snapshots[n-1]
		page, err := d.Children(t.Context(), h, "in", query.ChildrenOptions{Changes: true, Versions: true})
		if err != nil || len(page.Children) != n {
			return fmt.Errorf("%d children of %d: %w", len(page.Children), n, err)
		}
		touched, err := d.Touched(t.Context(), "in")
		if err != nil || len(touched) != n || touched[n-1] != 1 {
			return fmt.Errorf("touched %v of %d: %w", touched, n, err)
		}
		w, err := d.Weigh(t.Context(), h, "in")
		if err != nil || w.Whole.Entries != int64(n) {
			return fmt.Errorf("weighs %v of %d: %w", w, n, err)
		}
		if _, err := d.Stats(t.Context()); err != nil {
			return err
		}
		kept.Progress()
		return nil
	}
	for i := range 4 {
		p.Write(fmt.Sprint("in/", i+1), fmt.Sprint(i))
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				for range 3 { // and no more: who never stops asking lets nobody write
					if err := ask(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		p.Backup()
		all.Wait()
	}
	if done, total := kept.Progress(); done != 0 || total != 0 {
		t.Errorf("%d of %d are at work at the end", done, total)
	}
}
