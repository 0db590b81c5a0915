package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clipperhouse/displaywidth"
	"golang.org/x/sys/unix"
)

// screensStory is what happens before the screens: a week of backups of a small source, with names of all kinds.
const screensStory = `
mkdir -p disk me/docs/letters me/docs/reports/2025/quarterly/figures-and-tables me/photos/2025 me/日本 me/build
printf 'Dear all' > me/docs/letters/2025-all.odt
head -c 40000 /dev/zero | tr '\0' r > me/docs/reports/2025/quarterly/figures-and-tables/third-quarter-of-the-year.ods
head -c 300000 /dev/zero | tr '\0' p > me/photos/2025/beach.jpg
head -c 200000 /dev/zero | tr '\0' q > me/photos/2025/dunes.jpg
printf note > me/日本/メモ帳-長い名前の文書.txt
printf odd > "$(printf 'me/odd\033[2Jname')"
printf old > me/todo.txt
ln -s docs/letters me/letters

snap init disk

printf '/build\n*.tmp\n' >> disk/Blacklist.txt
printf 'keep_daily = 7\nkeep_weekly = 4\n' >> disk/BackupOptions.txt

snap backup disk me --tag first --note "before the holidays"

printf 'Dear all, and more' > me/docs/letters/2025-all.odt

snap backup

mv me/docs/reports me/docs/accounts
rm me/todo.txt

snap backup

head -c 50000 /dev/zero | tr '\0' s > me/docs/accounts/2025/quarterly/figures-and-tables/third-quarter-of-the-year.ods
cp me/photos/2025/beach.jpg me/photos/2025/beach-again.jpg

snap backup

rm me/photos/2025/dunes.jpg

snap backup --tag weekly

mv me/日本 me/日本語

snap backup

printf new > me/todo.txt
`

// screens are the command lines whose screens are kept.
var screens = []string{
	"snap",
	"snap backup -n",
	"snap backup -vv",
	"snap status",
	"snap status -v",
	"snap schedule",
	"snap list",
	"snap list --last 2",
	"snap ls latest",
	"snap ls -R latest:docs",
	"snap diff",
	"snap diff oldest latest",
	"snap diff -v oldest latest~2",
	"snap diff --stat oldest latest",
	"snap diff --source",
	"snap find '*.odt'",
	"snap find third-quarter-of-the-year.ods",
	"snap find --deleted '*'",
	"snap find nothing-of-this-name",
	"snap history docs/letters/2025-all.odt",
	"snap history docs/accounts/2025/quarterly/figures-and-tables/third-quarter-of-the-year.ods",
	"snap stats",
	"snap stats latest oldest",
	"snap stats --folders docs",
	"snap cat latest:docs/letters/2025-all.odt; echo",
	"snap cat latest:docs/letters/2025-none.odt",
	"snap restore -n latest:docs --target out",
	"snap restore latest:docs --target out",
	"snap restore latest:docs --target out",
	"snap undelete -n dunes.jpg",
	"snap undelete dunes.jpg",
	"snap undelete dunes.jpg",
	"snap undelete nowhere",
	"snap restore docs/letters --target out/letters",
	"snap restore --versions docs/letters/2025-all.odt --target out/versions",
	"snap ls yesterday",
	"snap ls 7d",
	"snap verify",
	"snap explain docs/letters/2025-all.odt",
	"snap explain build",
	"snap check",
	"snap check --read-data",
	"snap remote list",
	"snap copy b2",
	"snap delete -n oldest",
	"snap delete latest~2",
	"snap prune -n",
	"snap prune -n --keep-last 2",
	"snap prune --keep-daily 2",
	"snap purge -n docs/letters '*.ods'",
	"snap tag latest --add release",
	"snap note latest 'after the move'",
	"snap list",
	"snap reindex",
	"snap ls nowhere",
	"snap ls latest:docs/nowhere",
	"snap backup elsewhere me",
	"snap lst",
	"snap ls --no-such-flag",
	"snap tag latest",
}

// spoken are those whose text is kept elsewhere: only that it fits is looked at.
var spoken = []string{
	"snap init disk",
	"snap ls -lR latest",
	"snap destinations",
	"snap --help",
	"snap help restore",
	"snap help find",
	"snap completion bash >disk/x; echo",
	"snap version",
	"snap man >disk/x; echo",
	"snap web --read-only --allow-delete",
	"snap promote --help",
	"snap receive --help",
	"snap send --help",
	"snap serve --help",
}

// TestScreens runs commands on terminals of 80 and 140 columns, and compares what is to be seen with
// testdata/screens. go test ./cli -run Screens -update writes it. On no screen a line is wider than the terminal, which
// would break a word.
func TestScreens(t *testing.T) {
	for _, width := range []int{80, 140} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			w := newScreens(t, width)
			for part := range strings.SplitSeq(strings.TrimSpace(screensStory), "\n\n") {
				w.run(part)
			}
			var all strings.Builder
			for _, line := range screens {
				fmt.Fprintf(&all, "$ %s\n%s\n", line, w.fits(line))
			}
			for _, line := range spoken {
				w.fits(line)
			}
			golden := filepath.Join("testdata", "screens", fmt.Sprint(width)+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(all.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			compareScreens(t, all.String(), string(want))
		})
	}
	for _, c := range commands() {
		is := func(line string) bool { return strings.HasPrefix(line+" ", "snap "+c.Name+" ") }
		if !c.Hidden && !slices.ContainsFunc(slices.Concat(screens, spoken), is) {
			t.Errorf("there is no screen of %s", c.Name)
		}
	}
}

