package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"snap/internal/long"
)

// shells are how each shell is started with only the settings of the test, which load the completion of the
// program NAME. On control-X d a shell says what its line has become, between two bytes that nothing else
// prints.
var shells = map[string]struct {
	args     []string
	file     string // the settings, below HOME
	settings string
}{
	"bash": {[]string{"--noprofile", "--rcfile", ".bashrc", "-i"}, ".bashrc", `
		PS1='READY> '
		source <(NAME completion bash)
		alias another=NAME
		complete -o bashdefault -o default -F _$(echo NAME | tr - _) another
		dump() { printf '\001%s\002' "$READLINE_LINE"; READLINE_LINE= READLINE_POINT=0; }
		bind -x '"\C-xd": dump'`},
	"zsh": {[]string{"-i"}, ".zshrc", `
		PS1='READY> '
		NAME completion zsh >$HOME/functions/_NAME
		fpath=($HOME/functions $fpath)
		autoload -U compinit
		compinit -u -D
		alias another=NAME
		dump() { printf '\001%s\002' "$BUFFER"; BUFFER= }
		zle -N dump
		bindkey '^Xd' dump`},
	"zsh, sourced": {[]string{"-i"}, ".zshrc", `
		PS1='READY> '
		autoload -U compinit
		compinit -u -D
		source <(NAME completion zsh)
		alias another=NAME
		dump() { printf '\001%s\002' "$BUFFER"; BUFFER= }
		zle -N dump
		bindkey '^Xd' dump`},
	"fish": {[]string{"-i"}, ".config/fish/config.fish", `
		function fish_prompt; echo 'READY> '; end
		NAME completion fish >$HOME/.config/fish/completions/NAME.fish
		alias another=NAME
		function dump; printf '\001%s\002' (commandline | string collect); commandline ''; end
		bind \cxd dump`},
}

