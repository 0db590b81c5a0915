package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// away is a lab whose snapshots are copied to a store.
type away struct {
	*lab
	store  *store
	restic string // program
	peers  bool   // whether restic and rclone run beside snap; with a million files they take half an hour
	place  int    // number of the places in the store
	size   int64  // of the bucket, when it was noted last
	costs  []cost
	held   []holding
}

// cost is what one run of a command asked of the store.
type cost struct {
	work, command string
	requests
	bytes int64 // by which it grew
}

// holding is what the places hold after a work.
type holding struct {
	after        string
	snap, restic int64
}

// awayPage measures copies to a store.
func (l *lab) awayPage(files string, rounds int, out string) (text string, err error) {
	a := &away{lab: l}
	if l.files, err = strconv.Atoi(files); err != nil || l.files < 1000 {
		return "", fmt.Errorf("-files %s: one number from 1000 on", files)
	}
	l.rounds, a.peers = rounds, l.files <= 200_000
	l.src, l.dest, l.out = filepath.Join(l.dir, "src"), filepath.Join(l.dir, "dest"), filepath.Join(l.dir, "out")
	if a.restic, err = l.newestRestic(); err != nil {
		return "", err
	}
	if a.store, err = l.startStore(); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, a.store.stop()) }()
	if err := a.begin(); err != nil {
		return "", err
	}
	results, err := a.works()
	if err != nil || out == "-" {
		return a.markdown(results), err
	}
	was, err := os.ReadFile(out)
	return page(string(was), "", a.markdown(results)), err
}

// newestRestic is restic of the version that is measured, built once and kept in the user's cache, or else the one on
// the PATH.
func (l *lab) newestRestic() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "snap-engines", "restic-"+resticWant)
	path := filepath.Join(dir, "restic")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	build := exec.CommandContext(l.ctx, "go", "install", "-trimpath", "github.com/restic/restic/cmd/restic@"+resticWant)
	build.Dir, build.Env = l.dir, append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "CGO_ENABLED=0")
	text, err := build.CombinedOutput()
	if err == nil {
		return path, nil
	}
	fmt.Fprintf(os.Stderr, "bench: no restic %s (%v): the one on the PATH\n%s", resticWant, err, text)
	return exec.LookPath("restic")
}

// begin makes the files and a snapshot of them.
func (a *away) begin() error {
	fmt.Fprintf(os.Stderr, "== %d files to a store\n", a.files)
	a.env = append(a.store.env(), "RESTIC_PASSWORD=four words that nobody guesses",
		"XDG_CACHE_HOME="+filepath.Join(a.dir, "cache"), "SNAP_PASSPHRASE_FILE="+a.words())
	if err := errors.Join(os.MkdirAll(a.dest, 0o755), os.MkdirAll(a.out, 0o755),
		a.do("many", a.src, a.files)); err != nil {
		return err
	}
	time.Sleep(4 * time.Second) // what is younger than 3 s is read again
	_, err := a.time(a.backup("snap backup"), warm)
	return err
}

// versions are those of what runs beside snap, and of the store.
func (a *away) versions() string {
	restic, _ := exec.Command(a.restic, "version").Output()
	rclone, _ := exec.Command("rclone", "version").Output()
	name, _, _ := strings.Cut(string(restic), " compiled")
	line, _, _ := strings.Cut(string(rclone), "\n")
	return fmt.Sprintf("%s, %s; the store is versitygw %s on loopback, on the same disk", name, line, gatewayIs)
}

// run runs a command that is not measured, and is what it prints.
func (a *away) run(args ...string) (text []byte, err error) {
	cmd := exec.CommandContext(a.ctx, args[0], args[1:]...)
	cmd.Env = a.environ()
	if text, err = cmd.Output(); err != nil {
		err = fmt.Errorf("%s: %w", strings.Join(args, " "), err)
		if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
			err = fmt.Errorf("%w: %.500s", err, ended.Stderr)
		}
	}
	return text, err
}

// add makes the places, and keeps the passphrase that the recovery sheet has for snap's.
func (a *away) add() error {
	sheet, err := a.run("env", "-u", "SNAP_PASSPHRASE_FILE",
		a.snap, "remote", "add", "-d", a.dest, a.remote(), a.at("snap"))
	if err != nil {
		return err
	}
	_, after, found := strings.Cut(string(sheet), "\nPassphrase:\n")
	phrase, _, _ := strings.Cut(after, "\n\n")
	if !found {
		return fmt.Errorf("no passphrase in the recovery sheet: %.500s", sheet)
	}
	if a.peers {
		_, err = a.run(a.restic, "-q", "-r", a.at("restic"), "init")
	}
	return errors.Join(err, os.WriteFile(a.words(), []byte(strings.TrimSpace(phrase)), 0o600))
}

// counted are the commands of a round, each of which notes what it asked of the store and by how much that grew.
func (a *away) counted(work string, commands []command) ([]command, error) {
	for i := range commands {
		c := &commands[i]
		undo := c.undo
		c.undo = func() error {
			err := a.note(work, c.name)
			if undo != nil {
				err = errors.Join(err, undo())
			}
			return err
		}
	}
	return commands, a.note("", "")
}

// note notes what was asked and put since the last time; without a work it only forgets it.
func (a *away) note(work, command string) error {
	asked, err := a.store.asked()
	size, err2 := a.store.holds("")
	if work != "" {
		a.costs = append(a.costs, cost{work, command, asked, size - a.size})
	}
	a.size = size
	return errors.Join(err, err2)
}

// hold notes what the places hold.
func (a *away) hold(after string) error {
	mine, err := a.store.holds(a.prefix("snap"))
	other, err2 := a.store.holds(a.prefix("restic"))
	a.held = append(a.held, holding{after, mine, other})
	return errors.Join(err, err2)
}

// words is the file with the passphrase.
func (a *away) words() string { return filepath.Join(a.dir, "words") }

func (a *away) prefix(of string) string { return of + "-" + strconv.Itoa(a.place) }

// at is a place as snap and restic name it.
func (a *away) at(of string) string { return "s3:" + a.store.url(a.prefix(of)) }

// remote is what snap calls the place.
func (a *away) remote() string { return "r" + strconv.Itoa(a.place) }
