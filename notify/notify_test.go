package notify

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTargets(t *testing.T) {
	for text, want := range map[string]string{
		"desktop": "desktop", "Desktop": "desktop", "mail me@example.org": "mail me@example.org", "mail root": "mail root",
		"mail  a.b+c@x.org":                      "mail a.b+c@x.org",
		"url https://hc.example.org/ping/secret": "url https://hc.example.org/…",
		"url http://localhost:8000/a":            "url http://localhost:8000/…",
		"":                                       "",
		"desktop now":                            "",
		"mail":                                   "", "mail a b@x": "", "mail a@b@c": "", "mail Me <me@x.org>": "",
		"mail a@x.org\r\nBcc: b@x.org": "", "mail -f@x.org\n": "mail -f@x.org", "mail -oQ/tmp": "",
		"url": "", "url ftp://x/": "", "url file:///etc/passwd": "", "url https://": "", "url hc.example.org": "",
		"https://x.org": "", "telegram me": "", "mail me@x.org,you@x.org": "",
	} {
		target, err := Parse(text)
		if (err == nil) != (want != "") || err == nil && target.String() != want {
			t.Errorf("%q: %q, %v, want %q", text, target, err, want)
		}
	}
	for text, want := range map[string]bool{"url http://x.org/a": true, "url http://127.0.0.1:1/a": false,
		"url http://[::1]/a": false, "url https://x.org": false, "desktop": false} {
		if target, err := Parse(text); err != nil || target.Open() != want {
			t.Errorf("%s: open %v, %v", text, target.Open(), err)
		}
	}
}

