package destination_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/destination/reindex"
	"snap/index"
	"snap/internal/long"
)

// sameAnswers names the first question that is answered otherwise, "" if none.
func sameAnswers(a, b map[string]string) string {
	for q, want := range a {
		if got, ok := b[q]; !ok || got != want {
			return fmt.Sprintf("%s: %q, then %q", q, want, got)
		}
	}
	for q := range b {
		if _, ok := a[q]; !ok {
			return fmt.Sprintf("%s: nothing, then %q", q, b[q])
		}
	}
	return ""
}

// Deleting snapshots leaves the trees of the others, and all that the index says of them, also after a
// rebuild; the next backup copies nothing that an existing snapshot has.
func TestDeleteLeavesTheOthersAlone(t *testing.T) {
	deleted := 0
	long.Check(t, 12, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		p := backuptest.NewPlace(t)
		m := &backuptest.Mutator{P: p, R: rand.New(rand.NewPCG(seed, 1)), Old: time.Unix(500000000, 0), Did: map[string]int{}}
		for range 15 {
			backuptest.Mutations[m.R.IntN(3)].Do(m)
		}
		var names []string
		digests := map[string]map[string]backuptest.Entry{}
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range m.R.IntN(10) {
				backuptest.Mutations[m.R.IntN(len(backuptest.Mutations))].Do(m)
			}
			res, _ := p.Backup(backuptest.Force, backuptest.Empty)
			names = append(names, res.Header.Name)
			digests[res.Header.Name] = backuptest.Listing(t, p.Tree(res))
		}
		var gone, left []string
		for _, n := range names {
			if rapid.Bool().Draw(rt, "delete") {
				gone = append(gone, n)
			} else {
				left = append(left, n)
			}
		}
		deleted += len(gone)
		want := p.Answers(left)
		p.Remove(gone...)
		for _, n := range left {
			if d := backuptest.Difference(digests[n], backuptest.Listing(t, filepath.Join(p.Dest, n))); d != "" {
				rt.Fatalf("deleted %q: snapshot %s is not as it was:\n%s", gone, n, d)
			}
		}
		for _, n := range gone {
			if _, err := os.Lstat(filepath.Join(p.Dest, n)); !os.IsNotExist(err) {
				rt.Fatalf("%s is still there", n)
			}
		}
		if d := sameAnswers(want, p.Answers(left)); d != "" {
			rt.Fatalf("deleted %q of %q: %s", gone, names, d)
		}
		for _, dir := range []string{"tmp", "trash"} {
			if e, err := os.ReadDir(filepath.Join(p.Dest, ".snap", dir)); err != nil || len(e) > 0 {
				rt.Fatalf("left in %s: %v %v", dir, e, err)
			}
		}
		if e, _ := os.ReadDir(filepath.Join(p.Dest, ".snap", "changes")); len(e) != len(left) {
			rt.Fatalf("%d change sets for %d snapshots", len(e), len(left))
		}
		if rapid.Bool().Draw(rt, "reindex") {
			p.Do(os.Remove(index.Path(p.Dest)))
			_, err := reindex.Run(context.Background(), p.Dest, reindex.Options{})
			p.Do(err)
			if d := sameAnswers(want, p.Answers(left)); d != "" {
				rt.Fatalf("deleted %q of %q and reindexed: %s", gone, names, d)
			}
		}
		res, _ := p.Backup(backuptest.Force, backuptest.Empty)
		if d := backuptest.Difference(backuptest.Listing(t, p.Src), backuptest.Listing(t, p.Tree(res))); d != "" {
			rt.Fatalf("the next snapshot is not the source:\n%s", d)
		}
		if last := len(names) - 1; len(left) > 0 && left[len(left)-1] == names[last] && res.Header.CopiedBytes > 0 {
			rt.Fatalf("deleted %q of %q: %d bytes were copied again", gone, names, res.Header.CopiedBytes)
		}
		p.Do(os.RemoveAll(p.Src))
		p.Do(backuptest.RemoveAll(p.Dest))
	})
	if deleted == 0 && !testing.Short() { // -short draws too few to be sure of one
		t.Fatal("nothing was deleted")
	}
}

// TestADeletionThatWasStopped: its trees are in the trash, wherever it stopped after that. Until the next run
// that writes, check finds nothing wrong; reindex is such a run, also when the index is lost.
func TestADeletionThatWasStopped(t *testing.T) {
	for _, lost := range []bool{false, true} {
		p := backuptest.NewPlace(t)
		var names []string
		for i := range 4 {
			p.Write(fmt.Sprint("f", i), fmt.Sprint("text ", i))
			res, _ := p.Backup()
			names = append(names, res.Header.Name)
		}
		want := p.Answers([]string{names[0], names[3]})
		third, err := os.ReadFile(p.Set(3))
		p.Do(err)
		p.Remove(names[2]) // its change set is still there, and its emptied folder
		p.Do(os.WriteFile(p.Set(3), third, 0o600))
		p.Do(os.Mkdir(p.Meta("trash", "0000000003"), 0o700))
		backuptest.Unseal(p.In(names[1], ""))
		p.Do(os.Rename(p.In(names[1], ""), p.Meta("trash", "0000000002")))
		res, err := check.Run(context.Background(), p.Dest, check.Options{})
		p.Do(err)
		for _, f := range res.Findings {
			t.Errorf("check: %+v", f)
		}
		if lost {
			p.Lose()
		}
		if n := p.Reindex(); n.Snapshots != 2 {
			t.Errorf("reindex says that there are %d snapshots", n.Snapshots)
		}
		if e, err := os.ReadDir(p.Meta("trash")); err != nil || len(e) > 0 {
			t.Errorf("left in the trash: %v %v", e, err)
		}
		if d := sameAnswers(want, p.Answers([]string{names[0], names[3]})); d != "" {
			t.Errorf("lost %v: %s", lost, d)
		}
	}
}
