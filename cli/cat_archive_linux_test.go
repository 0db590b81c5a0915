package cli

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/cli/exit"
)

// archived runs snap in an environment of its own and returns what it printed.
func archived(t *testing.T, dest string, args ...string) (out []byte, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = Run(context.Background(), testEnv(dest, &o, &e), append([]string{"snap"}, args...))
	return o.Bytes(), e.String(), code
}

// TestArchiveHoldsWhatTheSnapshotHolds: an archive is the folder that was backed up, read by Go's own readers.
func TestArchiveHoldsWhatTheSnapshotHolds(t *testing.T) {
	src, dest := t.TempDir(), t.TempDir()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(src, name) }
	do(os.MkdirAll(in("docs/deep"), 0o750))
	when := time.Unix(1_600_000_000, 123_456_789)
	names := map[string]string{"docs/a.txt": "one", "docs/deep/ü\xff": "not UTF-8", "docs/empty": "", "top": "top"}
	for name, content := range names {
		do(os.WriteFile(in(name), []byte(content), 0o640))
		do(os.Chtimes(in(name), when, when))
	}
	do(os.Link(in("docs/a.txt"), in("docs/b.txt")))
	do(os.Symlink("a.txt", in("docs/link")))
	do(syscall.Mkfifo(in("docs/pipe"), 0o600))
	do(syscall.Mknod(in("docs/socket"), syscall.S_IFSOCK|0o600, 0))
	xattr := syscall.Setxattr(in("docs/a.txt"), "user.note", []byte("a\x00b"), 0) == nil
	if _, errs, code := archived(t, dest, "backup", dest, src); code != 0 {
		t.Fatal(errs)
	}

	out, errs, code := archived(t, dest, "cat", "latest:docs", "--archive", "tar")
	if code != 0 || !strings.Contains(errs, "left out: 1 socket, which a tar archive cannot hold") {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	got := map[string]*tar.Header{}
	for r := tar.NewReader(bytes.NewReader(out)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		do(err)
		got[h.Name] = h
		b, err := io.ReadAll(r)
		do(err)
		if want := names[h.Name]; h.Typeflag == tar.TypeReg && string(b) != want ||
			h.Typeflag == tar.TypeReg && !h.ModTime.Equal(when) {
			t.Errorf("%s: %q of %v, want %q", h.Name, b, h.ModTime, want)
		}
	}
	for name, want := range map[string]byte{
		"docs/": tar.TypeDir, "docs/deep/": tar.TypeDir, "docs/a.txt": tar.TypeReg, "docs/b.txt": tar.TypeLink,
		"docs/link": tar.TypeSymlink,
		"docs/pipe": tar.TypeFifo, "docs/empty": tar.TypeReg, "docs/deep/ü\xff": tar.TypeReg,
	} {
		if h := got[name]; h == nil || h.Typeflag != want {
			t.Errorf("%q: %+v", name, h)
		}
	}
	a, b := got["docs/a.txt"], got["docs/b.txt"]
	if len(got) != 8 || b.Linkname != "docs/a.txt" || a.Mode != 0o640 || a.Uid != os.Getuid() ||
		got["docs/link"].Linkname != "a.txt" || got["docs/deep/"].Mode != 0o750 {
		t.Errorf("%+v", got)
	}
	if xattr && a.PAXRecords["SCHILY.xattr.user.note"] != "a\x00b" {
		t.Errorf("%q", a.PAXRecords)
	}

	out, errs, code = archived(t, dest, "cat", "latest:docs", "latest:top", "--archive", "zip")
	if code != 0 || !strings.Contains(errs, "1 fifo") {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	z, err := zip.NewReader(bytes.NewReader(out), int64(len(out)))
	do(err)
	for _, name := range []string{"docs/a.txt", "docs/b.txt", "top"} {
		b, err := fs.ReadFile(z, name)
		info, serr := fs.Stat(z, name)
		do(errors.Join(err, serr))
		if want := names[strings.Replace(name, "/b", "/a", 1)]; string(b) != want || info.Mode() != 0o640 ||
			info.ModTime().Unix() != when.Unix() {
			t.Errorf("%s: %q, %v of %v", name, b, info.Mode(), info.ModTime())
		}
	}
	if len(z.File) != 8 {
		t.Errorf("%d members", len(z.File))
	}
}

// TestArchiveNamesDamage: what is damaged or gone is named, what comes after it is whole, and the exit code says so.
func TestArchiveNamesDamage(t *testing.T) {
	w := mustWorld(t)
	w.trees = true
	for _, name := range []string{"bad", "gone", "short", "whole"} {
		w.put(name, "content of "+name)
	}
	w.snapshot(t)
	tree := filepath.Join(w.dest, w.heads[0].Name)
	err := errors.Join(os.WriteFile(filepath.Join(tree, "bad"), []byte("content of bbb"), 0o644),
		os.Remove(filepath.Join(tree, "gone")), os.Truncate(filepath.Join(tree, "short"), 3))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"tar", "zip"} {
		out, errs, code := archived(t, w.dest, "cat", "latest", "--archive", format)
		if code != exit.Partial || strings.Count(errs, "snap: cat ") != 3 {
			t.Errorf("exit code %d: %s", code, errs)
		}
		for _, name := range []string{":bad: ", ":gone: ", ":short: "} {
			if !strings.Contains(errs, name) {
				t.Errorf("%s is not named: %s", name, errs)
			}
		}
		var last string
		if format == "tar" {
			r := tar.NewReader(bytes.NewReader(out))
			for h, err := r.Next(); err == nil; h, err = r.Next() {
				b, _ := io.ReadAll(r)
				last = h.Name + ": " + string(b)
			}
		} else if z, err := zip.NewReader(bytes.NewReader(out), int64(len(out))); err == nil {
			b, _ := fs.ReadFile(z, "whole")
			last = "whole: " + string(b)
		}
		if last != "whole: content of whole" {
			t.Errorf("%s ends with %q", format, last)
		}
	}
}

func TestArchiveRefuses(t *testing.T) {
	w := mustWorld(t)
	w.trees = true
	w.put("a", "x")
	w.snapshot(t)
	w.put("a", "y")
	w.snapshot(t)
	for _, args := range [][]string{
		{"cat", "latest:a", "oldest:a"}, {"cat", "latest", "--archive", "rar"},
		{"cat", "latest:a", "latest:a", "--archive", "tar"},
	} {
		if out, errs, code := archived(t, w.dest, args...); code != exit.Usage || len(out) > 0 {
			t.Errorf("%q: exit code %d, %s", args, code, errs)
		}
	}
	var out, errs bytes.Buffer
	env := testEnv(w.dest, &out, &errs)
	env.StdoutTTY = true
	if code := Run(context.Background(), env, []string{"snap", "cat", "latest", "--archive", "tar"}); code != exit.Usage ||
		out.Len() > 0 {
		t.Errorf("on a terminal: exit code %d, %d bytes", code, out.Len())
	}
	// Two versions of a file stand below the names of their snapshots.
	b, text, code := archived(t, w.dest, "cat", "latest:a", "oldest:a", "--archive", "tar")
	r, found := tar.NewReader(bytes.NewReader(b)), ""
	for h, err := r.Next(); err == nil; h, err = r.Next() {
		b, _ := io.ReadAll(r)
		found += h.Name + "=" + string(b) + " "
	}
	if want := w.heads[0].Name + "/a=x " + w.heads[1].Name + "/a=y "; code != 0 || found != want {
		t.Errorf("exit code %d, %s: %q, want %q", code, text, found, want)
	}
}
