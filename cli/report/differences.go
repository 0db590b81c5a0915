package report

import (
	"context"

	"snap/cli/wire"
	"snap/index"
	"snap/query"
)

// Differences prints a line for each path and one for each renamed folder. What moved along is counted before
// anything is printed, so that the count can stand before the lines of what is inside. For that many differences
// are read twice, and only few are kept.
func (p *Printer) Differences(ctx context.Context, q *query.Diff, sum *wire.DiffSummary, reasons bool) error {
	var counter, f query.RenameCollapser
	var kept []index.Difference
	all := q.Differences(ctx)
	few := true
	top := query.TreeMoved(q.A, q.B)
	for d, err := range all {
		if err != nil {
			return err
		}
		if few = few && len(kept) < keepDifferences; few {
			kept = append(kept, d)
		}
		d = query.AsMoved(d, top)
		counter.Place(&d)
	}
	if few {
		all = func(yield func(index.Difference, error) bool) {
			for _, d := range kept {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
	for d, err := range all {
		if err != nil {
			return err
		}
		sum.Add(&d)
		d = query.AsMoved(d, top)
		along, fold := f.Place(&d)
		if along {
			if d.Change = index.Classify(d.Before, d.After); d.Change == 0 {
				continue
			}
		}
		if err := p.Difference(q, &d, counter.Count(fold), reasons); err != nil {
			return err
		}
	}
	return nil
}

// keepDifferences is how many differences are kept in memory: about five megabytes.
const keepDifferences = 4096
