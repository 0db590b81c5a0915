package cli

import (
	"os/exec"
	"strings"
	"testing"
)

func TestManPageIsWhole(t *testing.T) {
	page, stderr, code := run(t, "/nowhere", "man")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, %s", code, stderr)
	}
	for _, cmd := range commands() {
		if has := strings.Contains(page, "\n.SS snap "+cmd.Name); has == cmd.Hidden {
			t.Errorf("%s: described: %t, hidden: %t", cmd.Name, has, cmd.Hidden)
		}
		for _, f := range cmd.Flags {
			if name := f.Name; !cmd.Hidden && len(name) > 1 && !strings.Contains(page, `\-\-`+strings.ReplaceAll(name, "-", `\-`)) {
				t.Errorf("%s: --%s is not there", cmd.Name, name)
			}
		}
	}
}

func TestManPageIsAsManWantsIt(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Skip("no mandoc here")
	}
	page, _, _ := run(t, "/nowhere", "man")
	check := exec.Command("mandoc", "-T", "lint", "-W", "warning")
	check.Stdin = strings.NewReader(page)
	out, _ := check.CombinedOutput() // it fails for any finding
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "missing date") { // a test is of no commit
			t.Error(line)
		}
	}
}
