package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"snap/internal/long"
)

// TestMemoryIsBounded: neither a folder of 120,000 files nor 80,000 names of hard-linked files take more than 150
// MiB of memory, in a rehearsal, a backup, one with nothing new, and a restore.
func TestMemoryIsBounded(t *testing.T) {
	if !long.Form() {
		t.Skip("SNAP_LONG=1: a fifth of a million names are made")
	}
	for name, plant := range map[string]func(dir string) error{
		"one folder": func(dir string) error {
			for i := range 120_000 {
				f, err := os.Create(filepath.Join(dir, fmt.Sprintf("file-with-a-usual-name-%06d.txt", i)))
				if err != nil {
					return err
				}
				f.Close()
			}
			return nil
		},
		"hard links": func(dir string) error {
			for i := range 40_000 {
				name := filepath.Join(dir, fmt.Sprint(i%100), fmt.Sprint("file-", i))
				if i < 100 {
					if err := os.Mkdir(filepath.Dir(name), 0o755); err != nil {
						return err
					}
				}
				if err := os.WriteFile(name, nil, 0o644); err != nil {
					return err
				}
				if err := os.Link(name, name+"-again"); err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, command := place(t)
			src := filepath.Join(dir, "many")
			if err := os.Mkdir(src, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := plant(src); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{
				{"backup", "-q", "-n", "dest", "many"}, {"backup", "-q", "dest", "many"}, {"backup", "-q", "dest", "many"},
				{"restore", "-q", "-d", "dest", "latest", "--target", "out"},
			} {
				c := command(args...)
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("%q: %v\n%s", args, err, out)
				}
				used := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
				t.Logf("%q: %d MiB", args, used)
				if used > 150 {
					t.Errorf("%q took %d MiB", args, used)
				}
			}
		})
	}
}
