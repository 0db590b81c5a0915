package destination_test

import (
	"testing"

	"snap/backup/backuptest"
	"snap/destination/check"
)

// TestWhatARunCopiedStays: how much the run of a snapshot copied is told the same after others were deleted or purged,
// and by an index that is made again; while the change set has what it has now.
func TestWhatARunCopiedStays(t *testing.T) {
	p := backuptest.NewPlace(t)
	var names []string
	for _, text := range []string{"one", "twenty-two", "three"} {
		p.Write(text, text)
		res, _ := p.Backup()
		names = append(names, res.Header.Name)
	}
	wants := func(what string, want map[string][2]int64) {
		t.Helper()
		heads, _ := p.Knows()
		for i := range heads {
			h := &heads[i]
			if got := [2]int64{h.CopiedByRun(), h.CopiedBytes}; got != want[h.Name] {
				t.Errorf(
					"%s: snapshot %d of %d: its run copied %d, its set %d bytes; want %d",
					what,
					i+1,
					len(heads),
					got[0],
					got[1],
					want[h.Name],
				)
			}
		}
		p.WantSaid(p.Check(check.Options{}))
	}
	wants("as they were made", map[string][2]int64{names[0]: {3, 3}, names[1]: {10, 10}, names[2]: {5, 5}})
	p.Remove(names[0])
	left := map[string][2]int64{names[1]: {10, 13}, names[2]: {5, 5}}
	wants("the first is deleted", left)
	p.Remove(names[1])
	left = map[string][2]int64{names[2]: {5, 18}}
	wants("the second too", left)
	p.Lose()
	p.Reindex()
	wants("reindexed", left)
	p.Purge([]string{"one"}, names[2:])
	wants("purged", map[string][2]int64{names[2]: {5, 15}})
	p.Write("four", "four")
	res, _ := p.Backup()
	fourth := res.Header.Name
	wants("one more", map[string][2]int64{names[2]: {5, 15}, fourth: {7, 7}})
	p.Purge([]string{"four"}, []string{fourth})
	wants("purged of that", map[string][2]int64{names[2]: {5, 15}, fourth: {7, 3}})
}
