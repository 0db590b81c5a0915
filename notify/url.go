package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tries is how often a URL is called until it answers, with a pause of a second, then two between.
const tries = 3

// tryLimit is how long one try may take.
const tryLimit = 10 * time.Second

// ping calls a URL as health checks want it: URL/start when a backup begins, URL when it went well, URL/fail with the
// last lines when it did not or needs a look.
func ping(ctx context.Context, address string, m *Message, how *How) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	switch m.Stage {
	case Start:
		u = u.JoinPath("start")
	case Warning, Failure:
		u = u.JoinPath("fail")
	}
	body := ""
	if m.Stage != Start {
		body = m.Subject + "\n\n" + m.Body
	}
	for try := 1; ; try++ {
		again, err := call(ctx, u, body)
		if err == nil || !again || try == tries {
			return err
		}
		if how.Sleep(ctx, time.Duration(try)*time.Second) != nil {
			return err
		}
	}
}

// call calls a URL once. again: another try may go well.
func call(ctx context.Context, u *url.URL, body string) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	q, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(body))
	if err != nil {
		return false, err
	}
	q.Header.Set("User-Agent", "snap")
	if body != "" {
		q.Header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	client := http.Client{CheckRedirect: func(q *http.Request, via []*http.Request) error {
		if len(via) > 3 || via[0].URL.Scheme == "https" && q.URL.Scheme != "https" {
			return errors.New("it leads elsewhere")
		}
		return nil
	}}
	defer client.CloseIdleConnections()
	answer, err := client.Do(q)
	var of *url.Error
	if errors.As(err, &of) { // its text has the whole URL in it
		err = of.Err
		if of.Timeout() {
			err = fmt.Errorf("no answer within %s", tryLimit)
		}
	}
	if err != nil {
		return true, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return answer.StatusCode/100 == 5 ||
				answer.StatusCode == http.StatusTooManyRequests, fmt.Errorf(
				"it answers %s",
				answer.Status,
			)
	}
	return false, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
