package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"snap/internal/harness"
	"snap/internal/long"
)

// TestInterruptedCalls: EINTR from any of the calls that lock, grow and sync the index and the destination loses
// nothing and is not taken for damage. Calls that open and lock are repeated. One that ends a transaction ends the
// run, which says so, because what bbolt has written by then must not be applied twice: the next run goes on from
// there.
func TestInterruptedCalls(t *testing.T) {
	faultrun, snap := harness.Tool(t, "faultrun"), harness.Snap(t)
	for _, c := range []struct {
		calls string
		goes  bool // the run goes on all the same
	}{{"flock", true}, {"ftruncate", false}, {"fdatasync", false}, {"fsync,syncfs", true}} {
		t.Run(c.calls, func(t *testing.T) {
			hits := 0
			step := 5
			if long.Form() {
				step = 1
			}
			for n := 1; ; n += step {
				dir := t.TempDir()
				src, dest := filepath.Join(dir, "src"), filepath.Join(dir, "dest")
				must := func(err error) {
					if err != nil {
						t.Fatal(err)
					}
				}
				must(os.Mkdir(src, 0o755))
				must(os.Mkdir(dest, 0o755))
				env := append(os.Environ(), "XDG_STATE_HOME="+dir+"/state", "HOME="+dir)
				command := func(args ...string) (string, error) {
					cmd := exec.Command(args[0], args[1:]...)
					cmd.Env = env
					out, err := cmd.CombinedOutput()
					return string(out), err
				}
				must(os.WriteFile(src+"/a", []byte("a"), 0o644))
				if out, err := command(snap, "backup", dest, src); err != nil {
					t.Fatal(out)
				}
				must(os.WriteFile(src+"/b", []byte("b"), 0o644))
				said, err := command(faultrun, "-at", fmt.Sprint(n), "-errno", "EINTR", "-only", c.calls, "--", snap, "backup",
					dest, src)
				if strings.Contains(said, "damage") || strings.Contains(said, "reindex") {
					t.Errorf("%s %d: told as damage: %s", c.calls, n, said)
				}
				if err != nil && c.goes {
					t.Errorf("%s %d: %v: %s", c.calls, n, err, said)
				}
				if out, err := command(snap, "backup", dest, src); err != nil {
					t.Errorf("%s %d: the next run: %s", c.calls, n, out)
				}
				if out, err := command(snap, "check", "-d", dest, "--read-data"); err != nil {
					t.Errorf("%s %d: check: %s", c.calls, n, out)
				}
				if b, err := os.ReadFile(dest + "/latest/b"); string(b) != "b" {
					t.Errorf("%s %d: the newest snapshot has not what was new: %v", c.calls, n, err)
				}
				if !strings.Contains(said, "hit="+strings.Split(c.calls, ",")[0]) && !strings.Contains(said, "hit=syncfs") {
					break
				}
				hits++
			}
			if hits == 0 && c.calls != "ftruncate" { // not every run grows the index
				t.Error("no call was interrupted")
			}
		})
	}
}
