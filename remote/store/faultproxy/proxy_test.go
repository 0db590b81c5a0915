package faultproxy

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"snap/remote/store/storetest"
)

// TestFaults: each does what it says, to the request that was named and to no other, and is in the log.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault   Fault
		method  string
		status  int    // 0: no answer
		body    string // a part of what came
		cut     bool   // the body ends too early
		reached bool   // the store has done it
	}{
		{Refuse, "PUT", 0, "", false, false},
		{CutBefore, "PUT", 0, "", false, false},
		{CutAfter, "PUT", 0, "", false, true},
		{CutBody, "GET", 200, "01", true, true},
		{Error500, "PUT", 500, "InternalError", false, false},
		{SlowDown, "PUT", 503, "SlowDown", false, false},
		{Forbidden, "PUT", 403, "AccessDenied", false, false},
		{Wait, "PUT", 0, "", false, false},
		{WaitAfter, "PUT", 0, "", false, true},
		{Slow, "GET", 200, "0123456789", false, true},
		{WrongByte, "GET", 200, "0133456789", false, true},
		{OldListing, "LIST", 200, "<ListBucketResult>", false, true},
	} {
		small := storetest.NewSmall(t)
		var asked atomic.Int64
		small.Answer(func(*http.Request) *storetest.Answer { asked.Add(1); return nil })
		p, err := New(small.URL)
		if err != nil {
			t.Fatal(err)
		}
		url := p.URL() + "/" + storetest.Bucket
		if status, _, err := ask(t, "PUT", url+"/before"); status != 200 || err != nil {
			t.Fatal(status, err)
		}
		met := 0
		p.Break(Plan{At: 2, Fault: c.fault, Byte: 2, Met: func() { met++ }})
		if status, body, err := ask(t, "GET", url+"/before"); status != 200 || body != "0123456789" || err != nil {
			t.Errorf("%s: the first: %d %q %v", c.fault, status, body, err)
		}
		before := asked.Load()
		of := map[string]string{"PUT": "/new", "GET": "/before", "LIST": "?list-type=2"}[c.method]
		status, body, err := ask(t, c.method, url+of)
		if status != c.status || !strings.Contains(body, c.body) || (err != nil) != (c.status == 0 || c.cut) ||
			(asked.Load() > before) != c.reached {
			t.Errorf("%s: %d %q %v, asked %v", c.fault, status, body, err, asked.Load() > before)
		}
		if c.fault == OldListing && strings.Contains(body, "before") {
			t.Errorf("it is listed: %s", body)
		}
		status, body, err = ask(t, "GET", url+"?list-type=2")
		if status != 200 || !strings.Contains(body, "before") || err != nil {
			t.Errorf("%s: the third: %d %q %v", c.fault, status, body, err)
		}
		if log := p.Log(); len(log) != 4 || log[2].Fault != c.fault || log[1].Fault != None || log[3].Fault != None ||
			(log[2].Status != 0) != c.reached || p.Count() != 3 || met != 1 {
			t.Errorf("%s: %+v, %d, met %d times", c.fault, log, p.Count(), met)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// ask is one request; a LIST is a GET. An answer that does not come is waited for no longer than a second.
func ask(t *testing.T, method, url string) (status int, body string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if method == "LIST" {
		method = "GET"
	}
	var content io.Reader
	if method == "PUT" {
		content = strings.NewReader("0123456789")
	}
	r, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		t.Fatal(err)
	}
	r.GetBody = nil // or it would be sent again by itself
	transport := &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: time.Second}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// TestUnconditional: what is to be made only where nothing is, is refused; all else is as ever.
func TestUnconditional(t *testing.T) {
	p, err := New(storetest.NewSmall(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Unconditional = true
	url := p.URL() + "/" + storetest.Bucket + "/new"
	r, err := http.NewRequestWithContext(t.Context(), "PUT", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("If-None-Match", "*")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusNotImplemented {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	if status, _, err := ask(t, "GET", url); status != 404 || err != nil {
		t.Error("it was made", status, err)
	}
	if status, _, err := ask(t, "PUT", url); status != 200 || err != nil {
		t.Error(status, err)
	}
}

func TestPlans(t *testing.T) {
	for _, c := range []struct {
		plan Plan
		want string
	}{
		{Plan{}, "....."}, {Plan{At: 1}, "x...."}, {Plan{At: 3}, "..x.."}, {Plan{At: 2, Times: 2}, ".xx.."},
		{Plan{At: 2, Times: -1}, ".xxxx"}, {Plan{At: 9}, "....."},
	} {
		got := ""
		for n := 1; n <= 5; n++ {
			got += map[bool]string{true: "x", false: "."}[c.plan.meets(n)]
		}
		if got != c.want {
			t.Errorf("%+v: %s, want %s", c.plan, got, c.want)
		}
	}
	if _, err := New("://"); err == nil {
		t.Error("that is no URL")
	}
}
