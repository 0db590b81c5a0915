package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
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
		"stats?depth=1":                        "stats --depth 1",
		"stats?at=oldest&at=latest":            "stats oldest latest",
		"stats?at=oldest..latest~1":            "stats oldest..latest~1",
		"stats?folders=1":                      "stats --folders",
		"stats?folders=1&path=docs&depth=2":    "stats --folders --depth 2 docs",
		"prune?keep_last=1":                    "prune -n --keep-last 1",
		"prune?keep_daily=7&keep_tag=first":    "prune -n --keep-daily 7 --keep-tag first",
		"prune?keep_within=2d&min_free=1B":     "prune -n --keep-within 2d --min-free 1B",
		"prune?keep_last=1&allow_most=1":       "prune -n --keep-last 1 --allow-most",
		"health":                               "status",
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
		switch name, _, _ := strings.Cut(address, "?"); name {
		case "status", "stats", "health": // what is free goes on changing
			got, want = withoutNumbers(got), withoutNumbers(want)
		case "prune":
			got, want = seconds.ReplaceAllString(got, ""), seconds.ReplaceAllString(want, "")
		}
		if status != http.StatusOK || got != want || want == "" {
			t.Errorf("%s: %d\n%s\nsnap %s:\n%s", address, status, got, args, want)
		}
	}
	for address, args := range map[string]string{
		"ls?at=nowhere": "ls nowhere", "find?q=a&size=big": "find --size big a", "history?path=nothing": "history nothing",
		"prune": "prune -n", "prune?keep_last=x": "prune -n --keep-last x", "stats?at=nowhere": "stats nowhere",
		"prune?keep_tag=never": "prune -n --keep-tag never", "stats?folders=1&path=nothing": "stats --folders nothing",
	} {
		var errs bytes.Buffer
		code := Run(context.Background(), testEnv(w.dest, io.Discard, &errs), append([]string{"snap", "--json"},
			strings.Fields(args)...))
		got, status := get("/api/" + address)
		if status < 400 || !strings.Contains(got, `"error":"`) || !strings.Contains(got, `"code":`+string(rune('0'+code))) {
			t.Errorf("%s: %d %s; exit code %d: %s", address, status, got, code, errs.String())
		}
	}
	for lines, status := range map[string]int{"keep_last = 2\n": http.StatusOK, "kep_last = 2\n": 400, "colour = blue\n": 500} { // the rules in force
		if err := os.WriteFile(filepath.Join(w.dest, "BackupOptions.txt"), []byte(lines+"keep_daily = 1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		code := Run(context.Background(), testEnv(w.dest, &out, io.Discard), []string{"snap", "--json", "prune", "-n"})
		got, is := get("/api/prune")
		if is != status || status == http.StatusOK && seconds.ReplaceAllString(got, "") != seconds.ReplaceAllString(out.String(), "") ||
			status != http.StatusOK && !strings.Contains(got, fmt.Sprintf(`"code":%d`, code)) {
			t.Errorf("%q: %d %s\nexit code %d: %s", lines, is, got, code, out.String())
		}
	}
	if code := end(); code != 0 {
		t.Errorf("ended with %d", code)
	}
}

var seconds = regexp.MustCompile(`"seconds":[0-9.e-]+`)

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
