package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// installed is what packaging/install puts below PREFIX, without the docs.
const installed = `
bin/snap-backup
lib/systemd/system/snap-backup@.service
lib/systemd/system/snap-backup@.timer
lib/systemd/user/snap-backup@.service
lib/systemd/user/snap-backup@.timer
share/applications/snap-web.desktop
share/bash-completion/completions/snap-backup
share/fish/vendor_completions.d/snap-backup.fish
share/icons/hicolor/scalable/apps/snap-web.svg
share/man/man1/snap-backup.1.gz
share/zsh/site-functions/_snap-backup`

// shortName is what it adds where no other program is called snap.
const shortName = `
bin/snap
share/bash-completion/completions/snap
share/fish/vendor_completions.d/snap.fish
share/man/man1/snap.1.gz
share/zsh/site-functions/_snap`

// install runs packaging/install with the program of dir and returns what it says. The settings are in dir/etc.
func install(t *testing.T, dir, destdir, prefix string, args ...string) string {
	t.Helper()
	c := exec.Command("../../packaging/install", args...)
	c.Env = append(os.Environ(), "SNAP="+filepath.Join(dir, "snap"), "DESTDIR="+destdir, "PREFIX="+prefix,
		"SYSCONFDIR="+filepath.Join(dir, "etc"))
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// below are the files below dir, without the docs.
func below(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, path); err == nil && !d.IsDir() && !strings.HasPrefix(rel, "share/doc/") {
			all = append(all, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestInstallationIsWholeAndIsRemoved(t *testing.T) {
	dir, _ := place(t)
	free := strings.Fields(installed + shortName)
	slices.Sort(free)
	taken := strings.Fields("bin/snap" + installed)
	for _, c := range []struct {
		name, destdir string
		before        string // what has the name snap
		want, after   []string
	}{
		{"free", "", "", free, nil},
		{"taken", "", "another program", taken, []string{"bin/snap"}},
		{"package", "package", "", strings.Fields(installed), nil},
	} {
		if _, err := os.Lstat("/usr/bin/snap"); err == nil && c.name == "free" {
			c.want = strings.Fields(installed)
		}
		prefix, root := filepath.Join(dir, c.name), filepath.Join(dir, c.name)
		if c.destdir != "" {
			c.destdir, prefix, root = filepath.Join(dir, c.destdir), "/usr", filepath.Join(dir, c.destdir, "usr")
		}
		if c.before != "" {
			if err := errors.Join(os.MkdirAll(filepath.Join(root, "bin"), 0o755),
				os.WriteFile(filepath.Join(root, "bin/snap"), []byte(c.before), 0o755)); err != nil {
				t.Fatal(err)
			}
		}
		said := install(t, dir, c.destdir, prefix)
		checkSaid(t, c.destdir, said)
		if got := below(t, root); !slices.Equal(got, c.want) {
			t.Errorf("%s: there are\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
		unit, err := os.ReadFile(filepath.Join(root, "lib/systemd/system/snap-backup@.service"))
		if err != nil || !strings.Contains(string(unit), "\nExecStart="+prefix+"/bin/snap-backup ") {
			t.Errorf("%s: %v, the service runs another program:\n%s", c.name, err, unit)
		}
		install(t, dir, c.destdir, prefix, "-r")
		if got := below(t, root); !slices.Equal(got, c.after) {
			t.Errorf("%s: left after the removal: %q", c.name, got)
		}
		if c.before != "" {
			if b, err := os.ReadFile(filepath.Join(root, "bin/snap")); err != nil || string(b) != c.before {
				t.Errorf("%s: the other program is now %q, %v", c.name, b, err)
			}
		}
	}
}

// saidPath is a path in what an installation says.
var saidPath = regexp.MustCompile(`(?m)^\w+(?: \w+)?  +(/[^,\n]*)`)

// checkSaid looks whether all that an installation says it has made is there.
func checkSaid(t *testing.T, destdir, said string) {
	t.Helper()
	found := saidPath.FindAllStringSubmatch(said, -1)
	if len(found) != 7 {
		t.Errorf("%d paths, not those of program, manual page, completions, menu, units, documents and settings, in\n%s",
			len(found), said)
	}
	for _, m := range found {
		if _, err := os.Stat(destdir + m[1]); err != nil {
			t.Errorf("%v, in\n%s", err, said)
		}
	}
}

// TestSettingsOutliveTheProgram: their folder is made, and goes only if it is empty. Without the right to make it the
// rest is installed all the same, and it is said.
func TestSettingsOutliveTheProgram(t *testing.T) {
	dir, _ := place(t)
	prefix, etc := filepath.Join(dir, "usr"), filepath.Join(dir, "etc/snap-backup")
	install(t, dir, "", prefix)
	install(t, dir, "", prefix, "-r")
	if _, err := os.Stat(etc); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder is left: %v", err)
	}
	said := install(t, dir, "", prefix)
	settings := filepath.Join(etc, "home.conf")
	if err := os.WriteFile(settings, []byte("DEST=/mnt\n"), 0o600); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if said := install(t, dir, "", prefix, "-r"); !strings.Contains(said, "left: the settings in "+etc) {
		t.Errorf("nothing is said of what is left: %q", said)
	}
	if _, err := os.Stat(settings); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "etc")),
		os.WriteFile(filepath.Join(dir, "etc"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if said := install(t, dir, "", prefix); !strings.Contains(said, etc+" could not be made") {
		t.Errorf("nothing is said of a folder that cannot be made:\n%s", said)
	}
}

// TestInstalledDocumentsLeadToEachOther: what a document links to is installed with it, but for the sources.
func TestInstalledDocumentsLeadToEachOther(t *testing.T) {
	dir, _ := place(t)
	install(t, dir, "", filepath.Join(dir, "usr"))
	docs := filepath.Join(dir, "usr/share/doc/snap-backup")
	seen := 0
	for _, name := range append(glob(t, filepath.Join(docs, "*.md")), glob(t, filepath.Join(docs, "docs/*.md"))...) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)\s:#]+)`).FindAllStringSubmatch(string(text), -1) {
			if strings.HasPrefix(m[1], "https") || strings.HasPrefix(m[1], ".ci/") || strings.HasSuffix(m[1], ".go") {
				continue
			}
			seen++
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s leads to %s: %v", filepath.Base(name), m[1], err)
			}
		}
	}
	if seen < 50 {
		t.Errorf("%d links: does the test still see them?", seen)
	}
}