// compareScreens names the screens that are not what was kept.
func compareScreens(t *testing.T, got, want string) {
	t.Helper()
	now, kept := strings.Split(got, "\n$ "), strings.Split(want, "\n$ ")
	for i := range max(len(now), len(kept)) {
		switch {
		case i >= len(now):
			t.Errorf("no more:\n%s", kept[i])
		case i >= len(kept):
			t.Errorf("not kept:\n%s", now[i])
		case now[i] != kept[i]:
			t.Errorf("now:\n%s\nkept:\n%s", now[i], kept[i])
		}
	}
}

// screensWorld is where the screens are taken.
type screensWorld struct {
	t     *testing.T
	dir   string
	width int
	clock time.Time
	env   []string
}

func newScreens(t *testing.T, width int) *screensWorld {
	// In memory, if there is such a folder; of one length each time, for it is on the screens.
	dir := "/dev/shm/screens-" + rand.Text()[:7]
	if err := os.Mkdir(dir, 0o755); err != nil {
		dir = "/tmp/snap-screens-" + rand.Text()[:6]
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &screensWorld{t: t, dir: dir, width: width, clock: time.Date(2025, 11, 20, 17, 0, 0, 0, time.UTC)}
	schedulers, err := fakeSchedulers(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.env = slices.Concat(os.Environ(), []string{"TZ=UTC", "LC_ALL=C.UTF-8", "TERM=xterm", "NO_COLOR=1", "HOME=" + dir,
		"XDG_STATE_HOME=" + dir + "/state"}, schedulers)
	return w
}

// run runs a command line on the terminal and returns what is to be seen of it. What a line of the story makes has the
// time of the world's clock, and each backup is made a day after the one before.
func (w *screensWorld) run(line string) string {
	w.t.Helper()
	side, tty := openTerminal(w.t, w.width)
	defer side.Close()
	cmd := exec.Command("sh", "-c", "umask 022; "+line)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = w.dir, tty, tty, tty
	cmd.Env = append(slices.Clone(w.env), "SNAP_TEST_NOW="+w.clock.Format(time.RFC3339))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	tty.Close()
	seen, err := io.ReadAll(side)
	if err != nil && !errors.Is(err, syscall.EIO) { // the other side is closed
		w.t.Fatal(err)
	}
	cmd.Wait() // some of them are to fail
	if strings.HasPrefix(line, "snap backup") && !strings.Contains(line, " -n") {
		w.clock = w.clock.AddDate(0, 0, 1)
	}
	if !strings.HasPrefix(line, "snap") {
		stamp := fmt.Sprintf("find me -newermt 2026-01-01 -exec touch -h -d %s {} +", w.clock.Add(-time.Hour).Format(time.RFC3339))
		age := exec.Command("sh", "-c", stamp)
		age.Dir = w.dir
		if out, err := age.CombinedOutput(); err != nil {
			w.t.Fatalf("%v: %s", err, out)
		}
	}
	return w.seen(string(seen))
}

// What is another on each machine: how much is free, of how much, how fast that changes, and what snap itself takes.
var (
	space  = regexp.MustCompile(`(?:[\d.]+ [KMGT]?i?B of )?[\d.]+ [KMGT]?i?B free\n`)
	spaces = regexp.MustCompile(`(?m)^(Free|Growth|Index|Change sets)( +).*(\n {13}.*)*`)
)

// seen are the rows that a terminal shows: what a line of progress has drawn is gone.
func (w *screensWorld) seen(out string) string {
	var all strings.Builder
	for line := range strings.Lines(out) {
		var row []string // what is in each column
		for part := range strings.SplitSeq(strings.TrimRight(line, "\r\n"), "\r") {
			at := 0
			for g := displaywidth.StringGraphemes(part); g.Next(); at += g.Width() {
				row = append(row, slices.Repeat([]string{" "}, max(at+g.Width()-len(row), 0))...)
				row = slices.Replace(row, at, at+g.Width(), append([]string{g.Value()}, make([]string, max(g.Width()-1, 0))...)...)
			}
		}
		all.WriteString(strings.TrimRight(strings.Join(row, ""), " ") + "\n")
	}
	text := strings.ReplaceAll(all.String(), w.dir, "/tmp/snap-screens-000000")
	return spaces.ReplaceAllString(space.ReplaceAllString(text, "… free\n"), "${1}${2}…")
}

// fits is run for a screen whose lines have to fit the terminal.
func (w *screensWorld) fits(line string) string {
	w.t.Helper()
	out := w.run(line)
	for row := range strings.Lines(out) {
		if row = strings.TrimSuffix(row, "\n"); displaywidth.String(row) > w.width {
			w.t.Errorf("%s: a line of %d columns:\n%s", line, displaywidth.String(row), row)
		}
	}
	return out
}

// openTerminal is a pseudo-terminal of so many columns: the person's side and the program's.
func openTerminal(t *testing.T, width int) (side, tty *os.File) {
	t.Helper()
	side, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	fd := int(side.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: uint16(width)})
	}
	if err == nil {
		tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return side, tty
}
