package query

import (
	"slices"

	"snap/record"
)

// fewestWork bounds how long Fewest looks, in steps of its inner loop: less than a second.
const fewestWork = 1 << 28

// Fewest are the fewest snapshots, of those that may go, whose deletion together frees so many bytes, by their
// positions in Snapshots, and what it frees; none where all of them free less, or the answer would be so many that it
// takes too long to find.
//
// What one snapshot frees depends on which others go. But an inode is in snapshots that stand side by side, so that a
// run of neighbours frees the same whatever else goes, and the best choice is one of runs: f(k, i), the most that k
// snapshots of the first i free, is the best of f(k, i-1) and, for each length, of a run that ends at i and the best of
// what is before it. What was away for a while counts as if it had not been, and so a choice may free more than it is
// thought to, and never less.
func (s *Stats) Fewest(bytes int64, may func(pos int) bool) (victims []int, freed int64) {
	n := len(s.Snapshots)
	most := 0
	for work := 0; most < n && work <= fewestWork; work += n * most {
		most++
	}
	spans := s.spansByLength(most)
	room := make([]int, n+1) // how long the longest run is that ends before i
	for i := range n {
		if may(i) {
			room[i+1] = room[i] + 1
		}
	}
	inside := [][]int64{make([]int64, n+2)} // by length and first position: what only the snapshots of this run hold
	best, chosen := [][]int64{make([]int64, n+1)}, [][]int{make([]int, n+1)}
	for k := 1; k <= most; k++ {
		run := make([]int64, n+2)
		for i := 0; i+k <= n; i++ {
			if run[i] = inside[k-1][i] + spans[k][i]; k > 1 {
				run[i] += inside[k-1][i+1] - inside[k-2][i+1]
			}
		}
		inside = append(inside, run)
		f, of := make([]int64, n+1), make([]int, n+1)
		for i := 1; i <= n; i++ {
			f[i], of[i] = f[i-1], 0
			for l := 1; l <= min(k, room[i]); l++ {
				if v := best[k-l][i-l] + inside[l][i-l]; v > f[i] {
					f[i], of[i] = v, l
				}
			}
		}
		best, chosen = append(best, f), append(chosen, of)
		if f[n] < bytes {
			continue
		}
		for left, i := k, n; i > 0 && left > 0; {
			l := chosen[left][i]
			for p := i - l; p < i; p++ {
				victims = append(victims, p)
			}
			i, left = i-max(l, 1), left-l
		}
		break
	}
	slices.Sort(victims)
	for _, a := range s.FreedInTurn(victims) {
		freed = record.Plus(freed, a.Bytes)
	}
	return victims, freed
}

// spansByLength are the bytes of inodes by how many snapshots they are in, most of them at most, and the first of
// these.
func (s *Stats) spansByLength(most int) [][]int64 {
	seqs := s.seqs()
	all := make([][]int64, most+1)
	for l := range all {
		all[l] = make([]int64, len(seqs)-l+1)
	}
	for span, a := range s.usage {
		first, _ := slices.BinarySearch(seqs, span.First) // of those that are there
		end, _ := slices.BinarySearch(seqs, span.Last+1)
		if l := end - first; 0 < l && l <= most {
			all[l][first] = record.Plus(all[l][first], a.Bytes)
		}
	}
	return all
}
