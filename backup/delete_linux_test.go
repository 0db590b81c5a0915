package backup_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup"
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
		p := newPlace(t)
		m := &mutator{p: p, r: rand.New(rand.NewPCG(seed, 1)), old: time.Unix(500000000, 0), did: map[string]int{}}
		for range 15 {
			mutations[m.r.IntN(3)].do(m)
		}
		var names []string
		digests := map[string]map[string]entry{}
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range m.r.IntN(10) {
				mutations[m.r.IntN(len(mutations))].do(m)
			}
			res, _ := p.backup(force, empty)
			names = append(names, res.Header.Name)
			digests[res.Header.Name] = listing(t, p.tree(res))
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
		want := p.answers(left)
		p.remove(gone...)
		for _, n := range left {
			if d := difference(digests[n], listing(t, filepath.Join(p.dest, n))); d != "" {
				rt.Fatalf("deleted %q: snapshot %s is not as it was:\n%s", gone, n, d)
			}
		}
		for _, n := range gone {
			if _, err := os.Lstat(filepath.Join(p.dest, n)); !os.IsNotExist(err) {
				rt.Fatalf("%s is still there", n)
			}
		}
		if d := sameAnswers(want, p.answers(left)); d != "" {
			rt.Fatalf("deleted %q of %q: %s", gone, names, d)
		}
		for _, dir := range []string{"tmp", "trash"} {
			if e, err := os.ReadDir(filepath.Join(p.dest, ".snap", dir)); err != nil || len(e) > 0 {
				rt.Fatalf("left in %s: %v %v", dir, e, err)
			}
		}
		if e, _ := os.ReadDir(filepath.Join(p.dest, ".snap", "changes")); len(e) != len(left) {
			rt.Fatalf("%d change sets for %d snapshots", len(e), len(left))
		}
		if rapid.Bool().Draw(rt, "reindex") {
			p.do(os.Remove(index.Path(p.dest)))
			_, err := backup.Reindex(context.Background(), p.dest, backup.ReindexOptions{})
			p.do(err)
			if d := sameAnswers(want, p.answers(left)); d != "" {
				rt.Fatalf("deleted %q of %q and reindexed: %s", gone, names, d)
			}
		}
		res, _ := p.backup(force, empty)
		if d := difference(listing(t, p.src), listing(t, p.tree(res))); d != "" {
			rt.Fatalf("the next snapshot is not the source:\n%s", d)
		}
		if last := len(names) - 1; len(left) > 0 && left[len(left)-1] == names[last] && res.Header.CopiedBytes > 0 {
			rt.Fatalf("deleted %q of %q: %d bytes were copied again", gone, names, res.Header.CopiedBytes)
		}
		p.do(os.RemoveAll(p.src))
		p.do(os.RemoveAll(p.dest))
	})
	if deleted == 0 {
		t.Fatal("nothing was deleted")
	}
}

// TestADeletionThatWasStopped: its trees are in the trash, wherever it stopped after that. Until the next run
// that writes, check finds nothing wrong; reindex is such a run, also when the index is lost.
func TestADeletionThatWasStopped(t *testing.T) {
	for _, lost := range []bool{false, true} {
		p := newPlace(t)
		var names []string
		for i := range 4 {
			p.write(fmt.Sprint("f", i), fmt.Sprint("text ", i))
			res, _ := p.backup()
			names = append(names, res.Header.Name)
		}
		want := p.answers([]string{names[0], names[3]})
		third, err := os.ReadFile(p.set(3))
		p.do(err)
		p.remove(names[2]) // its change set is still there, and its emptied folder
		p.do(os.WriteFile(p.set(3), third, 0o600))
		p.do(os.Mkdir(p.meta("trash", "0000000003"), 0o700))
		p.do(os.Rename(p.in(names[1], ""), p.meta("trash", "0000000002")))
		res, err := backup.Check(context.Background(), p.dest, backup.CheckOptions{})
		p.do(err)
		for _, f := range res.Findings {
			t.Errorf("check: %+v", f)
		}
		if lost {
			p.lose()
		}
		if n := p.reindex(); n.Snapshots != 2 {
			t.Errorf("reindex says that there are %d snapshots", n.Snapshots)
		}
		if e, err := os.ReadDir(p.meta("trash")); err != nil || len(e) > 0 {
			t.Errorf("left in the trash: %v %v", e, err)
		}
		if d := sameAnswers(want, p.answers([]string{names[0], names[3]})); d != "" {
			t.Errorf("lost %v: %s", lost, d)
		}
	}
}
