package job

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"snap/cli/exit"
	"snap/destination/check"
)

// CheckResult is what a check found.
type CheckResult struct {
	*check.Result
	Took time.Duration
}

// Check makes sure that the destination holds what it should, as `snap check` does. Files of read are read and compared
// with their hashes; its Seed is set here.
func (p *Place) Check(ctx context.Context, w *Watcher, read check.Subset) (*CheckResult, error) {
	d, err := p.open(ctx) // it is the one that is meant
	if err == nil {
		err = d.Close()
	}
	if err != nil {
		return nil, err
	}
	read.Seed = rand.Uint64()
	begin := p.Now()
	res, err := check.Run(ctx, p.Dest, check.Options{Time: begin, Read: read, Progress: w.Progress})
	for i := range res.Findings {
		w.Problem(res.Findings[i].Path, errors.New(res.Findings[i].Why))
	}
	result := &CheckResult{res, p.Now().Sub(begin)}
	if err != nil {
		return result, exit.Hint(err, p.Dest)
	}
	if res.Errors > 0 {
		return result, exit.With(exit.Failed, nil)
	}
	return result, nil
}