// verify asks systemd what is wrong with the unit files.
func verify(t *testing.T, manager string, units ...string) string {
	t.Helper()
	c := exec.Command("systemd-analyze", append([]string{"verify", "--man=no", manager}, units...)...)
	c.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
	out, err := c.CombinedOutput()
	if err != nil {
		return string(out) + err.Error()
	}
	return string(out)
}

func TestUnitsAreAsSystemdWantsThem(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze here")
	}
	dir, _ := place(t)
	prefix := filepath.Join(dir, "usr")
	install(t, dir, "", prefix)
	for _, manager := range []string{"system", "user"} {
		service := filepath.Join(prefix, "lib/systemd", manager, "snap-backup@home.service")
		timer := filepath.Join(prefix, "lib/systemd", manager, "snap-backup@home.timer")
		if found := verify(t, "--"+manager, service, timer); found != "" {
			t.Errorf("%s: %s", manager, found)
		}
		template := strings.Replace(service, "@home", "@", 1)
		text, err := os.ReadFile(template)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(template, []byte(strings.Replace(string(text), "Nice=", "Nicer=", 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if found := verify(t, "--"+manager, service); !strings.Contains(found, "Nicer") {
			t.Errorf("%s: a unit with an error passes: %s", manager, found)
		}
	}
}

// TestServiceMakesABackup runs the command of the service with the settings of the example, changed to
// folders that are there: names with blanks are one word, flags are several.
func TestServiceMakesABackup(t *testing.T) {
	dir, command := place(t)
	install(t, dir, "", filepath.Join(dir, "usr"))
	example, err := os.ReadFile("../../packaging/example.conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(filepath.Join(dir, "dest"), filepath.Join(dir, "my disk")),
		os.Rename(filepath.Join(dir, "src"), filepath.Join(dir, "my files"))); err != nil {
		t.Fatal(err)
	}
	settings := strings.NewReplacer("/mnt/disk/home", filepath.Join(dir, "my disk"), `SRC="/home"`,
		`SRC="`+filepath.Join(dir, "my files")+`"`, `OPTIONS="`, `OPTIONS="--force `).Replace(string(example))
	for _, manager := range []string{"system", "user"} {
		unit, err := os.ReadFile(filepath.Join(dir, "usr/lib/systemd", manager, "snap-backup@.service"))
		if err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(string(unit), "\nExecStart=")
		line, _, _ = strings.Cut(line, "\n")
		line = strings.NewReplacer("${DEST}", `"$DEST"`, "${SRC}", `"$SRC"`).Replace(line) // systemd never splits these
		c := command()
		c.Path, c.Args = "/bin/sh", []string{"sh", "-c", settings + "\n" + line}
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "1 file") {
			t.Errorf("%s: %v\n%s", manager, err, out)
		}
	}
	if all := glob(t, filepath.Join(dir, "my disk", "2*", "a")); len(all) != 2 {
		t.Errorf("snapshots with the file: %q", all)
	}
}
