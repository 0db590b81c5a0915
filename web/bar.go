package web

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"snap/query"
)

// bar is time as columns, one a snapshot: by their order and not by time, since after a prune the last day has twenty
// and the year before twelve. A column is as high as the snapshot changed much in the folder.
type bar struct {
	Count, Pos int
	Changed    int    // in so many snapshots something changed
	Idle       string // SVG paths: columns in which nothing changed,
	Past       string // those that did, up to the handle,
	Later      string // and behind it
	Here       string // the column of the handle,
	HereHot    bool   // in which something changed
	Months     []mark
	Before     int // the position of the change before the handle, -1 for none
	After      int
}

const (
	barWidth, barHeight = 1000.0, 46.0
	barGap              = 0.25 // of a column
	barTop              = 0.97 // what is rarer than that is as high as the highest
	barMonth            = 64.0 // so far apart are names of months
)

// newBar draws the columns; touched says how much each snapshot changed.
func newBar(touched []int, snaps query.Snapshots, pos int, zone *time.Location) bar {
	b := bar{Count: len(touched), Pos: pos, Before: -1, After: -1}
	if b.Count == 0 {
		return b
	}
	for i, n := range touched {
		if n == 0 {
			continue
		}
		b.Changed++
		switch {
		case i < pos:
			b.Before = i
		case i > pos && b.After < 0:
			b.After = i
		}
	}
	var idle, past, later strings.Builder
	for i, c := range columnsOf(touched) {
		to := &idle
		switch {
		case i == pos:
			b.Here, b.HereHot = c, touched[i] > 0
			continue
		case touched[i] > 0 && i > pos:
			to = &later
		case touched[i] > 0:
			to = &past
		}
		to.WriteString(c)
	}
	b.Idle, b.Past, b.Later = idle.String(), past.String(), later.String()
	b.Months = monthsOf(snaps, func(i int) float64 { return middleOf(i, b.Count) }, zone)
	return b
}

// columnsOf are the columns, each as a part of a path.
func columnsOf(touched []int) []string {
	var busy []int
	for _, n := range touched {
		if n > 0 {
			busy = append(busy, n)
		}
	}
	slices.Sort(busy)
	top := 1.0
	if len(busy) > 0 {
		top = math.Sqrt(float64(busy[int(float64(len(busy)-1)*barTop)]))
	}
	width := min(barWidth/float64(max(1, len(touched)))*(1-barGap), 14)
	all := make([]string, len(touched))
	for i, n := range touched {
		height := 3.0
		if n > 0 {
			height = 12 + (barHeight-8-12)*min(1, math.Sqrt(float64(n))/top)
		}
		all[i] = column(middleOf(i, len(touched))-width/2, width, height)
	}
	return all
}

// middleOf is where the column of the i-th of n snapshots stands: the first one at the left end and the last one at the
// right end, as the handle does that chooses among them.
func middleOf(i, n int) float64 { return barWidth * float64(i) / float64(max(1, n-1)) }

// cellOf is where the i-th of n snapshots stands in a drawing that has no handle: each in the middle of its cell.
func cellOf(i, n int) float64 { return barWidth * (float64(i) + 0.5) / float64(max(1, n)) }

// column is a rectangle as a part of a path, from the ground up.
func column(x, width, height float64) string {
	return fmt.Sprintf("M%.4g %gv-%.3gh%.3gv%.3gz", x, barHeight, height, width, height)
}

// monthsOf are the months below the snapshots, each where at says that its first one stands, as many as there is room
// for; of many years, the years.
func monthsOf(snaps query.Snapshots, at func(i int) float64, zone *time.Location) (all []mark) {
	last := -barMonth
	before := ""
	for i := range snaps {
		t := snaps[i].Time.In(zone)
		month := t.Format("2006-01")
		if month == before {
			continue
		}
		newYear := before != "" && month[:4] != before[:4]
		before = month
		x := at(i)
		word := t.Format("Jan")
		if newYear || i == 0 && snaps[len(snaps)-1].Time.Sub(t) > 400*24*time.Hour {
			word = t.Format("Jan 2006")
		}
		if x-last < barMonth {
			continue
		}
		last = x
		all = append(all, mark{x, word})
	}
	return all
}
