package replica_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/internal/long"
	"snap/internal/progress"
	"snap/record"
	"snap/remote/replica"
)

// peak is the largest heap that is seen while a copy goes on.
type peak struct {
	mu   sync.Mutex
	n    int
	most uint64
}

func (p *peak) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n++; p.n%500 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.most = max(p.most, m.HeapAlloc)
	}
}

func (p *peak) Progress(progress.State)            {}
func (p *peak) Problem(backup.Problem)             {}
func (p *peak) Entry(string, *record.Record, bool) { p.look() }

// TestMemory: a copy of many files takes no more than a bounded part of memory, by change sets and by a whole listing.
func TestMemory(t *testing.T) {
	files := long.Of(20_000, 100_000)
	const limit = 80 << 20
	p := backuptest.NewPlace(t)
	for n := range files {
		if n%1000 == 0 {
			p.Do(os.MkdirAll(p.Path(fmt.Sprint("folder", n/1000)), 0o755))
		}
		name := fmt.Sprintf("folder%d/a-name-of-some-length-%06d", n/1000, n)
		p.Do(os.WriteFile(p.Path(name), []byte(fmt.Sprint(n)), 0o600))
	}
	p.Backup()
	p.Backup(backuptest.Force)
	y := follower(t)
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	watch := &peak{}
	o := replica.Options{Report: func(*record.Header) backup.Reporter { return watch }}
	copyTo(p, y, o)
	t.Logf("%d files: %d MiB", files, watch.most>>20)
	p.Do(os.Rename(p.Path("folder0"), p.Path("moved")))
	p.Backup()
	p.Remove("s0002")
	if _, err := replica.Copy(context.Background(), p.Dest, y, o); err != nil {
		t.Fatal(err)
	}
	t.Logf("with a whole listing: %d MiB", watch.most>>20)
	if watch.most > limit {
		t.Errorf("%d MiB of memory", watch.most>>20)
	}
	if _, err := os.Lstat(filepath.Join(y, "s0003", "moved")); err != nil {
		t.Error(err)
	}
}
