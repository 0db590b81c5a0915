package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"snap/backup/backuptest"
)

// TestLimits: what nobody needs is refused, before it costs anything.
func TestLimits(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("long.txt", strings.Repeat("a line\n", linesMost+1))
	p.Write("huge.txt", strings.Repeat("x", textMost+1))
	p.Write("page.txt", strings.Repeat("a line\n", linesShown+500))
	snapshot(p, "20261119-100000")
	p.Write("long.txt", strings.Repeat("a line\n", linesMost+1)+"more\n")
	p.Write("huge.txt", strings.Repeat("x", textMost+1)+"more")
	snapshot(p, "20261120-100000")
	s := show(t, p)
	if page := s.get(t, s.File("long.txt")); !strings.Contains(page, "the two have too many lines") {
		t.Error("a long text was compared")
	}
	if page := s.get(t, s.File("huge.txt")); len(page) > firstPart+30_000 || !strings.Contains(page, "SHA-256") {
		t.Errorf("a huge text was shown: %d bytes", len(page))
	}
	if page := s.get(t, s.File("page.txt")); strings.Count(page, "<tr") > linesShown+10 || !strings.Contains(page,
		"500 lines more") {
		t.Error("a page has all lines of a long text")
	}
	for what, text := range map[string]string{
		"a body":      "p=x&y=" + strings.Repeat("x", bodySize),
		"a selection": strings.TrimPrefix(strings.Repeat("&p=long.txt", chosenMost+1), "&"),
	} {
		if a := s.do(http.MethodPost, s.Archive("zip", "20261120-100000", ""), form(text)); a.Code != http.StatusBadRequest {
			t.Errorf("%s without an end: %d", what, a.Code)
		}
	}
	server := s.server(t.Context())
	if server.ReadHeaderTimeout != 5*time.Second || server.ReadTimeout != 30*time.Second ||
		server.IdleTimeout != 2*time.Minute ||
		server.MaxHeaderBytes != 16<<10 {
		t.Errorf("%+v", server)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	p.Do(err)
	go server.Serve(l)
	defer server.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	p.Do(err)
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nX: %s\r\n\r\n", s.Home(), strings.Repeat("x", 30<<10))
	line, err := bufio.NewReader(c).ReadString('\n')
	if !strings.Contains(line, " 431 ") {
		t.Errorf("large headers: %q, %v", line, err)
	}
}

// TestFewHeavyQuestionsAtATime: the third waits, and light ones do not.
func TestFewHeavyQuestionsAtATime(t *testing.T) {
	s := show(t, diary(t))
	begun, goOn := make(chan int, 10), make(chan bool)
	heavy := &route{method: http.MethodGet, name: "heavy", heavy: true, serve: func(q *question) error {
		begun <- 1
		<-goOn
		return nil
	}}
	ask := func(ctx context.Context) {
		s.answer(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx), heavy, "")
	}
	var wg sync.WaitGroup
	for range heavyMost {
		wg.Go(func() { ask(t.Context()) })
		<-begun
	}
	gone, leave := context.WithCancel(t.Context())
	left := make(chan bool)
	go func() { ask(gone); left <- true }()
	s.get(t, s.Home()) // is light
	leave()
	<-left // who waits and goes is gone, without having asked
	wg.Go(func() { ask(t.Context()) })
	goOn <- true
	<-begun
	close(goOn)
	wg.Wait()
	if len(begun) != 0 {
		t.Error("one that had gone was asked")
	}
}

// TestLongAnswersGoOn: no limit of time that is for requests ends an answer.
func TestLongAnswersGoOn(t *testing.T) {
	s := show(t, diary(t))
	const comesIn = 50 * time.Millisecond
	slow := route{method: http.MethodGet, name: "slow", serve: func(q *question) error {
		select {
		case <-q.ctx.Done():
		case <-time.After(4 * comesIn):
			io.WriteString(q.w, "whole")
		}
		return nil
	}}
	s.guard.routes = append(s.guard.routes, slow)
	server := s.server(t.Context())
	server.ReadTimeout = comesIn
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	s.Do(err)
	go server.Serve(l)
	defer server.Close()
	r, err := http.NewRequest(http.MethodGet, "http://"+l.Addr().String()+s.base+"/slow", nil)
	s.Do(err)
	r.AddCookie(s.cookie)
	a, err := http.DefaultClient.Do(r)
	s.Do(err)
	defer a.Body.Close()
	if b, err := io.ReadAll(a.Body); err != nil || string(b) != "whole" {
		t.Errorf("%q %v", b, err)
	}
}

