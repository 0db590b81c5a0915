package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"snap/cli/state"
	"snap/index"
)

// What is known of a large index is remembered by commands that read it and by those that write it, and only
// of destinations in the list; a command that learns nothing new leaves the list alone.
func TestALargeIndexIsRemembered(t *testing.T) {
	base := t.TempDir()
	dest, src, stateDir := filepath.Join(base, "dest"), filepath.Join(base, "src"), filepath.Join(base, "state")
	for _, dir := range []string{dest, src} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	add := func(name string) {
		if err := os.WriteFile(filepath.Join(src, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	add("old")
	now := time.Now()
	run := func(stateDir string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		now = now.Add(time.Hour)
		env := Env{Stdout: &out, Stderr: &out, Dir: dest, Now: func() time.Time { return now },
			LookupEnv: func(key string) (string, bool) {
				if key != "XDG_STATE_HOME" {
					return "", false
				}
				return stateDir, true
			}}
		if code := Run(context.Background(), env, append([]string{"snap"}, args...)); code != 0 {
			t.Fatalf("%s: exit code %d\n%s", args, code, &out)
		}
	}
	list := filepath.Join(stateDir, "snap", "destinations.json")
	mark := func() string {
		t.Helper()
		all, err := state.Read(list)
		if err != nil || len(all) != 1 || all[0].Path != dest {
			t.Fatalf("known: %+v, %v", all, err)
		}
		return all[0].Index
	}
	// real is what a look at the index now would be remembered as.
	real := func() string {
		t.Helper()
		db, err := index.Open(index.Path(dest))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ID(context.Background()); err != nil {
			t.Fatal(err)
		}
		return db.Fingerprint()
	}
	run(stateDir, "backup", dest, src)
	if mark() != "" || real() != "" {
		t.Errorf("a small index: %q", mark())
	}
	if err := os.Truncate(index.Path(dest), 48<<20); err != nil { // room behind the last page
		t.Fatal(err)
	}
	run(filepath.Join(base, "other"), "list")
	if _, err := os.Lstat(filepath.Join(base, "other")); !os.IsNotExist(err) {
		t.Errorf("a list was made by reading: %v", err)
	}
	run(stateDir, "list")
	read := mark()
	before, err := os.Stat(list)
	if err != nil || read == "" || read != real() {
		t.Fatalf("after list: %q, want %q, %v", read, real(), err)
	}
	run(stateDir, "explain", src)
	run(stateDir, "ls")
	if after, err := os.Stat(list); err != nil || !os.SameFile(before, after) {
		t.Errorf("the list was written again: %v", err)
	}
	add("new")
	run(stateDir, "backup", dest, src)
	if wrote := mark(); wrote == read || wrote == "" || wrote != real() {
		t.Errorf("after backup: %q, want %q", wrote, real())
	}
	run(stateDir, "delete", "oldest")
	if mark() != real() {
		t.Errorf("after delete: %q, want %q", mark(), real())
	}
}
