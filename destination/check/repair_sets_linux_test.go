package check_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/index"
	"snap/internal/long"
)

// TestRepairSetOfRotatedLogs: a set in which names moved in a row is made again as it was.
func TestRepairSetOfRotatedLogs(t *testing.T) {
	p := backuptest.NewPlace(t)
	const logs = 4
	log := func(i int) string { return fmt.Sprint("logs/log.", i) }
	for i := range logs {
		p.Write(log(i), fmt.Sprint("log number ", i))
	}
	p.Backup()
	for n := range 3 {
		p.Do(os.Remove(p.Path(log(logs - 1))))
		for i := logs - 1; i > 0; i-- {
			p.Do(os.Rename(p.Path(log(i-1)), p.Path(log(i))))
		}
		p.Write(log(0), fmt.Sprint("a new log, of day ", n))
		p.Backup()
	}
	before := p.Trees()
	for seq := 1; seq <= 4; seq++ {
		p.Do(flipByte(p.Set(seq)))
		p.Repairs(before, []string{fmt.Sprintf("set .snap/changes/%010d s%04d", seq, seq)})
	}
}

// TestRepairSets: of drawn histories, some snapshots deleted, each change set is damaged and made again from the index.
// A check finds nothing then, and an index that is made of all these sets knows what the old one knew.
func TestRepairSets(t *testing.T) {
	if dir, err := os.MkdirTemp("/dev/shm", "snap-"); err == nil { // every commit is synced
		t.Cleanup(func() { os.RemoveAll(dir) })
		t.Setenv("TMPDIR", dir)
	}
	long.Check(t, 10, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := backuptest.NewPlace(t)
		m := &backuptest.Mutator{P: p, R: rand.New(rand.NewPCG(seed, 1)), Old: time.Unix(500000000, 0), Did: map[string]int{}}
		for range 15 {
			backuptest.Mutations[m.R.IntN(3)].Do(m)
		}
		for range 2 + m.R.IntN(4) {
			for range m.R.IntN(12) {
				backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))].Do(m)
			}
			p.Dated(backuptest.Force, backuptest.Empty)
		}
		if names := p.Snapshots(); m.R.IntN(2) == 0 {
			p.Do(p.Delete(names[m.R.IntN(len(names))]))
		}
		heads, knew := p.Knows()
		trees := p.Trees()
		for _, h := range heads {
			set := p.Set(int(h.Seq))
			b, err := os.ReadFile(set)
			p.Do(err)
			switch m.R.IntN(3) {
			case 0:
				p.Do(os.Remove(set))
			case 1:
				p.Do(os.WriteFile(set, b[:m.R.IntN(len(b))], 0o600))
			case 2:
				b[m.R.IntN(len(b))] ^= 0x41
				p.Do(os.WriteFile(set, b, 0o600))
			}
			res := p.Check(check.Options{Repair: true})
			p.WantSaid(res, fmt.Sprintf("mended set .snap/changes/%s %s", filepath.Base(set), h.Name))
		}
		p.WantTrees(trees)
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
		p.Do(os.Remove(index.Path(p.Dest)))
		if res := p.Reindex(); res.Snapshots != len(heads) || len(res.FromTrees)+len(res.Lost)+len(res.Notes) > 0 {
			rt.Fatalf("%+v", res)
		}
		after, knows := p.Knows()
		for i := range heads {
			a, b := fmt.Sprintf("%+v", heads[i]), fmt.Sprintf("%+v", after[i])
			if a != b {
				rt.Fatalf("header %s, want %s", b, a)
			}
			for path, r := range knew[i] {
				if fmt.Sprintf("%+v", knows[i][path]) != fmt.Sprintf("%+v", r) {
					rt.Fatalf("%s: %q is %+v, was %+v", heads[i].Name, path, knows[i][path], r)
				}
			}
		}
		p.Do(os.RemoveAll(p.Src))
		p.Do(backuptest.RemoveAll(p.Dest))
	})
}
