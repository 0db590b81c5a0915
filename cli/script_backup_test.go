package cli

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// addPrograms puts programs into the script's path. `weak` runs a command without root's right to read everything,
// `user` runs it as an ordinary user (number 65534), to whom it opens the way to the script's folder and to the
// program. `states CODE CLOSED FULL COMMAND…` runs it with its output in every state, and wants CODE with one that is
// whole, CLOSED where nobody reads it (any more), FULL where standard output is on a full disk; standard error never
// counts.
func addPrograms(env *testscript.Env) error {
	bin := filepath.Join(env.WorkDir, ".bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	run := `exec "$@"`
	if os.Geteuid() == 0 {
		run = `exec setpriv --bounding-set -dac_override,-dac_read_search "$@"`
	}
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
	for name, text := range map[string]string{"weak": run, "user": userProgram, "states": statesProgram} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			return err
		}
	}
	return nil
}

const userProgram = `
for dir in "$WORK" "$(dirname "$(command -v snap)")"; do
	while [ "$dir" != / ]; do
		[ $(($(stat -c 0%a "$dir") & 1)) = 1 ] || chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
done
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"`

const statesProgram = `
ok=$1 closed=$2 full=$3 bad=0; shift 3
code=$(mktemp)
run() { "$@"; echo $? >$code; }
want() { [ "$(cat $code)" = "$1" ] || { echo "$2: exit code $(cat $code), want $1" >&2; bad=1; }; }
run "$@" 2>/dev/null | true; want $closed 'a pipe that nobody reads'
run "$@" 2>/dev/null | head -n 1 >/dev/null; want $closed 'head'
run "$@" >&- 2>&-; want $ok 'all closed'
[ -e /dev/full ] || exit $bad
run "$@" >/dev/full 2>/dev/null; want $full 'a full disk'
run "$@" >/dev/full 2>/dev/full; want $full 'all to a full disk'
exit $bad`

// verb is a command of the test scripts.
type verb = func(*testscript.TestScript, bool, []string)

// withBackupVerbs adds those of backups.
func withBackupVerbs(verbs map[string]verb) map[string]verb {
	maps.Copy(verbs, backupVerbs)
	return verbs
}

// backupVerbs are commands for scripts about backups.
//
//	samefile A B          A and B are one inode
//	damage FILE           a bit of FILE is another, its size and time stay
//	empty DIR             DIR holds nothing
//	issymlink P           P is a symbolic link
//	mode P OCTAL          P has these permission bits
//	ln A B                B becomes another hard link of A
//	snapshot-of DIR FILE  write every name below DIR with mode, size and times to FILE
var backupVerbs = map[string]func(*testscript.TestScript, bool, []string){
	"samefile": func(ts *testscript.TestScript, neg bool, args []string) {
		a, err := os.Lstat(ts.MkAbs(args[0]))
		ts.Check(err)
		b, err := os.Lstat(ts.MkAbs(args[1]))
		ts.Check(err)
		if os.SameFile(a, b) == neg {
			ts.Fatalf("%s and %s: want one inode: %v", args[0], args[1], !neg)
		}
	},
	"ln": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: ln A B")
		}
		ts.Check(os.Link(ts.MkAbs(args[0]), ts.MkAbs(args[1])))
	},
	"mode": func(ts *testscript.TestScript, neg bool, args []string) {
		info, err := os.Lstat(ts.MkAbs(args[0]))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); (got == args[1]) == neg {
			ts.Fatalf("%s has mode %s", args[0], got)
		}
	},
	"damage": func(ts *testscript.TestScript, neg bool, args []string) {
		name := ts.MkAbs(args[0])
		info, err := os.Stat(name)
		ts.Check(err)
		text, err := os.ReadFile(name)
		ts.Check(err)
		text[0] ^= 1
		ts.Check(os.WriteFile(name, text, 0o600))
		ts.Check(os.Chtimes(name, info.ModTime(), info.ModTime()))
	},
	"empty": func(ts *testscript.TestScript, neg bool, args []string) {
		all, err := os.ReadDir(ts.MkAbs(args[0]))
		ts.Check(err)
		if (len(all) == 0) == neg {
			ts.Fatalf("%s holds %d entries", args[0], len(all))
		}
	},
	"issymlink": func(ts *testscript.TestScript, neg bool, args []string) {
		info, err := os.Lstat(ts.MkAbs(args[0]))
		ts.Check(err)
		if (info.Mode()&fs.ModeSymlink != 0) == neg {
			ts.Fatalf("%s: %v", args[0], info.Mode())
		}
	},
	"snapshot-of": func(ts *testscript.TestScript, neg bool, args []string) {
		var b strings.Builder
		ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil {
				fmt.Fprintln(&b, p, info.Mode(), info.Size(), info.ModTime())
			}
			return err
		}))
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
	},
}
