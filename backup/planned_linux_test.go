package backup_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/index"
	"snap/record"
)

// told are differences as text, a line each. Whether content that a rehearsal has not read differs shows only when
// it is copied: unread are the paths where that is so, whose kind of change does not count.
func told(t testing.TB, all func(func(index.Difference, error) bool), unread map[string]bool) string {
	t.Helper()
	var lines []string
	for d, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		change := d.Change.String()
		if unread[d.Path] && (d.Change == record.Modified || d.Change == record.Metadata) {
			change = "written"
		}
		lines = append(lines, fmt.Sprintf("%s %q from %q", change, d.Path, d.From))
	}
	return strings.Join(lines, "\n")
}

// TestARehearsalPlansWhatABackupRecords lets a dry run plan a snapshot of a source that was changed at random, makes
// it, and compares the differences to every older snapshot.
func TestARehearsalPlansWhatABackupRecords(t *testing.T) {
	did := map[string]int{}
	seeds := []uint64{
		11870022971382437639, // other bytes in a file that has the size and time that it had some snapshots ago
	}
	for range 20 {
		seeds = append(seeds, rand.Uint64())
	}
	for _, seed := range seeds {
		rehearse(t, seed, did)
	}
}

func rehearse(t *testing.T, seed uint64, did map[string]int) {
	p := backuptest.NewPlace(t)
	m := &backuptest.Mutator{P: p, R: rand.New(rand.NewPCG(seed, 1)), Old: time.Unix(500000000, 0), Did: did}
	for range 15 {
		backuptest.Mutations[m.R.IntN(3)].Do(m)
	}
	first, _ := p.Backup(backuptest.Force, backuptest.Empty)
	seqs := []uint64{first.Header.Seq}
	for range 1 + m.R.IntN(4) {
		var names []string
		for range m.R.IntN(12) {
			w := backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))]
			w.Do(m)
			did[w.Name]++
			names = append(names, w.Name)
		}
		pending, unread := index.NewPending(seqs[len(seqs)-1]), map[string]bool{}
		p.Backup(backuptest.Force, backuptest.Empty, func(o *backup.Options) {
			o.DryRun = true
			o.Planned = func(e *record.Entry) error {
				unread[e.Path] = e.Exists() && !e.Has(record.Hashed)
				pending.Add(e)
				return nil
			}
		})
		var rehearsed []string
		p.InDestination(func(ctx context.Context, d *destination.Destination) {
			for _, a := range seqs {
				rehearsed = append(rehearsed, told(t, d.DB.DiffPending(ctx, a, pending), unread))
			}
		})
		res, _ := p.Backup(backuptest.Force, backuptest.Empty)
		p.InDestination(func(ctx context.Context, d *destination.Destination) {
			for i, a := range seqs {
				got := told(t, d.DB.Diff(ctx, a, res.Header.Seq), unread)
				for _, line := range strings.Split(rehearsed[i], "\n") {
					if strings.HasPrefix(line, "written ") && !strings.Contains(got, line) { // it was as it had been, after all
						rehearsed[i] = strings.Trim(strings.Replace("\n"+rehearsed[i]+"\n", "\n"+line+"\n", "\n", 1), "\n")
					}
				}
				if got != rehearsed[i] {
					t.Fatalf("seed %d, after %q: from %d to %d the snapshot differs in\n%s\nand the rehearsal said\n%s", seed, names,
						a, res.Header.Seq, got, rehearsed[i])
				}
			}
		})
		seqs = append(seqs, res.Header.Seq)
	}
	p.Do(os.RemoveAll(p.Src))
	p.Do(backuptest.RemoveAll(p.Dest))
}