// TestShellsComplete types lines and a TAB after each into the shells, on a terminal.
func TestShellsComplete(t *testing.T) {
	dir, command := place(t)
	for path, text := range map[string]string{"docs/a b.txt": "x", "music/song.mp3": "x",
		"odd/it's $HOME & \"(x)\" `y`\\.txt": "x", "docs:x": "x"} {
		path = filepath.Join(dir, "src", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"my disk", "home/functions", "home/.config/fish/completions",
		"home/.local/share/fish/generated_completions"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../my disk", filepath.Join(dir, "home/backups")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("snap", filepath.Join(dir, "snap-backup")); err != nil {
		t.Fatal(err)
	}
	for _, day := range []string{"2026-11-20", "2026-11-22"} {
		c := command("backup", "--force", "--time", day+" 12:00", "my disk", "src")
		c.Env = append(c.Env, "XDG_STATE_HOME="+filepath.Join(dir, "home"))
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	names := []string{"snap-backup"}
	if long.Form() {
		names = append(names, "snap")
	}
	for shell := range shells {
		for _, name := range names {
			t.Run(shell+" "+name, func(t *testing.T) {
				completeIn(t, shell, name, dir)
			})
		}
	}
}

// completeIn types every case. What the line has become is given as words with a bar after each, and a
// blank if the line ends in one: how a shell quotes is its own affair, but it has to read it so itself.
func completeIn(t *testing.T, shell, name, dir string) {
	tm := startShell(t, shell, name, dir)
	const left = "\x02"
	for _, c := range []struct{ typed, want string }{
		{"NAME hist", "NAME|history| "},
		{"NAME ls lat", "NAME|ls|latest:|"},
		{"NAME ls 20261120", "NAME|ls|20261120-120000:|"},
		{"NAME ls latest:mu", "NAME|ls|latest:music/|"},
		{"NAME cat latest:music/", "NAME|cat|latest:music/song.mp3| "},
		{"NAME cat latest:docs/a", "NAME|cat|latest:docs/a b.txt| "},
		{`NAME cat latest:docs/a\ `, "NAME|cat|latest:docs/a b.txt| "},
		{"NAME cat 'latest:docs/a", "NAME|cat|latest:docs/a b.txt| "},
		{"NAME cat 'latest:docs/a ", "NAME|cat|latest:docs/a b.txt| "},
		{`NAME cat "latest:docs/a`, "NAME|cat|latest:docs/a b.txt| "},
		{"NAME cat latest:odd/", "NAME|cat|latest:odd/it's $HOME & \"(x)\" `y`\\.txt| "},
		{"NAME cat 'latest:odd/", "NAME|cat|latest:odd/it's $HOME & \"(x)\" `y`\\.txt| "},
		{`NAME cat "latest:odd/`, "NAME|cat|latest:odd/it's $HOME & \"(x)\" `y`\\.txt| "},
		{"NAME cat latest:odd/it", "NAME|cat|latest:odd/it's $HOME & \"(x)\" `y`\\.txt| "},
		{"NAME history mu", "NAME|history|music/|"},
		{"NAME ls --rec", "NAME|ls|--recursive| "},
		{"NAME --uni", "NAME|--units| "},
		{"NAME ls --sort=s", "NAME|ls|--sort=size| "},
		{"NAME ls --sort n", "NAME|ls|--sort|name| "},
		{"NAME find x --in 20261120", "NAME|find|x|--in|20261120-120000| "},
		{"NAME backup my", "NAME|backup|my disk/|"},
		{"NAME ls -d my", "NAME|ls|-d|my disk/|"},
		{"NAME ls -d " + dir, "NAME|ls|-d|" + dir + "/my disk| "},
		{"NAME ls --dest=" + dir, "NAME|ls|--dest=" + dir + "/my disk| "},
		{`NAME -d my\ disk ls lat`, "NAME|-d|my disk|ls|latest:|"},
		{"NAME -d 'my disk' ls lat", "NAME|-d|my disk|ls|latest:|"},
		{"NAME -d ~/backups ls lat", "NAME|-d|" + dir + "/home/backups|ls|latest:|"},
		{"NAME -d /nowhere ls lat", "NAME|-d|/nowhere|ls|lat|"},
		{"NAME restore latest:docs/ --target ho", "NAME|restore|latest:docs/|--target|home/|"},
		{"NAME completion ba", "NAME|completion|bash| "},
		{"NAME ls lat -l" + left + left + left, "NAME|ls|latest:|-l|"},
		{"true; NAME ls lat", "true; NAME|ls|latest:|"},
		{"true | NAME ls lat", "true | NAME|ls|latest:|"},
		{"A=b NAME ls lat", "A=b NAME|ls|latest:|"},
		{"another ls lat", "another|ls|latest:|"},
	} {
		line := tm.complete(strings.ReplaceAll(c.typed, "NAME", name))
		want := strings.ReplaceAll(c.want, "NAME", name)
		var got string
		if at := strings.Index(line, " "+name+" "); at < 0 {
			got = words(t, shell, line, dir)
		} else {
			got = line[:at+1] + words(t, shell, line[at+1:], dir)
		}
		if got != want {
			t.Errorf("%s: %s, want %s (typed there: %s)", strings.ReplaceAll(c.typed, "NAME", name), got, want, line)
		}
	}
	listsIn(tm, shell, name)
}

// listsIn checks what a list on the screen says: flags with what they do, snapshots with the newest first.
func listsIn(tm *terminal, shell, name string) {
	from := tm.told
	tm.complete(name + " ls --u\t")
	if list := colours.ReplaceAllString(tm.seen.String()[from:], ""); shell != "bash" &&
		!strings.Contains(list, "times in UTC") {
		tm.t.Errorf("flags are not described: %q", list)
	}
	from = tm.told
	tm.complete(name + " ls 2026112\t")
	list := colours.ReplaceAllString(tm.seen.String()[from:], "")
	if newest, oldest := strings.Index(list, "20261122-120000"), strings.Index(list, "20261120-120000"); newest < 0 ||
		oldest < newest {
		tm.t.Errorf("snapshots are not listed, the newest first: %q", list)
	}
}

// words are what a shell takes a line for.
func words(t *testing.T, shell, line, dir string) string {
	t.Helper()
	program, _, _ := strings.Cut(shell, ",")
	bare := map[string]string{"bash": "--norc", "zsh": "-f", "fish": "--no-config"}[program]
	c := exec.Command(program, bare, "-c", "printf '%s|' "+line)
	c.Env = append(os.Environ(), "HOME="+filepath.Join(dir, "home"))
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%s: %v", out, err)
	}
	if strings.HasSuffix(line, " ") {
		out = append(out, ' ')
	}
	return string(out)
}

// terminal is a shell on a terminal of its own.
type terminal struct {
	t    *testing.T
	side *os.File     // where a person would sit
	seen bytes.Buffer // all that was on the screen
	told int          // how much of it was looked at
}

func startShell(t *testing.T, shell, name, dir string) *terminal {
	t.Helper()
	program, _, _ := strings.Cut(shell, ",")
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("no %s here", program)
	}
	how, home := shells[shell], filepath.Join(dir, "home")
	if err := os.WriteFile(filepath.Join(home, how.file), []byte(strings.ReplaceAll(how.settings, "NAME", name)+"\n"),
		0o644); err != nil {
		t.Fatal(err)
	}
	side, tty := openTerminal(t)
	c := exec.Command(program, how.args...)
	for i, a := range how.args {
		if a == how.file {
			c.Args[i+1] = filepath.Join(home, a)
		}
	}
	c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, tty, tty, tty
	c.Env = append(os.Environ(), "HOME="+home, "ZDOTDIR="+home, "XDG_STATE_HOME="+home, "XDG_CONFIG_HOME="+home+"/.config",
		"XDG_DATA_HOME="+home+"/.local/share",
		"PATH="+dir+":"+os.Getenv("PATH"), "TERM=xterm", "LC_ALL=C.UTF-8", "SNAP_DEST="+filepath.Join(dir, "my disk"))
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := tty.Close(); err != nil {
		t.Fatal(err)
	}
	tm := &terminal{t: t, side: side}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		_ = side.Close()
	})
	if !tm.wait("READY> ") {
		t.Fatalf("no prompt in %q", tm.seen.String())
	}
	return tm
}

