package web

// hunk is a stretch of lines of which some differ, and how many equal ones before it are not shown.
type hunk struct {
	Skip  int
	Lines []line
}

// pair is what stands side by side; nil for nothing.
type pair struct{ Left, Right *line }

// hunksOf leaves out the equal lines that are far from what differs.
func hunksOf(all []line) (hunks []hunk, after int) {
	shown := make([]bool, len(all))
	for i := range all {
		if all[i].Mark == sameLine {
			continue
		}
		for n := max(0, i-contextSize); n <= min(len(all)-1, i+contextSize); n++ {
			shown[n] = true
		}
	}
	skipped := 0
	for i := range all {
		switch {
		case !shown[i]:
			skipped++
			continue
		case skipped > 0 || len(hunks) == 0:
			hunks = append(hunks, hunk{Skip: skipped})
			skipped = 0
		}
		h := &hunks[len(hunks)-1]
		h.Lines = append(h.Lines, all[i])
	}
	return hunks, skipped
}

// Pairs are the lines of a hunk side by side.
func (h hunk) Pairs() (all []pair) {
	for i := 0; i < len(h.Lines); {
		if h.Lines[i].Mark == sameLine {
			all = append(all, pair{&h.Lines[i], &h.Lines[i]})
			i++
			continue
		}
		j := i
		for j < len(h.Lines) && h.Lines[j].Mark == removedLine {
			j++
		}
		k := j
		for k < len(h.Lines) && h.Lines[k].Mark == addedLine {
			k++
		}
		for n := range max(j-i, k-j) {
			var p pair
			if i+n < j {
				p.Left = &h.Lines[i+n]
			}
			if j+n < k {
				p.Right = &h.Lines[j+n]
			}
			all = append(all, p)
		}
		i = k
	}
	return all
}
