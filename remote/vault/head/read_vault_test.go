package head_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"snap/internal/file"
	"snap/internal/harness"
	"snap/record"
	"snap/remote/vault/pack"
	"snap/remote/vault/seal"
)

func needTools(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"age", "zstd"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s", tool)
		}
	}
	harness.Python(t, "hashlib, json, struct")
}

// TestReadVaultAsDocumented: a reader in Python, made after docs/formats.md, brings back what a vault was made of, and
// names what is damaged.
func TestReadVaultAsDocumented(t *testing.T) {
	needTools(t)
	sealed, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := seal.NewPlainKeys()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("sealed", func(t *testing.T) { readVault(t, sealed) })
	t.Run("plain", func(t *testing.T) { readVault(t, plain) })
}

func readVault(t *testing.T, k *seal.Keys) {
	b := newBuilder(t, k)
	large := bytes.Repeat([]byte("0123456789"), (2*pack.PieceSize+77)/10)
	holes := append(make([]byte, 3*pack.PieceSize), "end"...)
	sparse := regular(0o600, 5, holes)
	sparse.Flags |= record.SparseHash
	smallSparse := regular(0o600, 6, append(make([]byte, 200_000), 'x'))
	smallSparse.Flags |= record.SparseHash
	twin := regular(0o640, 7, []byte("two names"))
	twin.Nlink = 2
	first := map[string]entry{"": other(file.Folder, ""), "a": other(file.Folder, ""),
		"a/one":           regular(0o640, 1, []byte("one")),
		"a/bad\xff\nname": regular(0o600, 2, nil), "a/large": regular(0o400, 3, large), "link": other(file.Symlink, "a/one"),
		"sparse": sparse, "small": smallSparse, "twin": twin, "zwin": twin, "gone": regular(0o600, 4, []byte("gone"))}
	b.snapshot(1, first)
	gone := entry{Record: record.Record{Change: record.Removed, Reason: record.Gone}}
	second := map[string]entry{"gone": gone, "a/one": regular(0o600, 8, []byte("uno")),
		"a/two": regular(0o600, 9, []byte("one"))}
	b.snapshot(2, second)

	var identity []string
	if k.Sealed() {
		b.put("../keys", k.Text(b.about.ID))
		identity = []string{"--identity", filepath.Join(b.dir, "../keys")}
	}
	run := func(args ...string) (string, error) {
		cmd := harness.Python(t, "", append(append([]string{"../../../docs/read_vault.py", b.dir}, args...), identity...)...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	list, err := run("list")
	if err != nil || strings.Count(list, "\n") != 2 || !strings.Contains(list, `"2026-01-02"`) {
		t.Fatalf("list: %v\n%s", err, list)
	}
	want := maps.Clone(first)
	for i, changes := range []map[string]entry{first, second} {
		for path, e := range changes {
			if want[path] = e; e.Change == record.Removed {
				delete(want, path)
			}
		}
		out := filepath.Join(t.TempDir(), "out")
		if text, err := run("extract", fmt.Sprintf("2026-01-%02d", i+1), out); err != nil {
			t.Fatalf("extract: %v\n%s", err, text)
		}
		compare(t, out, want)
	}
	damagePack(t, b, run)
}

// compare compares a folder with what should be in it.
func compare(t *testing.T, dir string, want map[string]entry) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(string, os.DirEntry, error) error { n++; return nil })
	if err != nil || n != len(want) {
		t.Errorf("%d entries of %d, %v", n, len(want), err)
	}
	for path, e := range want {
		at := filepath.Join(dir, path)
		s, err := os.Lstat(at)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.ModTime().Unix() != e.Mtime.Sec || e.Kind != file.Symlink && s.Mode().Perm() != os.FileMode(e.Mode) {
			t.Errorf("%q: %v %v", path, s.ModTime(), s.Mode())
		}
		switch e.Kind {
		case file.Regular:
			if got, err := os.ReadFile(at); err != nil || !bytes.Equal(got, e.body) {
				t.Errorf("%q: %d bytes, %v", path, len(got), err)
			}
		case file.Symlink:
			if got, err := os.Readlink(at); err != nil || got != e.Target {
				t.Errorf("%q: %q, %v", path, got, err)
			}
		}
	}
	a, errA := os.Stat(filepath.Join(dir, "twin"))
	z, errZ := os.Stat(filepath.Join(dir, "zwin"))
	if errA != nil || errZ != nil || !os.SameFile(a, z) {
		t.Errorf("hard links are two files: %v, %v", errA, errZ)
	}
}

// damagePack changes a byte of each pack: the files in it are named, and nothing wrong is brought back.
func damagePack(t *testing.T, b *builder, run func(args ...string) (string, error)) {
	t.Helper()
	for sum := range b.sizes {
		at := filepath.Join(b.dir, pack.Name(sum))
		body, err := os.ReadFile(at)
		b.must(err)
		body[len(body)/2] ^= 1
		b.must(os.WriteFile(at, body, 0o600))
	}
	out := filepath.Join(t.TempDir(), "out")
	text, err := run("extract", "2026-01-02", out)
	if err == nil || !strings.Contains(text, "'a/one'") || !strings.Contains(text, "'a/large'") {
		t.Errorf("damaged packs: %v\n%s", err, text)
	}
	if _, err := os.Lstat(filepath.Join(out, "a/one")); err == nil {
		t.Error("a damaged file is there")
	}
	if _, err := os.Readlink(filepath.Join(out, "link")); err != nil {
		t.Errorf("what is whole is not brought back: %v", err)
	}
}
