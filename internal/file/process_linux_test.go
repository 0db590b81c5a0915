package file

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// TestEveryThreadGivesWay asks a process of its own, because what gave way stays so: what its threads have, and what a
// program that it starts has.
func TestEveryThreadGivesWay(t *testing.T) {
	if os.Getenv("SNAP_TEST_NICE") != "" {
		var up sync.WaitGroup
		for range 8 {
			up.Add(1)
			go func() {
				runtime.LockOSThread() // a thread of its own
				up.Done()
				select {}
			}()
		}
		up.Wait()
		if err := Nice(7); err != nil {
			t.Fatal(err)
		}
		if err := NiceIO(IOIdle, 0); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("/bin/sh", "-c", "cut -d' ' -f19 /proc/$PPID/task/*/stat; nice").CombinedOutput()
		os.Stdout.WriteString("nice: " + strings.Join(strings.Fields(string(out)), " ") + "\n")
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	c := exec.Command(os.Args[0], "-test.run=TestEveryThreadGivesWay$")
	c.Env = append(os.Environ(), "SNAP_TEST_NICE=1")
	out, err := c.CombinedOutput()
	_, after, _ := strings.Cut(string(out), "nice: ")
	line, _, _ := strings.Cut(after, "\n")
	if err != nil || line == "" || strings.Trim(line, "7 ") != "" {
		t.Errorf("%v\n%s", err, out)
	}
}
