package replica_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/harness"
	"snap/internal/long"
	"snap/remote/replica"
)

// TestKilled kills a copy before its file-system calls, spread over all of it. The next one goes on from there, and
// nothing is ever there that is not whole.
func TestKilled(t *testing.T) {
	fault := harness.Tool(t, "faultrun")
	p := backuptest.NewPlace(t)
	p.Grow()
	p.Backup()
	p.Write("more", "more")
	p.Do(os.Rename(p.Path("more"), p.Path("moved")))
	p.Backup()
	step := 83
	switch {
	case long.Form():
		step = 7
	case testing.Short():
		step = 299
	}
	points, resumed := 0, int64(0)
	for n := 1; ; n += step {
		y := follower(t)
		cmd := exec.Command(fault, "-at", strconv.Itoa(n), "-kill", "--", os.Args[0])
		cmd.Env = append(os.Environ(), "REPLICA_TEST_COPY="+p.Dest+"\n"+y)
		out, _ := cmd.CombinedOutput()
		m := regexp.MustCompile(`faultrun: total=\d+ hit=(\w*)`).FindSubmatch(out)
		if m == nil {
			t.Fatalf("faultrun says nothing:\n%s", out)
		}
		if len(m[1]) == 0 {
			break
		}
		points++
		q := &backuptest.Place{T: t, Src: p.Src, Dest: y}
		wantSame(p, y, names(q))
		res := copyTo(p, y, replica.Options{})
		for _, c := range res.Copied {
			resumed += c.Resumed
		}
		wantSame(p, y, names(p))
		if left, _ := os.ReadDir(filepath.Join(y, ".snap", "tmp")); len(left) > 0 {
			t.Fatalf("killed before call %d: left behind: %v", n, left)
		}
	}
	t.Logf("%d points, %d files taken over", points, resumed)
	if points < 3 || resumed == 0 {
		t.Errorf("%d points, %d files taken over", points, resumed)
	}
}
