package cli

import (
	"strings"
	"testing"

	"snap/cli/cmdline"
)

// A variable that is not set makes an empty word. It is never taken for everything, nor for nothing at all: each command
// refuses it, in each place and as the value of each flag, but where an empty text is one.
func TestAnEmptyWordIsRefused(t *testing.T) {
	w := mustWorld(t)
	w.put("a", "x")
	w.snapshot(t)
	refused := func(args ...string) {
		t.Helper()
		if out, errs, code := run(t, w.dest, args...); code != 2 || out != "" ||
			!strings.Contains(errs, "empty") && !strings.Contains(errs, "must be") {
			t.Errorf("%q: exit code %d, %s%s", args, code, out, errs)
		}
	}
	asked := 0
	for _, cmd := range commands() {
		all := cmd.Flags
		if !cmd.Hidden {
			all = append(all, globalFlags()...)
		}
		for _, f := range all {
			if f.Kind != cmdline.Bool && !f.Blank {
				refused(cmd.Name, "--"+f.Name+"=")
				asked++
			}
		}
		most := cmd.Max
		if most < 0 {
			most = 3
		}
		for n := max(cmd.Min, 1); n <= most; n++ {
			for at := range n {
				args := []string{cmd.Name}
				for i := range n {
					args = append(args, map[bool]string{false: "latest"}[i == at])
				}
				if cmd.Blank == 0 || at < cmd.Blank {
					refused(args...)
					asked++
				}
			}
		}
	}
	refused("")
	refused("diff", "latest", "latest", "--", "")
	refused("restore", "latest:", "--in-place", "--overwrite", "always")
	refused("restore", "latest:", "--target", t.TempDir(), "--delete")
	if asked < 100 {
		t.Errorf("only %d lines were tried", asked)
	}
	for _, args := range [][]string{{"note", "latest", ""}, {"ls", "latest:"}, {"ls", "-R", "latest:"}} {
		if _, errs, code := run(t, w.dest, args...); code != 0 {
			t.Errorf("%q: exit code %d, %s", args, code, errs)
		}
	}
}