// calls is a health check on this machine that answers with the codes in turn, the last for ever.
func calls(t *testing.T, codes ...int) (address string, seen *[]string) {
	t.Helper()
	seen = new([]string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		*seen = append(*seen, fmt.Sprintf("%s %s %s", q.Method, q.URL, body))
		code := codes[min(len(*seen), len(codes))-1]
		if code == http.StatusFound {
			w.Header().Set("Location", "/again")
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(s.Close)
	return s.URL, seen
}

// how waits for nothing and counts the pauses.
func how(pauses *int) *How {
	return &How{
		Lookup: func(string) (string, bool) { return "", false },
		Sleep: func(ctx context.Context, _ time.Duration) error {
			*pauses++
			return ctx.Err()
		},
	}
}

func TestHealthChecksAreCalled(t *testing.T) {
	for stage, want := range map[Stage]string{
		Start: "GET /ping/1/start?a=b ", Well: "POST /ping/1?a=b well\n\nlines",
		Warning: "POST /ping/1/fail?a=b well\n\nlines", Failure: "POST /ping/1/fail?a=b well\n\nlines",
	} {
		address, seen := calls(t, 200)
		target, err := Parse("url " + address + "/ping/1?a=b")
		if err != nil {
			t.Fatal(err)
		}
		pauses := 0
		err = target.Tell(t.Context(), &Message{Stage: stage, Subject: "well", Body: "lines"}, how(&pauses))
		if err != nil || !slices.Equal(*seen, []string{want}) || pauses > 0 {
			t.Errorf("%d: %q, %v", stage, *seen, err)
		}
	}
}

func TestACallThatFailsIsTriedAgainAndTold(t *testing.T) {
	for _, c := range []struct {
		codes []int
		calls int
		fail  string
	}{
		{[]int{500, 503, 200}, 3, ""}, {[]int{429, 200}, 2, ""}, {[]int{500}, 3, "500"}, {[]int{404}, 1, "404"}, {[]int{302},
			1, "elsewhere"},
	} {
		address, seen := calls(t, c.codes...)
		target, _ := Parse("url " + address + "/secret")
		pauses := 0
		err := target.Tell(t.Context(), &Message{Stage: Well, Subject: "x"}, how(&pauses))
		if (err == nil) != (c.fail == "") || c.codes[0] != 302 && len(*seen) != c.calls ||
			c.codes[0] != 302 && pauses != c.calls-1 {
			t.Errorf("%v: %d calls, %d pauses, %v", c.codes, len(*seen), pauses, err)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "was not told")) {
			t.Errorf("%v: it says %v", c.codes, err)
		}
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	target, _ := Parse("url " + closed.URL)
	pauses := 0
	if err := target.Tell(t.Context(), &Message{}, how(&pauses)); err == nil || pauses != tries-1 {
		t.Errorf("nobody is there: %d pauses, %v", pauses, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := target.Tell(ctx, &Message{}, how(&pauses)); err == nil {
		t.Error("a call that was cancelled went well")
	}
}

// message is one with names in it that a mail program could take for more.
var message = &Message{
	Stage: Failure, Subject: "snap on höst: /mnt/a\r\nBcc: you@example.org: no backup", Time: time.Date(2026, 11, 22, 12,
		0, 0, 0, time.UTC),
	Body: "snap: ünreadable <b>\n.\nFrom here on\n" + strings.Repeat("long/", 1000) + "\xff\n",
}

// checkLetter reads a mail as a mail program does.
func checkLetter(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if len(line) > 998 {
			t.Errorf("a line of %d bytes", len(line))
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if want := "snap on höst: /mnt/a  Bcc: you@example.org: no backup"; subject != want || err != nil ||
		m.Header.Get("Bcc") != "" ||
		m.Header.Get("To") != "me@example.org" {
		t.Errorf("headers: %q, %v", m.Header, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if got := strings.ReplaceAll(string(body), "\r\n", "\n"); got != message.Body || err != nil {
		t.Errorf("body: %q, %v", got, err)
	}
}

func TestMailIsHandedToSendmail(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "sendmail")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$@\" >"+dir+"/args\ncat >"+dir+"/letter\n"),
		0o755); err != nil {
		t.Fatal(err)
	}
	pauses := 0
	h := how(&pauses)
	h.Sendmail = []string{filepath.Join(dir, "none"), script}
	target, _ := Parse("mail me@example.org")
	if err := target.Tell(t.Context(), message, h); err != nil {
		t.Fatal(err)
	}
	args, _ := os.ReadFile(dir + "/args")
	if string(args) != "-i -t\n" {
		t.Errorf("it was called with %q", args)
	}
	letter, _ := os.ReadFile(dir + "/letter")
	checkLetter(t, string(letter))
	if err := target.Tell(t.Context(), &Message{Stage: Start}, &How{}); err != nil {
		t.Errorf("a mail says that a backup begins: %v", err)
	}
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho no way >&2\nexit 75\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := target.Tell(t.Context(), message, h); err == nil || !strings.Contains(err.Error(), "no way") {
		t.Errorf("a mail that was not sent: %v", err)
	}
	h.Sendmail = []string{filepath.Join(dir, "none")}
	if err := target.Tell(t.Context(), message, h); err == nil || !strings.Contains(err.Error(), "no sendmail") {
		t.Errorf("no sendmail: %v", err)
	}
}

// TestMailGetsThroughARealMailer: msmtp takes it and hands it to a mail server on this machine.
func TestMailGetsThroughARealMailer(t *testing.T) {
	mailer, err := exec.LookPath("msmtp")
	if err != nil {
		t.Skip("no msmtp here")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go func() { got <- mailServer(l) }()
	home := t.TempDir()
	rc := fmt.Sprintf("account default\nhost 127.0.0.1\nport %d\nfrom snap@example.org\n", l.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(filepath.Join(home, ".msmtprc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	pauses := 0
	h := how(&pauses)
	h.Sendmail = []string{mailer}
	target, _ := Parse("mail me@example.org")
	if err := target.Tell(t.Context(), message, h); err != nil {
		t.Fatal(err)
	}
	checkLetter(t, <-got)
}

// mailServer takes one mail, by SMTP.
func mailServer(l net.Listener) (letter string) {
	c, err := l.Accept()
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	say := func(text string) { fmt.Fprintf(c, "%s\r\n", text) }
	say("220 here")
	in := bufio.NewScanner(c)
	for in.Scan() {
		switch word, _, _ := strings.Cut(strings.ToUpper(in.Text()), " "); word {
		case "DATA":
			say("354 go on")
			for in.Scan() && in.Text() != "." {
				letter += strings.TrimPrefix(in.Text(), ".") + "\r\n"
			}
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return letter
		default:
			say("250 well")
		}
	}
	return letter
}

func TestTheDesktopIsTold(t *testing.T) {
	dir := t.TempDir()
	script := "#!/bin/sh\nprintf '%s\\n' \"$DBUS_SESSION_BUS_ADDRESS\" \"$@\" >" + dir + "/said\n"
	if err := os.WriteFile(filepath.Join(dir, "notify-send"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	target, _ := Parse("desktop")
	look := func(key string) (string, bool) { return dir, key == "XDG_RUNTIME_DIR" }
	if err := target.Tell(t.Context(), message, &How{Lookup: look}); err == nil ||
		!strings.Contains(err.Error(), "not logged in") {
		t.Errorf("without a bus: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bus"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m := &Message{Stage: Failure, Subject: "-x <b>", Body: "<a href=x>&"}
	if err := target.Tell(t.Context(), m, &How{Lookup: look}); err != nil {
		t.Fatal(err)
	}
	said, _ := os.ReadFile(dir + "/said")
	if want := "unix:path=" + dir +
		"/bus\n--app-name=snap\n--urgency=critical\n--\n-x <b>\n&lt;a href=x&gt;&amp;\n"; string(
		said,
	) != want {
		t.Errorf("%q, want %q", said, want)
	}
	if err := target.Tell(t.Context(), m, &How{Root: true}); err == nil || !strings.Contains(err.Error(), "root") {
		t.Errorf("root: %v", err)
	}
}
