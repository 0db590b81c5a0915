package backup_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/record"
)

// TestALogThatGrows is told, and nothing is missing: the snapshot has the log as it was just before, and the next
// backup looks again. With Strict it counts. What is written to in its midst is a mixture as before.
func TestALogThatGrows(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("log", strings.Repeat("a line of a log\n", 1<<18)) // 4 MiB: reading it takes a while
	p.Write("other", "x")
	// while something writes to the log with write, a backup is made.
	during := func(flag int, write func(*os.File) error, change ...func(*backup.Options)) (*backup.Result,
		*backuptest.Recorder) {
		f, err := os.OpenFile(p.Path("log"), flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		stop, begun := make(chan struct{}), make(chan struct{})
		var group sync.WaitGroup
		group.Go(func() {
			for n := 0; ; n++ {
				if write(f) != nil {
					return
				}
				if n == 0 {
					close(begun)
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		<-begun
		res, rec := p.Backup(change...)
		close(stop)
		group.Wait()
		return res, rec
	}
	grow := func(f *os.File) error {
		_, err := f.WriteString("one more\n")
		return err
	}
	told := func(res *backup.Result) error {
		for _, pr := range res.Problems {
			if pr.Path == "log" {
				return pr.Err
			}
		}
		return nil
	}
	for _, strict := range []bool{false, true} {
		res, rec := during(os.O_APPEND|os.O_WRONLY, grow, backuptest.Force, func(o *backup.Options) { o.Strict = strict })
		if !errors.Is(told(res), backup.ErrGrows) || res.Incomplete() != strict || (res.Errors == 1) != strict ||
			(res.Header.Errors == 1) != strict {
			t.Errorf("strict %v: %v, %d errors, incomplete %v", strict, told(res), res.Errors, res.Incomplete())
		}
		if r := rec.Changes["log"]; !r.Has(record.Inconsistent) || !r.Has(record.Racy) || !r.Has(record.Hashed) {
			t.Errorf("the next backup would not look again: flags %v", r.Flags)
		}
		now, err := os.ReadFile(p.Path("log"))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(p.Tree(res), "log")); err != nil || len(b) < 4<<20 ||
			!strings.HasPrefix(string(now), string(b)) {
			t.Errorf("the copy has %d bytes, and is not what the log began with: %v", len(b), err)
		}
	}
	n := 0
	res, _ := during(os.O_WRONLY, func(f *os.File) error {
		n++
		_, err := fmt.Fprintf(io.NewOffsetWriter(f, 17), "%020d", n)
		return err
	}, backuptest.Force)
	if err := told(res); !errors.Is(err, backup.ErrUnsteady) || !res.Incomplete() {
		t.Errorf("written to in its midst: %v", err)
	}
	if res, _ := p.Backup(backuptest.Force); len(res.Problems) > 0 {
		t.Errorf("when nobody writes: %v", res.Problems)
	} else {
		p.WantSame(res)
	}
}
