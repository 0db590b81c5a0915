package backup_test

import (
	"fmt"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/destination/check"
	"snap/internal/harness"
)

// TestASnapshotThatIsThereIsNotSaidToBeComing: where a call fails after the snapshot got its name, the run says that it
// is there, and not that the next backup goes on from what was copied. The next one makes sure of it.
func TestASnapshotThatIsThereIsNotSaidToBeComing(t *testing.T) {
	there, before := 0, 0
	for n := 1; ; n++ {
		p := backuptest.NewPlace(t)
		p.Write("a", "first")
		p.Backup()
		p.Write("b", fmt.Sprint("second, ", n))
		hit, out := p.At(t, n, "fdatasync,fsync", []string{"-errno", "EIO"}, "backup", p.Dest, p.Src)
		if !hit {
			break
		}
		kept := strings.Contains(out, "what was copied is kept")
		if strings.Contains(out, "it is not certain that a power cut would leave it") {
			if there++; kept {
				t.Errorf("sync %d:\n%s", n, out)
			}
		} else if kept {
			before++
		}
		p.Do(p.Command(harness.Snap(t), "backup", p.Dest, p.Src).Run())
		p.WantSaid(p.Check(check.Options{Read: backuptest.ReadAll}))
	}
	if there == 0 || before == 0 {
		t.Errorf("%d after the snapshot was there, %d before", there, before)
	}
}
