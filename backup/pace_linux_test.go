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

	"snap/index"
)

// eager is a run that puts down every task, and a checkpoint after every one that copied.
func eager(d *Destination, source, name string, report Reporter) *run {
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
	d, err := Open(ctx, dest, OpenOptions{Create: true})
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
	silent
	left int
	stop context.CancelFunc
}

func (i *interrupter) Entry(string, *index.Record, bool) {
	if i.left--; i.left == 0 {
		i.stop()
	}
}

// checkpointFrame is what a checkpoint adds to a change set.
func checkpointFrame(t *testing.T) []byte {
	var set bytes.Buffer
	w, err := index.NewChangeWriter(&set, nil)
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
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
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
	d, err := Open(ctx, dest, OpenOptions{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if d.root.Session() == "" {
		t.Skip("this system does not tell one mount from the next")
	}
	if _, err := eager(d, filepath.Join(dir, "src"), "first", &interrupter{left: 25, stop: cancel}).result(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	d.Close()
	// A run that was cancelled may have got as far as a checkpoint, which is its end then: as if it was killed before that.
	sets, err := filepath.Glob(filepath.Join(dest, metaName, tmpName, "*", setName))
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
	open := func(path string) (*Destination, *deadRun) {
		d, err := Open(ctx, path, OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(d.dead) != 1 {
			t.Fatalf("%s: %d dead runs", path, len(d.dead))
		}
		return d, d.dead[0]
	}
	d, here := open(dest)
	d.Close()
	if out, err := exec.Command("mount", "--bind", dest, again).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v\n%s", err, out)
	}
	defer syscall.Unmount(again, syscall.MNT_DETACH)
	d, there := open(again)
	defer d.Close()
	if there.trusted == 0 || there.trusted >= here.trusted {
		t.Errorf("%d of %d records are believed after another mount", there.trusted, here.trusted)
	}
	if there.saved.Files == 0 || there.saved.Bytes >= here.saved.Bytes || there.held != here.held || here.held != here.saved {
		t.Errorf("here %+v %+v, there %+v %+v", here.saved, here.held, there.saved, there.held)
	}
	res, err := eager(d, filepath.Join(dir, "src"), "second", nil).result(ctx)
	if err != nil || res.Resumed != there.saved {
		t.Errorf("taken over: %+v (%v), want %+v", res.Resumed, err, there.saved)
	}
}