// TestQuestionEndsWithItsReader: when the connection is gone the work ends, and the index is free.
func TestQuestionEndsWithItsReader(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("big.bin", big())
	for i := range 200 {
		p.Write(fmt.Sprintf("many/f%03d", i), strings.Repeat("x", 20_000))
	}
	snapshot(p, "20261120-100000")
	s := show(t, p)
	for _, at := range []string{s.Archive("tar", "20261120-100000", ""), s.Raw("20261120-100000", "big.bin"), s.Find("q",
		"*"), s.base + "/api/find?q=*", s.Home()} {
		ctx, cancel := context.WithCancel(t.Context())
		w := &leaving{ResponseRecorder: httptest.NewRecorder(), leave: cancel}
		r := httptest.NewRequest(http.MethodGet, at, nil).WithContext(ctx)
		r.Host = "127.0.0.1"
		r.AddCookie(s.cookie)
		func() {
			defer func() {
				if p := recover(); p != nil && p != any(http.ErrAbortHandler) {
					panic(p)
				}
			}()
			s.ServeHTTP(w, r)
		}()
		if w.after > 1<<20 {
			t.Errorf("%s: %d bytes for nobody", at, w.after)
		}
		cancel()
	}
	snapshot(p, "20261121-100000") // nothing holds the index, or this would wait
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, at := range []string{s.Find("q", "*"), s.Home(), s.File("big.bin")} {
		a := s.do(http.MethodGet, at, func(r *http.Request) { *r = *r.WithContext(gone) })
		if a.Body.Len() > 0 {
			t.Errorf("%s: an answer for nobody: %d bytes", at, a.Body.Len())
		}
	}
}

// leaving is a reader that goes after the first bytes.
type leaving struct {
	*httptest.ResponseRecorder
	leave func()
	after int
}

var errGone = errors.New("gone")

func (l *leaving) Write(b []byte) (int, error) {
	if l.after > 0 || l.Body.Len() > 0 {
		l.after += len(b)
		return 0, errGone
	}
	n, err := l.ResponseRecorder.Write(b)
	l.leave()
	return n, err
}

// TestBackupGoesOnBesideSlowReaders: a download that nobody takes holds nothing that a backup needs.
func TestBackupGoesOnBesideSlowReaders(t *testing.T) {
	p := backuptest.NewPlace(t)
	for i := range 100 {
		p.Write(fmt.Sprintf("many/f%03d", i), strings.Repeat(fmt.Sprint(i), 30_000))
	}
	snapshot(p, "20261120-100000")
	o := optionsFor(t, p)
	link, end := listening(t, o)
	u, err := url.Parse(link)
	p.Do(err)
	a, err := http.Get(link)
	p.Do(err)
	a.Body.Close()
	base, _, _ := strings.Cut(u.Path, "/in/")
	for _, at := range []string{"/tar/20261120-100000/", "/raw/20261120-100000/many/f001", "/api/ls?path=many"} {
		c, err := net.Dial("tcp", u.Host)
		p.Do(err)
		defer c.Close()
		fmt.Fprintf(c, "GET %s%s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\n\r\n", base, at, u.Host, a.Cookies()[0])
		line, err := bufio.NewReaderSize(c, 16).ReadString('\n') // and then reads no more
		if err != nil && !errors.Is(err, io.EOF) || !strings.Contains(line, " 200 ") {
			t.Fatalf("%s: %q %v", at, line, err)
		}
	}
	p.Write("new.txt", "new")
	snapshot(p, "20261121-100000")
	if err := end(); err != nil {
		t.Error(err)
	}
}

// TestEndsWhenNobodyLooks: after its time, and not while somebody asks.
func TestEndsWhenNobodyLooks(t *testing.T) {
	o := optionsFor(t, diary(t))
	o.Idle = time.Millisecond
	o.Start = func(string) {}
	if err := Serve(t.Context(), o); err != nil {
		t.Error(err)
	}
}
