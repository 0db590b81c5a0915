package reindex_test

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/filetest"
	"snap/internal/harness"
	"snap/internal/long"
)

// TestALookThatFailsIsNoDamage: each look at an open file fails once, for want of memory. A change set is not taken
// for damaged then, and made from its tree: it stays as it is, with what was copied and the tags, and what a reindex
// says is what the next one says.
func TestALookThatFailsIsNoDamage(t *testing.T) {
	fault, snap := harness.Tool(t, "faultrun"), harness.Snap(t)
	p := backuptest.NewPlace(t)
	p.Write("plain", "one")
	p.Write("sparse", "tail") // of which a run copies less than the tree takes
	p.Do(os.Truncate(p.Path("sparse"), 1<<20))
	p.Dated()
	p.Write("plain", "two and more")
	p.Dated()
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	filetest.Must(t, snap, "tag", "-d", p.Dest, "latest~1", "--add", "first")
	list := func() string {
		out, err := exec.Command(snap, "list", "--json", "-d", p.Dest).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return regexp.MustCompile(`"age\w*":[^,}]*|"free\w*":[^,}]*`).ReplaceAllString(string(out), "")
	}
	p.Do(exec.Command(snap, "reindex", "-d", p.Dest).Run())
	want, failed := list(), 0
	for n := 1; ; n += long.Of(7, 1) {
		out, err := exec.Command(fault, "-only", "fstat", "-at", strconv.Itoa(n), "-errno", "ENOMEM", "--",
			snap, "reindex", "-d", p.Dest).CombinedOutput()
		m := regexp.MustCompile(`faultrun: total=\d+ hit=(\w*)`).FindSubmatch(out)
		if m == nil {
			t.Fatalf("faultrun says nothing:\n%s", out)
		}
		if len(m[1]) == 0 {
			break
		}
		if err != nil {
			failed++
			p.Do(exec.Command(snap, "reindex", "-d", p.Dest).Run())
		}
		if now := list(); now != want {
			t.Fatalf("look %d failed (%v):\n%s\nit lists\n%s\nand before\n%s", n, err, out, now, want)
		}
	}
	if failed == 0 {
		t.Error("no run failed")
	}
}
