package destination_test

import (
	"os"
	"testing"

	"snap/backup/backuptest"
)

// What deleting leaves behind is no loss to reindex, and what reindex makes can be deleted from again.
func TestReindexAfterDeleting(t *testing.T) {
	for _, lost := range []bool{false, true} {
		p := backuptest.NewPlace(t)
		var names []string
		for _, name := range []string{"a", "b", "c", "d"} {
			p.Write(name, name)
			res, _ := p.Dated()
			names = append(names, res.Header.Name)
		}
		p.Remove(names[1])
		want := p.Answers([]string{names[2], names[3]})
		if lost { // then the snapshot is made of its tree, with the header of the old index
			p.Do(os.Remove(p.Set(3)))
		}
		if res := p.Reindex(); !lost && len(res.FromTrees)+len(res.Lost) > 0 {
			t.Errorf("a deleted snapshot is taken for a lost one: %+v", res)
		}
		p.Remove(names[0])
		if got := p.Answers([]string{names[2], names[3]}); len(got) != len(want) {
			t.Errorf("set lost: %v: %d answers, want %d", lost, len(got), len(want))
		}
	}
}
