// Command bench measures snap beside cp, rsync and rm, and writes BENCHMARKS.md.
//
//	go run ./bench                                     what BENCHMARKS.md holds: an hour, 60 GB
//	go run ./bench -files 100000 -rounds 1 -o -        a few minutes, to the terminal
//	go run ./bench -away                               its part on copies to a store: six minutes
//	go run ./bench -away -files 1000000 -rounds 1 -o - snap's alone, for its memory
//
// The commands of one kind of work run in turn, A B C A B C, each from the same state, in one run on one machine:
// compare within a table only. The clock starts before a command's process and stops when it has ended; snap has then
// told the disk to keep what it wrote (syncfs), the others have not. See settle for what the caches hold.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == "-do" {
		exit(do(os.Args[2], os.Args[3:]))
	}
	var (
		dir = flag.String("dir", "",
			"work in a new folder in `DIR`, on the disk to measure (default: the temporary folder)")
		sizes  = flag.String("files", "10000,100000,1000000,3000000", "numbers of files, the largest measured in one round")
		rounds = flag.Int("rounds", 3, "how often each command runs")
		only   = flag.String("only", "", "only the works whose names match this `REGEXP`")
		gib    = flag.Float64("big", 1, "size of each of the four large files in GiB; 0: none")
		image  = flag.Float64("image", 1, "size of the image of which a part changes in GiB; 0: none; needs root")
		out    = flag.String("o", "BENCHMARKS.md", "where the tables go; - is the terminal")
		far    = flag.Bool("away", false, "measure copies to a store instead, of 100,000 files unless -files says more")
	)
	flag.Parse()
	match, err := regexp.Compile(*only)
	if err != nil {
		exit(fmt.Errorf("-only: %w", err))
	}
	run := func(l *lab) (string, error) {
		return l.page(*sizes, *rounds, int64(*gib*(1<<30)), int64(*image*(1<<30)), *out)
	}
	if *far {
		if *sizes == flag.Lookup("files").DefValue {
			*sizes = "100000"
		}
		run = func(l *lab) (string, error) { return l.awayPage(*sizes, *rounds, *out) }
	}
	exit(measure(*dir, match, *out, run))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// do is what bench runs itself for, so that its own memory stays small: the peak that the kernel tells of a process
// begins with that of the one which started it.
func do(what string, args []string) error {
	n, _ := strconv.Atoi(args[1])
	switch what {
	case "many":
		return many(args[0], n)
	case "big":
		return big(args[0], int64(n))
	case "image":
		return image(args[0], int64(n))
	case "rewrite":
		return rewrite(args[0], uint64(n))
	case "mutate":
		return mutate(args[0], uint64(n))
	case "walk":
		entries, err := walk(args[0], n)
		fmt.Println(entries)
		return err
	}
	return errors.New("no such thing to do: " + what)
}

// measure makes a lab, and writes what run makes of it.
func measure(dir string, only *regexp.Regexp, out string, run func(*lab) (string, error)) (err error) {
	if dir, err = os.MkdirTemp(dir, "snap-bench-"); err != nil {
		return err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	l := &lab{ctx: ctx, dir: dir, only: only}
	if l.self, err = os.Executable(); err != nil {
		return err
	}
	if err := l.build(); err != nil {
		return err
	}
	text, err := run(l)
	if err != nil {
		return err
	}
	if out == "-" {
		_, err = os.Stdout.WriteString(text)
		return err
	}
	return os.WriteFile(out, []byte(text), 0o644)
}

// page measures snap beside cp, rsync and rm.
func (l *lab) page(sizes string, rounds int, large, image int64, out string) (text string, err error) {
	if err := l.findRsyncs(); err != nil {
		return "", err
	}
	r := report{tools: l.versions()}
	for _, s := range strings.Split(sizes, ",") {
		files, err := strconv.Atoi(s)
		if err != nil || files < 1000 {
			return "", fmt.Errorf("-files %s: numbers from 1000 on, with commas between", sizes)
		}
		l.files, l.rounds = files, rounds
		if files > 1_000_000 {
			l.rounds = 1
		}
		results, err := l.works()
		if err != nil {
			return "", err
		}
		r.sizes = append(r.sizes, size{files: files, rounds: l.rounds, results: results, perFile: l.perFile})
	}
	if large > 0 {
		l.rounds = rounds
		if r.big, err = l.big(large); err != nil {
			return "", err
		}
	}
	if image > 0 {
		l.rounds = rounds
		if r.images, r.taken, err = l.images(image); err != nil {
			return "", err
		}
	}
	was, _ := os.ReadFile(out) // "-" is none
	return page(string(was), r.markdown(), ""), nil
}

// build builds snap.
func (l *lab) build() error {
	l.snap = filepath.Join(l.dir, "snap")
	build := exec.CommandContext(l.ctx, "go", "build", "-buildvcs=false", "-o", l.snap, "snap/cmd/snap")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, text)
	}
	return nil
}

// findRsyncs finds the one on the PATH and, on Debian, the one of its main archive.
func (l *lab) findRsyncs() error {
	l.rsyncs = map[string]string{}
	if at, err := exec.LookPath("rsync"); err == nil {
		l.rsyncs[rsyncVersion(at)] = at
	}
	const fetch = `set -e; v=$(apt-cache madison rsync | awk '$3 ~ /^3\.2\.7-/ { print $3; exit }'); [ "$v" ]
		apt-get download -q "rsync=$v" && dpkg-deb -x rsync_*.deb .`
	get := exec.Command("sh", "-c", fetch)
	get.Dir = filepath.Join(l.dir, "rsync-old")
	if err := os.Mkdir(get.Dir, 0o777); err != nil {
		return err
	}
	if text, err := get.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "bench: no rsync 3.2.7 from Debian's archive (%v): without it\n%s", err, text)
		return nil
	}
	old := filepath.Join(get.Dir, "usr/bin/rsync")
	l.rsyncs[rsyncVersion(old)] = old
	return nil
}

// rsyncVersion is that of a binary, such as "rsync 3.2.7".
func rsyncVersion(path string) string {
	text, _ := exec.Command(path, "--version").Output()
	if words := strings.Fields(string(text)); len(words) > 2 {
		return "rsync " + words[2]
	}
	return "rsync"
}

// versions are those of everything in the tables.
func (l *lab) versions() []string {
	line := func(name string, args ...string) string {
		text, _ := exec.Command(name, args...).Output()
		first, _, _ := strings.Cut(string(text), "\n")
		return strings.TrimSpace(first)
	}
	kernel, _, _ := strings.Cut(line("uname", "-r"), "-")
	commit := cmp.Or(line("git", "describe", "--always", "--dirty"), "unknown")
	return []string{
		fmt.Sprintf("%d × %s, %s, Linux %s", runtime.NumCPU(), cpu(), memory(), kernel),
		fmt.Sprintf("file system: %s", line("findmnt", "-n", "-o", "FSTYPE,SOURCE", "-T", l.dir)),
		fmt.Sprintf("snap of commit %s (%s), %s", commit, runtime.Version(), line("cp", "--version")),
	}
}

func cpu() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return runtime.GOARCH
}

func memory() string {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return "memory unknown"
	}
	return fmt.Sprintf("%d GiB", (uint64(info.Totalram)*uint64(info.Unit)+1<<29)>>30)
}
