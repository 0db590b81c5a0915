package backup_test

import (
	"os"
	"testing"
)

// What deleting leaves behind is no loss to reindex, and what reindex makes can be deleted from again.
func TestReindexAfterDeleting(t *testing.T) {
	for _, lost := range []bool{false, true} {
		p := newPlace(t)
		var names []string
		for _, name := range []string{"a", "b", "c", "d"} {
			p.write(name, name)
			res, _ := p.dated()
			names = append(names, res.Header.Name)
		}
		p.remove(names[1])
		want := p.answers([]string{names[2], names[3]})
		if lost { // then the snapshot is made of its tree, with the header of the old index
			p.do(os.Remove(p.set(3)))
		}
		if res := p.reindex(); !lost && len(res.FromTrees)+len(res.Lost) > 0 {
			t.Errorf("a deleted snapshot is taken for a lost one: %+v", res)
		}
		p.remove(names[0])
		if got := p.answers([]string{names[2], names[3]}); len(got) != len(want) {
			t.Errorf("set lost: %v: %d answers, want %d", lost, len(got), len(want))
		}
	}
}
