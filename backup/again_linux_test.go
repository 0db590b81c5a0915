package backup_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/harness"
)

// TestGoneForOneLook makes one look after the other say that nothing is there, though it is: as when a program
// removes a file and makes it again. Every snapshot that is made holds all of the source, and nothing is told.
func TestGoneForOneLook(t *testing.T) {
	t.Parallel()
	run, snap := harness.Tool(t, "faultrun"), harness.Snap(t)
	step := 7
	if testing.Short() {
		step = 41
	}
	base := t.TempDir()
	do := func(dir, script string) {
		t.Helper()
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(dir, "state"), "SNAP="+snap)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	do(base, `mkdir -p src/d/e dest; echo f >src/d/f; echo was >src/d/was
		echo g >src/d/e/g; ln -s f src/d/link; echo old >src/z
		"$SNAP" backup -q dest src
		mv src/d/was src/d/new; echo longer >src/z; ln -sf g src/d/link; touch -d 2001-01-01 src/d/f
		mkdir src/d/n; echo n >src/d/n/n; mv dest was`)
	points, hits := 0, 0
	for n := 1; ; n += step {
		dir := base
		do(dir, "rm -rf dest; cp -a was dest")
		cmd := exec.Command(run, "-only", "openat,statx,readlinkat", "-at", strconv.Itoa(n), "-errno", "ENOENT", "--", snap,
			"backup", "dest", "src")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(dir, "state"))
		out, err := cmd.CombinedOutput()
		text := string(out)
		m := regexp.MustCompile(`faultrun: total=(\d+) hit=(\S*)`).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("point %d: %v\n%s", n, err, text)
		}
		points++
		if m[2] != "" && m[2] != "none" {
			hits++
		}
		if strings.Contains(text, "the destination cannot hold this name") { // the look was one at the destination
			continue
		}
		if all, _ := filepath.Glob(filepath.Join(dir, "dest/2*")); len(all) == 2 {
			latest := all[1]
			if d := backuptest.Difference(backuptest.Listing(t, filepath.Join(dir, "src")),
				backuptest.Listing(t, latest)); d != "" {
				t.Errorf("point %d (%s): the snapshot is not the source:\n%s\n%s", n, m[2], d, text)
			}
			if regexp.MustCompile(`(?m)^snap: [dz].*no such file or directory$`).MatchString(text) ||
				strings.Contains(text, "could not be read") {
				t.Errorf("point %d (%s): told\n%s", n, m[2], text)
			}
		} else if err == nil {
			t.Errorf("point %d: %d snapshots\n%s", n, len(all), text)
		}
		if total, _ := strconv.Atoi(m[1]); n > total {
			break
		}
	}
	if hits < points/2 {
		t.Errorf("%d of %d faults fired", hits, points)
	}
}
