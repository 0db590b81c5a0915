package treeless

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"snap/backup/backuptest"
)

// TestALostSet: a fresh machine answers for the snapshots before it as ever, and names it and those that go on from it.
// When it is there again, so are all answers; where it was fetched before it is lost, nothing is lacking.
func TestALostSet(t *testing.T) {
	p := backuptest.Three(t)
	whole := farOf(t, p)
	for i := range whole.all {
		dir := filepath.Join(t.TempDir(), "cache", "id")
		f := farOf(t, p)
		f.lost = whole.all[i].Header.Seq
		for range 2 {
			lost, err := Update(t.Context(), dir, f, nil)
			must(t, err)
			if len(lost) != len(whole.all)-i {
				t.Fatalf("set %d is lost: %v", f.lost, lost)
			}
			for k, l := range lost {
				if l.Name != whole.all[i+k].Header.Name || errors.Is(l.Why, ErrLost) != (k == 0) {
					t.Errorf("set %d is lost: %+v", f.lost, l)
				}
			}
			want, _, _ := strings.Cut(answers(t, p.Dest), headline(&whole.all[i].Header))
			if got := answers(t, dir); got != want {
				t.Errorf("set %d is lost: %s, not %s", f.lost, got, want)
			}
		}
		f.lost = 0
		f.update(dir)
		f.same(dir)
		f.lost = whole.all[i].Header.Seq
		f.update(dir)
		f.same(dir)
	}
}
