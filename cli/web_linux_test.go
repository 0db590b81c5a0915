package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snap/cli/exit"
)

// webPage runs snap web for dest and is a browser that has signed in: it gives the body and the status of an address
// below the base.
func webPage(t testing.TB, dest string, args ...string) (get func(address string) (string, int), end func() int) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	reader, writer := io.Pipe()
	env := testEnv(dest, writer, io.Discard)
	state := t.TempDir()
	known := env.LookupEnv
	env.LookupEnv = func(key string) (string, bool) {
		if key == "XDG_STATE_HOME" {
			return state, true
		}
		return known(key)
	}
	code := make(chan int, 1)
	go func() {
		code <- Run(ctx, env, append([]string{"snap", "web", "--no-open"}, args...))
		writer.Close()
	}()
	link, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatalf("%v, exit code %d", err, <-code)
	}
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	ask := func(address string) (string, int) {
		t.Helper()
		a, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		b, err := io.ReadAll(a.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b), a.StatusCode
	}
	if _, status := ask(strings.TrimSpace(link)); status != http.StatusOK {
		t.Fatalf("the link: %d", status)
	}
	base, _, _ := strings.Cut(link, "/in/")
	ended := false
	end = func() int {
		if ended {
			return 0
		}
		ended = true
		cancel(&exit.BySignal{Signal: os.Interrupt})
		return <-code
	}
	t.Cleanup(func() { end() })
	return func(address string) (string, int) { t.Helper(); return ask(base + address) }, end
}

// TestPageSaysWhatTheCommandSays: each question of the API is answered with what the command prints, byte for byte.
func TestPageSaysWhatTheCommandSays(t *testing.T) {
	w := mustWorld(t)
	w.trees = true
	story, err := os.ReadFile("testdata/story-web.txt")
	if err == nil {
		err = w.tell(string(story))
	}
	if err != nil {
		t.Fatal(err)
	}
	get, end := webPage(t, w.dest)
	for address, args := range map[string]string{
		"list":                                 "list",
		"ls":                                   "ls",
		"ls?at=oldest":                         "ls oldest",
		"ls?at=latest&path=docs":               "ls latest:docs",
		"ls?at=latest&recursive=1":             "ls -R latest",
		"ls?at=oldest&path=docs%2Fdeep":        "ls oldest:docs/deep",
		"diff":                                 "diff",
		"diff?a=oldest&b=latest":               "diff oldest latest",
		"diff?a=oldest&b=latest&path=docs":     "diff oldest latest -- docs",
		"diff?a=latest&b=oldest":               "diff latest oldest",
		"find?q=*":                             "find *",
		"find?q=a&deleted=1":                   "find --deleted a",
		"find?q=*&type=d":                      "find --type d *",
		"find?q=.&regex=1&in=oldest&size=%2B0": "find --regex --in oldest --size +0 .",
		"find?q=A&ignore_case=1":               "find -i A",
		"find?q=nothing":                       "find nothing",
		"history?path=docs%2Fb":                "history docs/b",
		"history?path=docs%2Fb&no_follow=1":    "history --no-follow docs/b",
		"stats":                                "stats",
		"status":                               "status",
		"version":                              "version",
		"explain?path=docs%2Fb":                "explain docs/b",
		"explain?path=nothing":                 "explain nothing",
	} {
		var out bytes.Buffer
		Run(context.Background(), testEnv(w.dest, &out, io.Discard), append([]string{"snap", "--json"},
			strings.Fields(args)...))
		got, status := get("/api/" + address)
		want := out.String()
		if address == "status" || address == "stats" { // what is free goes on changing
			got, want = withoutNumbers(got), withoutNumbers(want)
		}
		if status != http.StatusOK || got != want || want == "" {
			t.Errorf("%s: %d\n%s\nsnap %s:\n%s", address, status, got, args, want)
		}
	}
	for address, args := range map[string]string{
		"ls?at=nowhere": "ls nowhere", "find?q=a&size=big": "find --size big a", "history?path=nothing": "history nothing",
	} {
		var errs bytes.Buffer
		code := Run(context.Background(), testEnv(w.dest, io.Discard, &errs), append([]string{"snap", "--json"},
			strings.Fields(args)...))
		got, status := get("/api/" + address)
		if status < 400 || !strings.Contains(got, `"error":"`) || !strings.Contains(got, `"code":`+string(rune('0'+code))) {
			t.Errorf("%s: %d %s; exit code %d: %s", address, status, got, code, errs.String())
		}
	}
	if code := end(); code != 0 {
		t.Errorf("ended with %d", code)
	}
}

// withoutNumbers is a text without its digits.
func withoutNumbers(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// TestWebKeepsOutOfItsDestination: what the command leaves behind is in the user's own folder.
func TestWebKeepsOutOfItsDestination(t *testing.T) {
	w := mustWorld(t)
	if err := w.tell("write a x\nsnapshot 20261119-100000\n"); err != nil {
		t.Fatal(err)
	}
	before, err := filepath.Glob(filepath.Join(w.dest, ".snap", "*"))
	if err != nil {
		t.Fatal(err)
	}
	get, end := webPage(t, w.dest, "--read-only")
	if page, status := get("/"); status != http.StatusOK || !strings.Contains(page, "1 snapshot") {
		t.Errorf("%d %.300s", status, page)
	}
	end()
	after, err := filepath.Glob(filepath.Join(w.dest, ".snap", "*"))
	if err != nil || strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("%v, %v: %v", before, after, err)
	}
}
