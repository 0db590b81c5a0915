package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lab is the state that the works of one size share. Sources and destinations lie on one file system.
type lab struct {
	ctx             context.Context // ends every command
	dir, self, snap string
	rsyncs          map[string]string // by version
	only            *regexp.Regexp
	env             []string // of commands, besides that of the process
	files, rounds   int

	src, dest, out string
	made           int // trees made so far, for their names
	copies         []string
	perFile        float64 // bytes of the index after the first snapshot
}

// command is one way to do a work.
type command struct {
	name string
	args []string
	undo func() error // not timed; what is to be gone before the next
}

// sample is one run of a command.
type sample struct {
	seconds, cpu float64
	peak         int64 // bytes of memory
}

// result is all runs of one command.
type result struct {
	work, command, reach string
	samples              []sample
}

// do runs what bench does itself.
func (l *lab) do(what, dir string, n int) error {
	text, err := exec.CommandContext(l.ctx, l.self, "-do", what, dir, strconv.Itoa(n)).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", what, err, text)
	}
	return nil
}

// What the caches hold before a run, after everything was written back. Making many inodes after many were deleted,
// ext4 is up to 20 times slower until it has forgotten what it knows of the blocks that hold them.
const (
	warm     = ""
	dropData = "1" // no file data and no blocks of file systems
	dropAll  = "3" // nothing: cold
)

func settle(drop string) error {
	syscall.Sync()
	if drop == warm {
		return nil
	}
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte(drop), 0)
}

// time runs a command.
func (l *lab) time(c command, drop string) (sample, error) {
	if err := settle(drop); err != nil {
		return sample{}, err
	}
	cmd := exec.CommandContext(l.ctx, c.args[0], c.args[1:]...)
	cmd.Env = l.environ()
	var said bytes.Buffer
	cmd.Stderr = &said
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w: %.500s", strings.Join(c.args, " "), err, said.Bytes())
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	s := sample{took.Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		int64(used.Maxrss) << 10}
	fmt.Fprintf(os.Stderr, "%9d  %-28s %8.2f s %8.2f s cpu %6d MiB\n", l.files, c.name, s.seconds, s.cpu, s.peak>>20)
	if c.undo != nil {
		err = c.undo()
	}
	return s, err
}

// environ is the environment of commands, in which nothing says how the user reaches stores.
func (l *lab) environ() []string {
	own := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "AWS_") })
	return append(append(own, "XDG_STATE_HOME="+filepath.Join(l.dir, "state")), l.env...)
}

// turns runs all commands of a work in each round. each says what they are, for it may change the source first.
func (l *lab) turns(work, drop string, reach map[string]string,
	each func(round int) ([]command, error)) ([]result, error) {
	if !l.only.MatchString(work) {
		return nil, nil
	}
	fmt.Fprintf(os.Stderr, "-- %s\n", work)
	var out []result
	for round := range l.rounds {
		commands, err := each(round)
		if err != nil {
			return nil, err
		}
		if out == nil {
			for _, c := range commands {
				out = append(out, result{work: work, command: c.name, reach: reach[c.name]})
			}
		}
		for i := range commands {
			s, err := l.time(commands[i], drop)
			if err != nil {
				return nil, err
			}
			out[i].samples = append(out[i].samples, s)
		}
	}
	return out, nil
}

// fresh is a path for a new tree.
func (l *lab) fresh() string {
	l.made++
	return filepath.Join(l.out, strconv.Itoa(l.made))
}

// gone is a command's undo: the tree it made goes.
func gone(path string) func() error { return func() error { return os.RemoveAll(path) } }

// latest is the newest snapshot's tree.
func (l *lab) latest() (string, error) { return filepath.EvalSymlinks(filepath.Join(l.dest, "latest")) }

// backup is snap's command; only a forced one makes a snapshot of what has not changed.
func (l *lab) backup(name string, flags ...string) command {
	return command{name: name, args: append([]string{l.snap, "backup", "-q", l.dest, l.src}, flags...)}
}

