package web

import (
	"fmt"
	"math"
	"strings"
	"time"

	"snap/query"
	"snap/record"
)

// growth is how all snapshots together grew, a step a snapshot, and what each of them brought.
type growth struct {
	Line, Area string // SVG paths
	Bars       string
	Months     []mark
	Top        int64 // what they take together now
}

const (
	growthHeight = 122.0
	growthBars   = 34.0 // of this, for what a snapshot brought
)

// newGrowth draws what the snapshots hold, oldest first; brought says what each has that none before has.
func newGrowth(snaps []*record.Header, brought []int64, zone *time.Location) growth {
	g := growth{}
	most := int64(0)
	for i, n := range brought {
		if g.Top = record.Plus(g.Top, n); i > 0 { // the first brings all: beside it no other would be seen
			most = max(most, n)
		}
	}
	if len(snaps) == 0 || g.Top == 0 {
		return g
	}
	step := barWidth / float64(len(snaps))
	up := func(n int64) float64 { return growthHeight - (growthHeight-12)*float64(n)/float64(g.Top) }
	var line, bars strings.Builder
	sum := int64(0)
	all := make(query.Snapshots, len(snaps))
	for i, n := range brought {
		sum, all[i] = record.Plus(sum, n), *snaps[i]
		if i == 0 {
			fmt.Fprintf(&line, "M0 %.4g", up(sum))
		} else {
			fmt.Fprintf(&line, "V%.4g", up(sum))
		}
		fmt.Fprintf(&line, "H%.4g", float64(i+1)*step)
		if n > 0 {
			high := growthBars
			if i > 0 {
				high = max(2, growthBars*math.Sqrt(float64(n)/float64(max(1, most))))
			}
			width := min(step*0.76, 14)
			fmt.Fprintf(&bars, "M%.4g %gv-%.3gh%.3gv%.3gz", cellOf(i, len(snaps))-width/2, growthHeight, high, width, high)
		}
	}
	g.Line, g.Bars = line.String(), bars.String()
	g.Area = g.Line + fmt.Sprintf("V%gH0z", growthHeight)
	g.Months = monthsOf(all, func(i int) float64 { return cellOf(i, len(all)) }, zone)
	return g
}
