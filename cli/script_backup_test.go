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

// addWeak puts a program `weak` into the script's path: it runs a command without root's right to read
// everything.
func addWeak(env *testscript.Env) error {
	bin := filepath.Join(env.WorkDir, ".bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	run := `exec "$@"`
	if os.Geteuid() == 0 {
		run = `exec setpriv --bounding-set -dac_override,-dac_read_search "$@"`
	}
	env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
	return os.WriteFile(filepath.Join(bin, "weak"), []byte("#!/bin/sh\n"+run+"\n"), 0o755)
}

func withBackupVerbs(verbs map[string]func(*testscript.TestScript, bool, []string)) map[string]func(*testscript.TestScript, bool, []string) {
	maps.Copy(verbs, backupVerbs)
	return verbs
}

// backupVerbs are commands for scripts about backups.
//
//	samefile A B          A and B are one inode
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