// linkDest is rsync's counterpart, against the newest snapshot, by each version or only the named one.
func (l *lab) linkDest(latest string, versions ...string) (out []command) {
	for version, at := range l.rsyncs {
		if len(versions) == 0 || slices.Contains(versions, version) {
			to := l.fresh()
			out = append(out, command{version + " --link-dest",
				[]string{at, "-a", "--link-dest=" + latest, l.src + "/", to + "/"}, nil})
		}
	}
	slices.SortFunc(out, func(a, b command) int { return strings.Compare(a.name, b.name) })
	return out
}

const older = "rsync 3.2.7"

// works measures everything at one size.
func (l *lab) works() (all []result, err error) {
	top := filepath.Join(l.dir, strconv.Itoa(l.files))
	l.src, l.dest, l.out = filepath.Join(top, "src"), filepath.Join(top, "dest"), filepath.Join(top, "out")
	l.made, l.copies = 0, nil
	defer func() { err = errors.Join(err, os.RemoveAll(top)) }()
	if err := os.MkdirAll(l.out, 0o755); err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "== %d files\n", l.files)
	if err := l.do("many", l.src, l.files); err != nil {
		return nil, err
	}
	time.Sleep(4 * time.Second) // what is younger than 3 s is read again
	for _, part := range []func() ([]result, error){l.first, l.unchanged, l.changed, l.renamed, l.restore, l.delete} {
		results, err := part()
		if err != nil {
			return nil, err
		}
		all = append(all, results...)
	}
	return all, nil
}

func (l *lab) first() ([]result, error) {
	results, err := l.turns("first backup", dropData, map[string]string{older: "0.6", "cp -a": "0.85"},
		func(round int) ([]command, error) {
			// another each time: snap would miss the snapshots it made there
			l.dest = filepath.Join(l.out, fmt.Sprintf("dest%d", round))
			to := l.fresh()
			commands := []command{
				{"snap backup", []string{l.snap, "backup", "-q", l.dest, l.src}, nil},
				{"cp -a", []string{"cp", "-a", l.src, to}, gone(to)},
			}
			if round+1 < l.rounds {
				commands[0].undo = gone(l.dest)
			}
			if at := l.rsyncs[older]; at != "" {
				to := l.fresh()
				commands = append(commands, command{older, []string{at, "-a", l.src + "/", to + "/"}, gone(to)})
			}
			return commands, os.MkdirAll(l.dest, 0o755)
		})
	if err != nil {
		return nil, err
	}
	if results == nil { // left out, and the others need it
		if err := os.MkdirAll(l.dest, 0o755); err != nil {
			return nil, err
		}
		if _, err := l.time(l.backup("snap backup"), dropData); err != nil {
			return nil, err
		}
	}
	fi, err := os.Stat(filepath.Join(l.dest, ".snap/index.db"))
	if err != nil {
		return nil, err
	}
	l.perFile = float64(fi.Size()) / float64(l.files)
	return results, nil
}

