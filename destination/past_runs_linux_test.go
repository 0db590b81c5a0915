package destination_test

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/internal/file"
)

func TestPastRunsAreTheLastOnes(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "one")
	p.Backup()
	root, err := file.OpenRoot(p.Dest)
	p.Do(err)
	defer root.Close()
	if runs := destination.ReadRuns(root); runs != nil {
		t.Errorf("before the first: %v", runs)
	}
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.FixedZone("east", 3600))
	note := func(r destination.PastRun) {
		t.Helper()
		d := p.Open()
		p.Do(d.NoteRun(r))
		p.Do(d.Close())
	}
	long := strings.Repeat("ü", 200) + "\nand more"
	note(destination.PastRun{Time: at, Seconds: 1.5, End: destination.RunFailed, Why: long})
	want := destination.PastRun{Time: at.UTC(), Seconds: 1.5, End: destination.RunFailed, Why: strings.Repeat("ü", 150)}
	if runs := destination.ReadRuns(root); len(runs) != 1 || !reflect.DeepEqual(runs[0], want) {
		t.Errorf("%+v, want %+v", runs, want)
	}
	for i := range 65 {
		note(destination.PastRun{Time: at, End: destination.RunDone, Snapshot: fmt.Sprint("s", i)})
	}
	if runs := destination.ReadRuns(root); len(runs) != 60 || runs[0].Snapshot != "s5" || runs[59].Snapshot != "s64" {
		t.Errorf("%d runs, from %q to %q", len(runs), runs[0].Snapshot, runs[len(runs)-1].Snapshot)
	}
	p.Do(os.WriteFile(p.Meta("runs"), []byte("{}\n00000000\n"), 0o600))
	if runs := destination.ReadRuns(root); runs != nil {
		t.Errorf("of a damaged file: %v", runs)
	}
	note(want)
	if runs := destination.ReadRuns(root); len(runs) != 1 {
		t.Errorf("after damage: %v", runs)
	}
}
