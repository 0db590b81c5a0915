package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"snap/internal/long"
)

// TestFewOpenFiles works on more folders than a process may have files open, with the least that a POSIX
// system gives (macOS's ulimit -n, 256) and with what many services have.
func TestFewOpenFiles(t *testing.T) {
	dir, command := place(t)
	folders, limits := 400, []int{256}
	if long.Form() {
		folders, limits = 1500, []int{256, 1024}
	}
	for i := range folders {
		folder := filepath.Join(dir, fmt.Sprintf("src/%d/%d/deep", i%30, i))
		if err := errors.Join(os.MkdirAll(folder, 0o755),
			os.WriteFile(filepath.Join(folder, "file"), []byte(fmt.Sprint(i)), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, most := range limits {
		dest, out := fmt.Sprint("dest", most), fmt.Sprint("out", most)
		limited := func(args ...string) {
			t.Helper()
			c := command(args...)
			c.Path, c.Args = "/bin/sh",
				append([]string{"sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$@"`, most), "sh", c.Path}, args...)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("with %d open files, %s: %v\n%s", most, args, err, out)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, dest), 0o755); err != nil {
			t.Fatal(err)
		}
		limited("backup", dest, "src")
		for i := range 15 {
			from, to := filepath.Join(dir, "src", fmt.Sprint(i)), filepath.Join(dir, "src", fmt.Sprintf("%d-%d", most, i))
			if err := errors.Join(os.Rename(from, to), os.Mkdir(from, 0o755)); err != nil {
				t.Fatal(err)
			}
		}
		limited("backup", dest, "src")
		limited("backup", "--force", "--checksum", dest, "src")
		limited("check", "--read-data", "-d", dest)
		limited("restore", "latest", "--target", out, "-d", dest)
		if same, err := exec.Command("diff", "-r", filepath.Join(dir, "src"),
			filepath.Join(dir, out)).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, same)
		}
		limited("reindex", "-d", dest)
		limited("prune", "--keep-last", "1", "-d", dest)
	}
}