// unchanged has a source in which nothing changed since the last snapshot.
func (l *lab) unchanged() (all []result, err error) {
	walk := command{name: "getdents + statx, parallel", args: []string{l.self, "-do", "walk", l.src, "4"}}
	for _, drop := range []string{warm, dropAll} {
		warmth := ", cold"
		var reachSkipped, reachForced map[string]string
		if drop == warm {
			warmth = ""
			reachSkipped = map[string]string{walk.name: "1.3"}
			reachForced = map[string]string{"cp -al": "0.65", older + " --link-dest": "0.4", "rsync 3.5.0 --link-dest": "0.13"}
		}
		skipped, err := l.turns("unchanged, skipped"+warmth, drop, reachSkipped, func(int) ([]command, error) {
			return []command{l.backup("snap backup"), walk}, nil
		})
		if err != nil {
			return nil, err
		}
		forced, err := l.turns("unchanged, a new tree"+warmth, drop, reachForced,
			func(int) ([]command, error) {
				latest, err := l.latest()
				to := l.fresh()
				l.copies = append(l.copies, to)
				commands := []command{l.backup("snap backup --force", "--force"),
					{name: "cp -al", args: []string{"cp", "-al", latest, to}}}
				if drop == warm {
					commands = append(commands, l.linkDest(latest)...)
				}
				return commands, err
			})
		if err != nil {
			return nil, err
		}
		all = slices.Concat(all, skipped, forced)
	}
	latest, err := l.latest()
	if err != nil {
		return nil, err
	}
	for _, dir := range []string{l.src, latest} { // the rest is warm again
		if err := l.do("walk", dir, 4); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (l *lab) changed() ([]result, error) {
	return l.turns("1 % changed", warm, map[string]string{"cp -al": "0.75"}, func(round int) ([]command, error) {
		latest, err := l.latest()
		if err != nil {
			return nil, err
		}
		to := l.fresh()
		if err := l.do("mutate", l.src, round+1); err != nil {
			return nil, err
		}
		time.Sleep(4 * time.Second)
		return append([]command{l.backup("snap backup"), {"cp -al", []string{"cp", "-al", latest, to}, nil}},
			l.linkDest(latest, older)...), nil
	})
}

func (l *lab) renamed() ([]result, error) {
	name := filepath.Join(l.src, "top00")
	const forced = "the same, nothing renamed"
	return l.turns("10 % renamed", warm, map[string]string{forced: "1.1"}, func(round int) ([]command, error) {
		to := filepath.Join(l.src, fmt.Sprintf("renamed%02d", round))
		err := os.Rename(name, to)
		name = to
		time.Sleep(4 * time.Second)
		return []command{l.backup("snap backup"), l.backup(forced, "--force")}, err
	})
}

func (l *lab) restore() ([]result, error) {
	return l.turns("restore of everything", dropData, map[string]string{"cp -a": "0.7"}, func(int) ([]command, error) {
		latest, err := l.latest()
		a, b := l.fresh(), l.fresh()
		return []command{
			{"snap restore (verified)", []string{l.snap, "restore", "-q", "-d", l.dest, "latest", "--target", a}, gone(a)},
			{"cp -a", []string{"cp", "-a", latest, b}, gone(b)},
		}, err
	})
}

// delete takes away trees of which every file has other names.
func (l *lab) delete() ([]result, error) {
	return l.turns("delete of one snapshot", warm, map[string]string{"rm -rf": "0.8"}, func(round int) ([]command, error) {
		for len(l.copies) <= round {
			latest, err := l.latest()
			if err != nil {
				return nil, err
			}
			to := l.fresh()
			if text, err := exec.CommandContext(l.ctx, "cp", "-al", latest, to).CombinedOutput(); err != nil {
				return nil, fmt.Errorf("cp -al: %w: %s", err, text)
			}
			l.copies = append(l.copies, to)
		}
		return []command{
			{name: "snap delete", args: []string{l.snap, "delete", "-q", "-d", l.dest, "latest~1"}},
			{name: "rm -rf", args: []string{"rm", "-rf", l.copies[round]}},
		}, nil
	})
}

// big copies a few large files.
func (l *lab) big(size int64) (results []result, err error) {
	top := filepath.Join(l.dir, "big")
	l.src, l.dest, l.out, l.files = filepath.Join(top, "src"), filepath.Join(top, "dest"), filepath.Join(top, "out"), 4
	defer func() { err = errors.Join(err, os.RemoveAll(top)) }()
	if err := errors.Join(os.MkdirAll(l.out, 0o755), l.do("big", l.src, int(size))); err != nil {
		return nil, err
	}
	time.Sleep(4 * time.Second)
	return l.turns("four large files", dropData, map[string]string{"cp -a": "1.1"}, func(int) ([]command, error) {
		a, b, c := l.fresh(), l.fresh(), l.fresh()
		return []command{
			{"snap backup", []string{l.snap, "backup", "-q", a, l.src}, gone(a)},
			{"cp -a", []string{"cp", "-a", l.src, b}, gone(b)},
			{"cp -a, then sync -f", []string{"sh", "-c", `cp -a "$0" "$1" && sync -f "$1"`, l.src, c}, gone(c)},
		}, os.Mkdir(a, 0o755)
	})
}
