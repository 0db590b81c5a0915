package reindex_test

import (
	"fmt"
	"os"
	"testing"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/destination/reindex"
	"snap/index"
)

// TestSourceNamedLater: trees taken over without a source get one in a second reindex. Their change sets are written
// again for it, and say what the index says, also where names moved in a row.
func TestSourceNamedLater(t *testing.T) {
	p := backuptest.NewPlace(t)
	log := func(i int) string { return fmt.Sprint("logs/log.", i) }
	for day := range 4 {
		p.Do(os.RemoveAll(p.Path(log(3))))
		for i := 3; i > 0 && day > 0; i-- {
			if err := os.Rename(p.Path(log(i-1)), p.Path(log(i))); !os.IsNotExist(err) {
				p.Do(err)
			}
		}
		p.Write(log(0), fmt.Sprint("the log of day ", day))
		p.Backup()
	}
	p.Do(os.RemoveAll(p.Meta("changes")))
	p.Do(os.Remove(index.Path(p.Dest)))
	if res := p.Reindex(func(o *reindex.Options) { o.Adopt = true }); res.Snapshots != 4 || res.Sourced != 0 {
		t.Fatalf("%+v", res)
	}
	for range 2 {
		p.Reindex(func(o *reindex.Options) { o.Source = p.Src })
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
		heads, _ := p.Knows()
		for _, h := range heads {
			if h.Source != p.Src {
				t.Errorf("%s is of %q", h.Name, h.Source)
			}
		}
	}
}
