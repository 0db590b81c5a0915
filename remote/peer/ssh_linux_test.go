package peer

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/internal/harness"
)

func TestParseAddress(t *testing.T) {
	for url, want := range map[string]Address{
		"ssh://host/srv/b/me":        {Host: "host", Path: "/srv/b/me"},
		"ssh://me@host:2222/srv":     {User: "me", Host: "host", Port: 2222, Path: "/srv"},
		"ssh://host/~/b/me":          {Host: "host", Path: "b/me"},
		"ssh://me@[fe80::1]:22/srv":  {User: "me", Host: "fe80::1", Port: 22, Path: "/srv"},
		"ssh://[::1]/srv":            {Host: "::1", Path: "/srv"},
		"ssh://host":                 {},
		"ssh://host/":                {},
		"ssh:///srv":                 {},
		"ssh://host:none/srv":        {},
		"ssh://host:99999/srv":       {},
		"ssh://-oProxyCommand=x/srv": {},
		"ssh://-l@host/srv":          {},
		"ssh://me:secret@host/srv":   {},
		"ssh://host/srv\nx":          {},
		"ssh://host/~/-x":            {},
		"http://host/srv":            {},
	} {
		a, err := ParseAddress(url)
		if want == (Address{}) {
			if err == nil {
				t.Errorf("%q: %+v", url, a)
			}
			continue
		}
		if err != nil || a != want {
			t.Errorf("%q: %+v, %v", url, a, err)
		}
	}
	a := Address{User: "me", Host: "host", Port: 7, Path: "/srv/it's"}
	if got, want := a.command([]string{"ssh", "-x"}), []string{"ssh", "-x", "-p", "7", "-l", "me", "--", "host",
		`snap serve -- '/srv/it'\''s'`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// sshd is a server of its own, on loopback, that lets one key do one thing.
type sshd struct {
	t       *testing.T
	dir     string
	port    string
	command string // what ssh is called with
}

func startSSHD(t *testing.T, forced string) *sshd {
	t.Helper()
	const program = "/usr/sbin/sshd"
	if _, err := os.Stat(program); err != nil {
		t.Skip("sshd is missing")
	}
	for _, tool := range []string{"ssh", "ssh-keygen"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is missing")
		}
	}
	if os.Geteuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Skipf("sshd needs /run/sshd: %v", err)
		}
	}
	s := &sshd{t: t, dir: t.TempDir()}
	for _, name := range []string{"host", "own"} {
		s.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(s.dir, name))
	}
	public, err := os.ReadFile(filepath.Join(s.dir, "own.pub"))
	s.must(err)
	s.write("authorized", fmt.Sprintf("restrict,command=\"%s\" %s", forced, public))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	_, s.port, _ = net.SplitHostPort(l.Addr().String())
	s.must(l.Close())
	s.write("config", fmt.Sprintf("ListenAddress 127.0.0.1\nPort %s\nHostKey %s/host\nAuthorizedKeysFile %s/authorized\n"+
		"StrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\n", s.port, s.dir, s.dir))
	cmd := exec.Command(program, "-D", "-e", "-f", filepath.Join(s.dir, "config"))
	said := &strings.Builder{}
	cmd.Stderr = said
	s.must(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(30 * time.Second); ; {
		c, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			c.Close()
			break
		}
		select {
		case err := <-ended:
			ended <- err
			t.Skipf("sshd does not run here: %v\n%s", err, said)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("sshd does not answer")
		}
	}
	s.command = fmt.Sprintf("ssh -F none -i %s/own -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no "+
		"-o UserKnownHostsFile=%s/known -o LogLevel=ERROR", s.dir, s.dir)
	return s
}

func (s *sshd) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *sshd) write(name, text string) {
	s.must(os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600))
}

func (s *sshd) run(name string, args ...string) string {
	s.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// snap runs snap as a user with that ssh does.
func (s *sshd) snap(args ...string) (string, int) {
	s.t.Helper()
	cmd := exec.Command(harness.Snap(s.t), args...)
	cmd.Env = append(os.Environ(), "SNAP_SSH="+s.command, "XDG_CACHE_HOME="+filepath.Join(s.dir, "cache"),
		"XDG_STATE_HOME="+filepath.Join(s.dir, "state"))
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestSSHD: a client with a key that may only add has its snapshots at a real server, asks it, and restores from it.
func TestSSHD(t *testing.T) {
	p := lived(t, 5, 3)
	y := filepath.Join(t.TempDir(), "y")
	s := startSSHD(t, harness.Snap(t)+" serve --append-only "+y)
	me, err := user.Current()
	s.must(err)
	url := fmt.Sprintf("ssh://%s@127.0.0.1:%s/what/the/server/says", me.Username, s.port)
	ok := func(args ...string) string {
		t.Helper()
		out, code := s.snap(args...)
		if code != 0 {
			t.Fatalf("snap %q: %d\n%s", args, code, out)
		}
		return out
	}
	if out := ok("copy", "-d", p.Dest, url); !strings.Contains(out, "copied 3 snapshots to ssh://") {
		t.Fatal(out)
	}
	wantAll(p, y)
	p.Write("one more", "one more")
	p.Backup()
	ok("copy", "-d", p.Dest, url)
	wantAll(p, y)
	if out := ok("cat", "-d", url, "latest:one more"); out != "one more" {
		t.Fatalf("%q", out)
	}
	back := filepath.Join(t.TempDir(), "back")
	ok("restore", "-q", "-d", url, "latest", "--target", back)
	all := p.Snapshots()
	if diff := backuptest.Difference(backuptest.Listing(t, all[len(all)-1]), backuptest.Listing(t, back)); diff != "" {
		t.Fatal(diff)
	}
	if out, code := s.snap("copy", "-d", p.Dest, url, "--follow"); code == 0 || !strings.Contains(out, "append-only") {
		t.Fatalf("%d: %s", code, out)
	}
	s.command = strings.Replace(s.command, "/own", "/host", 1) // a key that nobody knows
	if out, code := s.snap("copy", "-d", p.Dest, url); code != 13 {
		t.Fatalf("%d: %s", code, out)
	}
}
