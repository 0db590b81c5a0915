package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"snap/internal/file"
	"snap/internal/harness"
	"snap/record"
)

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"snap": runProgram})
}

type tests struct{ *testing.M }

func (t tests) Run() int { return harness.Run(t.M) }

// runProgram is cmd/snap in a process of its own, with the clock, and what the system knows of the user's home, that
// a script sets.
func runProgram() {
	env := System()
	if s := os.Getenv("SNAP_TEST_NOW"); s != "" {
		now, err := time.Parse(time.RFC3339, s)
		if err != nil {
			panic(err)
		}
		env.Now = func() time.Time { return now.In(time.Local) }
	}
	env.Temp = nil // where the tests are
	signal.Ignore(syscall.SIGPIPE)
	if home := os.Getenv("SNAP_TEST_HOME"); home == "none" {
		env.Home = nil
	} else if home != "" {
		env.Home = func() string { return home }
	}
	os.Exit(Run(context.Background(), env, os.Args))
}

// TestScripts runs testdata/script. Besides testscript's own commands they have:
//
//	destination DIR FILE   a destination in DIR with the snapshots that FILE tells of, see tell
//	exits CODE snap …      the command ends with this code
//	health FILE            a health check in $HEALTH that writes to FILE how it was called
//	cmpz stdout PATH…      the command before printed these paths, each closed by a NUL
//	follow N CODE…         what the command before told to type ends with one of these codes, N lines at least; see follow
//
// those of backupVerbs (script_backup_test.go), and the programs of addPrograms behind exec,
// and the conditions [root], [sessions]: the system tells one mount from the next (Linux 6.8), and [huge]: a sparse
// file may have 7 EiB in $HUGE, a folder that a script makes where it needs that.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("SNAP_TEST_NOW", "2026-11-22T12:00:00Z")
			env.Setenv("HOME", env.WorkDir+"/state/home") // not one outside, that root would make
			env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
			env.Setenv("WORKREL", strings.TrimPrefix(env.WorkDir, "/")) // as a path in a tree of several sources
			if at := hugeFiles(); at != "" {
				huge := filepath.Join(at, "snap-"+filepath.Base(filepath.Dir(env.WorkDir))+"-"+filepath.Base(env.WorkDir))
				env.Setenv("HUGE", huge)
				env.Defer(func() { os.RemoveAll(huge) })
			}
			return addPrograms(env)
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "huge":
				return hugeFiles() != "", nil
			case "sessions":
			default:
				return false, fmt.Errorf("no such condition: %s", cond)
			}
			dir, err := file.OpenRoot(".")
			if err != nil {
				return false, err
			}
			defer dir.Close()
			return dir.Session() != "", nil
		},
		Cmds: withBackupVerbs(map[string]func(*testscript.TestScript, bool, []string){
			"destination": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: destination DIR FILE")
				}
				w, err := newWorld(ts.MkAbs(args[0]))
				ts.Check(err)
				w.trees = true
				ts.Check(w.tell(ts.ReadFile(args[1])))
			},
			"health": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: health FILE")
				}
				to := ts.MkAbs(args[0])
				s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
					body, _ := io.ReadAll(q.Body)
					f, err := os.OpenFile(to, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
					if err == nil {
						fmt.Fprintf(f, "%s %s\n%s", q.Method, q.URL, body)
						f.Close()
					}
				}))
				ts.Defer(s.Close)
				ts.Setenv("HEALTH", s.URL)
			},
			"cmpz": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: cmpz FILE PATH…")
				}
				if got, want := ts.ReadFile(args[0]), strings.Join(args[1:], "\x00")+"\x00"; got != want {
					ts.Fatalf("%q, want %q", got, want)
				}
			},
			"follow": follow,
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: exits CODE COMMAND…")
				}
				code := 0
				if err := ts.Exec(args[1], args[2:]...); err != nil {
					var text string
					if _, text, _ = strings.Cut(err.Error(), "exit status "); text == "" {
						ts.Fatalf("%v", err)
					}
					code, _ = strconv.Atoi(text)
				}
				if strconv.Itoa(code) != args[0] {
					ts.Fatalf("exit code %d, want %s", code, args[0])
				}
			},
		}),
	})
}

// hugeFiles is a folder whose file system has files of 7 EiB, in memory if the one for temporary files has none; ""
// without.
var hugeFiles = sync.OnceValue(func() string {
	for _, dir := range []string{os.TempDir(), "/dev/shm"} {
		f, err := os.CreateTemp(dir, "snap-huge-")
		if err != nil {
			continue
		}
		err = f.Truncate(7 << 60)
		f.Close()
		os.Remove(f.Name())
		if err == nil {
			return dir
		}
	}
	return ""
})

var scriptWord = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[^\s"]+(?:"(?:[^"\\]|\\.)*")?`)

// tell lives through what a script says of the source, a step a line:
//
//	source DIR · mkdir P · write P CONTENT · rm P · mv P Q · ln P Q · symlink TARGET P · chmod MODE P
//	snapshot NAME [tag=T] [note=N] [errors=N] [prepared]
//
// Words may be Go strings in quotes. A snapshot is of the time in its name.
func (w *world) tell(script string) error {
	for line := range strings.Lines(script) {
		var words []string
		for _, word := range scriptWord.FindAllString(line, -1) {
			if word[0] == '"' {
				var err error
				if word, err = strconv.Unquote(word); err != nil {
					return fmt.Errorf("%s: %w", line, err)
				}
			}
			words = append(words, word)
		}
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := w.obey(words[0], words[1:]); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

func (w *world) obey(verb string, args []string) error {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	switch verb {
	case "source":
		w.source = arg(0)
	case "mkdir":
		w.mkdir(arg(0))
	case "write":
		w.put(arg(0), arg(1))
	case "rm":
		w.remove(arg(0))
	case "mv":
		w.move(arg(0), arg(1))
	case "ln":
		w.hardlink(arg(0), arg(1))
	case "symlink":
		w.symlink(arg(1), arg(0))
	case "chmod":
		mode, err := strconv.ParseUint(arg(0), 8, 16)
		if err != nil {
			return err
		}
		w.chmod(arg(1), uint16(mode))
	case "snapshot":
		return w.tellSnapshot(args)
	default:
		return fmt.Errorf("no such step")
	}
	return nil
}

var timeInName = regexp.MustCompile(`\d{8}-\d{6}`)

func (w *world) tellSnapshot(args []string) error {
	h := record.Header{Name: args[0], Users: map[uint32]string{1000: "me"}, Groups: map[uint32]string{1000: "staff"}}
	h.Time = time.Unix(w.tick(), 0).UTC()
	if at, err := time.Parse("20060102-150405", timeInName.FindString(h.Name)); err == nil {
		h.Time, w.clock = at, at.Unix()
	}
	h.Finished = h.Time.Add(90 * time.Second)
	state := record.Complete
	for _, a := range args[1:] {
		switch key, value, _ := strings.Cut(a, "="); key {
		case "tag":
			h.Tags = append(h.Tags, value)
		case "note":
			h.Note = strings.Trim(value, `"`)
		case "errors":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return err
			}
			h.Errors = n
		case "prepared":
			state = record.Prepared
		default:
			return fmt.Errorf("no such word: %s", a)
		}
	}
	return w.commit(h, state)
}
