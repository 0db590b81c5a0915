package backup_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/progress"
	"snap/record"
)

// The bytes that are counted while files are copied come to the total that was told before, however the files come
// into the snapshot.
func TestCountedBytesComeToTheTotal(t *testing.T) {
	p := backuptest.NewPlace(t)
	run := func(what string, least int64) {
		t.Helper()
		ctx, meter := progress.Watch(context.Background())
		far := &counted{meter: meter, farthest: farthest{Reporter: &backuptest.Recorder{
			Changes: map[string]record.Record{}, Kept: map[string]record.Record{}}}}
		d, err := destination.Open(ctx, p.Dest, destination.Options{Create: true})
		p.Do(err)
		p.N++
		name := fmt.Sprintf("s%04d", p.N)
		_, err = backup.Run(ctx, d, backup.Options{Source: p.Src, Start: time.Now().Add(time.Hour), Report: far, Force: true,
			Name: func(time.Time) string { return name }})
		p.Do(err)
		p.Do(d.Close())
		done, more := meter.Bytes()
		done -= far.before
		if done != far.last.TotalBytes+more || done < least || meter.Path() != "" {
			t.Errorf("%s: %d bytes counted, of %d and %d more; in work %q", what, done, far.last.TotalBytes, more, meter.Path())
		}
		if far.last.Files != far.last.TotalFiles {
			t.Errorf("%s: %d files of %d", what, far.last.Files, far.last.TotalFiles)
		}
	}
	p.Sparse("image", 1)
	p.Write("a/large", strings.Repeat("x", 5<<20))
	p.Do(os.Link(p.Path("a/large"), p.Path("another name")))
	p.Write("small", "small")
	run("the first", 6<<20+5)
	p.Do(errors.Join(os.Remove(p.In("s0001", "a/large")), os.Remove(p.In("s0001", "another name"))))
	p.Write("new", "new")
	run("with a copy that is gone", 5<<20+3)
	p.Do(os.Chmod(p.Path("small"), 0o600))
	run("another mode", 0)
	p.Do(backuptest.RemoveAll(p.In("s0003", "")))
	run("without the snapshot before", 6<<20+8)
}

// counted keeps what the meter had counted when the building began.
type counted struct {
	farthest
	meter  *progress.Meter
	before int64
}

func (c *counted) Progress(p progress.State) {
	if p.Stage == progress.Building && c.last.Stage == "" {
		c.before, _ = c.meter.Bytes()
	}
	c.farthest.Progress(p)
}
