package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/destination"
	"snap/internal/filetest"
	"snap/record"
)

// eager is a run that puts down every task, and a checkpoint after every one that copied.
func eager(d *destination.Destination, source, name string, report Reporter) *run {
	return &run{d: d, o: Options{
		Source: source, Start: time.Now().Add(time.Hour), Name: func(time.Time) string { return name }, Report: report,
	}}
}

// TestProcess is a backup in a process of its own, for tests that kill it; by itself it does nothing.
func TestProcess(t *testing.T) {
	dest, source, ok := strings.Cut(os.Getenv("BACKUP_TEST_PROCESS"), "\n")
	if !ok {
		return
	}
	ctx := context.Background()
	d, err := destination.Open(ctx, dest, destination.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := eager(d, source, "killed", nil).result(ctx); err != nil {
		t.Fatal(err)
	}
}

// interrupter cancels a run that tells of an entry for the n-th time.
type interrupter struct {
	noReporter
	left int
	stop context.CancelFunc
}

func (i *interrupter) Entry(string, *record.Record, bool) {
	if i.left--; i.left == 0 {
		i.stop()
	}
}

// checkpointFrame is what a checkpoint adds to a change set.
func checkpointFrame(t *testing.T) []byte {
	var set bytes.Buffer
	w, err := record.NewChangeWriter(&set, nil)
	if err == nil {
		err = w.Flush()
	}
	before := set.Len()
	if err == nil {
		err = w.Checkpoint()
	}
	if err != nil {
		t.Fatal(err)
	}
	return set.Bytes()[before:]
}

// TestCheckpoints: of a run that was interrupted, another mount of the destination believes what stands
// before the last checkpoint and no more.
func TestCheckpoints(t *testing.T) {
	filetest.NeedRoot(t)
	dir := t.TempDir()
	for i := range 40 {
		path := filepath.Join(dir, "src", fmt.Sprintf("d%d", i/5), fmt.Sprintf("f%02d", i))
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(fmt.Sprint("text ", i)), 0o644))
		if i%5 == 4 { // ends a task
			err = errors.Join(err, os.Truncate(path, taskBytes))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	dest, again := filepath.Join(dir, "dest"), filepath.Join(dir, "again")
	if err := errors.Join(os.Mkdir(dest, 0o700), os.Mkdir(again, 0o700)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err := destination.Open(ctx, dest, destination.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if d.Root.Session() == "" {
		t.Skip("this system does not tell one mount from the next")
	}
	if _, err := eager(d, filepath.Join(dir, "src"), "first",
		&interrupter{left: 25, stop: cancel}).result(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	d.Close()
	// A run that was cancelled may have got as far as a checkpoint, which is its end then: as if it was killed before
	// that.
	sets, err := filepath.Glob(filepath.Join(dest, destination.MetaName, destination.TmpName, "*", destination.SetName))
	if err != nil || len(sets) != 1 {
		t.Fatal(sets, err)
	}
	set, err := os.ReadFile(sets[0])
	if err == nil {
		err = os.WriteFile(sets[0], bytes.TrimSuffix(set, checkpointFrame(t)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}

	ctx = context.Background()
	open := func(path string) (*destination.Destination, *destination.InterruptedRun) {
		d, err := destination.Open(ctx, path, destination.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Interrupted) != 1 {
			t.Fatalf("%s: %d dead runs", path, len(d.Interrupted))
		}
		return d, d.Interrupted[0]
	}
	d, here := open(dest)
	d.Close()
	if out, err := exec.Command("mount", "--bind", dest, again).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v\n%s", err, out)
	}
	defer syscall.Unmount(again, syscall.MNT_DETACH)
	d, there := open(again)
	defer d.Close()
	if there.Trusted == 0 || there.Trusted >= here.Trusted {
		t.Errorf("%d of %d records are believed after another mount", there.Trusted, here.Trusted)
	}
	// What stands behind the last checkpoint may be a folder alone, which has no bytes.
	if there.Saved.Files == 0 || there.Saved.Bytes > here.Saved.Bytes || there.Held != here.Held ||
		here.Held != here.Saved {
		t.Errorf("here %+v %+v, there %+v %+v", here.Saved, here.Held, there.Saved, there.Held)
	}
	res, err := eager(d, filepath.Join(dir, "src"), "second", nil).result(ctx)
	if err != nil || res.Resumed != there.Saved {
		t.Errorf("taken over: %+v (%v), want %+v", res.Resumed, err, there.Saved)
	}
}
