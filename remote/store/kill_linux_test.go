package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"snap/internal/filetest"
	"snap/internal/harness"
	"snap/internal/long"
)

// TestKilledPuts kills a process before each call of the file system that it makes, or lets that call fail: what it
// said it made is there, whole; what it was making is whole or not there; and the next one makes the rest.
func TestKilledPuts(t *testing.T) {
	faultrun := harness.Tool(t, "faultrun")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, links := range []bool{true, false} {
		for _, how := range [][]string{{"-kill"}, {"-errno", "EIO"}, {"-errno", "ENOSPC"}} {
			t.Run(fmt.Sprint("links ", links, how), func(t *testing.T) {
				if !links && (os.Getuid() != 0 || !long.Form()) {
					return // a mount for each call
				}
				for k, more := 1, true; more; k++ {
					dir := t.TempDir()
					if !links {
						dir = filetest.Oddfs(t, dir, "-nolink")
					}
					args := append([]string{"-at", fmt.Sprint(k), "-only",
						"openat,write,mkdirat,linkat,renameat,renameat2,unlinkat,fsync"}, how...)
					cmd := exec.Command(faultrun, append(args, "--", self)...)
					cmd.Env = append(os.Environ(), child+"="+dir)
					said, _ := cmd.CombinedOutput() // it may fail
					if !strings.Contains(string(said), "faultrun: total=") {
						t.Fatalf("%s", said)
					}
					more = !strings.Contains(string(said), "hit= ") && strings.Contains(string(said), "hit=")
					whole(t, dir, string(said))
					if t.Failed() {
						t.Fatalf("call %d:\n%s", k, said)
					}
					if k > 500 {
						t.Fatalf("no end:\n%s", said)
					}
				}
			})
		}
	}
}

// TestDurableBeforeVisible: an object's bytes are synced before it has its name, and its name before the Put returns.
func TestDurableBeforeVisible(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	cmd := exec.Command(harness.Tool(t, "faultrun"), "-log", log, "-only", "openat,write,mkdirat,linkat,unlinkat,fsync",
		"--", self)
	cmd.Env = append(os.Environ(), child+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`(?m)^\d+ (\w+) \d+ "?(fd|[^"\n]*)`).ReplaceAllString(string(text), "$1 $2")
	for _, name := range childNames {
		path := regexp.QuoteMeta(dir + "/" + name)
		parent := regexp.QuoteMeta(filepath.Dir(dir + "/" + name))
		order := regexp.MustCompile(`openat \S*/\.put-\S*\n(write .*\n)+fsync .*\nlinkat ` + path + `"\nopenat ` + parent +
			`"\nfsync .*\n(write .*\n)*unlinkat \S*/\.put-`)
		if !order.MatchString(calls) {
			t.Errorf("%s: not in this order:\n%s", name, calls)
		}
	}
	for _, made := range []string{"head", "data", "data/ab"} {
		parent := regexp.QuoteMeta(filepath.Dir(dir + "/" + made))
		order := regexp.MustCompile(`mkdirat ` + regexp.QuoteMeta(dir+"/"+made) + `"\nopenat ` + parent + `"\nfsync `)
		if !order.MatchString(calls) {
			t.Errorf("%s: not in this order:\n%s", made, calls)
		}
	}
}

func whole(t *testing.T, dir, said string) {
	t.Helper()
	s := mustOpen(t, "vault:"+dir, Options{RetryFor: -1})
	var listed []string
	for o, err := range s.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, o.Name)
		if body, err := s.Get(t.Context(), o.Name, 0, -1); err != nil || !bytes.Equal(body, childBody(o.Name)) {
			t.Errorf("%s has %d bytes, %v", o.Name, len(body), err)
		}
	}
	for _, name := range childNames {
		if strings.Contains(said, "made "+name+"\n") && !slices.Contains(listed, name) {
			t.Errorf("%s was made and is not there", name)
		}
		err := s.Put(t.Context(), name, childBody(name), PutOptions{})
		if there := slices.Contains(listed, name); there != errors.Is(err, ErrExists) || !there && err != nil {
			t.Errorf("%s: there %v, %v", name, there, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(dir, unfinished+"*")); len(left) > 1 || err != nil {
		t.Error(left, err)
	}
}