var (
	dumped  = regexp.MustCompile("\x01([^\x01\x02]*)\x02")
	colours = regexp.MustCompile("\x1b(\\[[0-9;?]*[A-Za-z]|\\(B)")
)

// complete types keys and a TAB, and returns what the line is then.
func (tm *terminal) complete(keys string) string {
	tm.t.Helper()
	from := tm.told
	answered := false
	for range 3 { // a shell that sets its terminal up may throw away what was typed before
		if _, err := tm.side.WriteString("\x05\x15" + keys + "\t\x18d"); err != nil {
			tm.t.Fatal(err)
		}
		if answered = tm.wait("\x02"); answered {
			break
		}
	}
	if !answered {
		tm.t.Fatalf("no answer to %q: %q", keys, tm.seen.Bytes()[from:])
	}
	m := dumped.FindSubmatch(tm.seen.Bytes()[from:])
	if m == nil {
		tm.t.Fatalf("no line in %q", tm.seen.Bytes()[from:])
	}
	return string(m[1])
}

// wait waits until text is on the screen, after what was looked at before; false when nothing more comes for a minute.
func (tm *terminal) wait(text string) bool {
	tm.t.Helper()
	buf := make([]byte, 4096)
	for {
		if i := bytes.Index(tm.seen.Bytes()[tm.told:], []byte(text)); i >= 0 {
			tm.told += i + len(text)
			return true
		}
		ready := []unix.PollFd{{Fd: int32(tm.side.Fd()), Events: unix.POLLIN}}
		if n, err := unix.Poll(ready, 60_000); n == 0 {
			return false
		} else if errors.Is(err, unix.EINTR) {
			continue
		}
		n, err := tm.side.Read(buf)
		if err != nil {
			tm.t.Fatalf("%v after %q", err, tm.seen.String())
		}
		tm.seen.Write(buf[:n])
	}
}

// openTerminal is a pseudo-terminal: the person's side and the program's.
func openTerminal(t *testing.T) (side, tty *os.File) {
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
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 250})
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return side, tty
}
