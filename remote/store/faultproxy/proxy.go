// Package faultproxy stands between a program and an S3 store and does at a chosen request what networks and stores do
// on bad days. Its one idea is the number of the request: a sweep breaks the first, the second, … until a run meets no
// fault any more. It logs all requests, so that what was done can be replayed. Only tests import it.
package faultproxy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// slowly is how late an answer comes that is Slow.
const slowly = 50 * time.Millisecond

// Proxy is one in front of one store.
type Proxy struct {
	to     *url.URL
	server *http.Server
	out    *http.Transport
	addr   string

	// Unconditional makes it one of the stores that do not know If-None-Match. It is set before the first request.
	Unconditional bool

	mu    sync.Mutex
	plan  Plan
	count int // since Break
	log   []Request
	put   map[string]bool // paths, for OldListing
}

// New listens on loopback for the store at this URL.
func New(to string) (*Proxy, error) {
	u, err := url.Parse(to)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{to: u, out: &http.Transport{DisableCompression: true}, addr: l.Addr().String(),
		put: map[string]bool{}}
	p.server = &http.Server{Handler: p}
	go p.server.Serve(l)
	return p, nil
}

// URL is where it listens.
func (p *Proxy) URL() string { return "http://" + p.addr }

// Close ends all connections.
func (p *Proxy) Close() error {
	p.out.CloseIdleConnections()
	return p.server.Close()
}

// Break makes a plan for the requests from now on.
func (p *Proxy) Break(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.count = plan, 0
}

// Count is the number of requests since Break.
func (p *Proxy) Count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Log is all requests, in the order in which they came.
func (p *Proxy) Log() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Request(nil), p.log...)
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	number, fault, plan := p.begin(r)
	if fault != None && fault != CutAfter && fault != WaitAfter {
		plan.met()
	}
	if fault == Refuse {
		cut(w)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		cut(w)
	}
	switch fault {
	case CutBefore:
		cut(w)
	case Error500:
		say(w, http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
		return
	case SlowDown:
		say(w, http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
		return
	case Forbidden:
		say(w, http.StatusForbidden, "AccessDenied", "Access Denied")
		return
	case Wait:
		<-r.Context().Done()
		cut(w)
	case Slow:
		<-time.After(slowly)
	}
	if p.Unconditional && r.Header.Get("If-None-Match") != "" {
		p.note(number, r, http.StatusNotImplemented)
		say(w, http.StatusNotImplemented, "NotImplemented",
			"A header you provided implies functionality that is not implemented")
		return
	}
	resp, answer, err := p.forward(r, body)
	if err != nil {
		cut(w)
	}
	p.note(number, r, resp.StatusCode)
	switch {
	case fault == CutAfter:
		plan.met()
		cut(w)
	case fault == WaitAfter:
		plan.met()
		<-r.Context().Done()
		cut(w)
	case fault == WrongByte && r.Method == http.MethodGet && len(answer) > 0:
		answer[min(int(plan.Byte), len(answer)-1)] ^= 1
	case fault == OldListing && isListing(r):
		answer = p.without(answer)
		resp.Header.Set("Content-Length", fmt.Sprint(len(answer)))
	}
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(resp.StatusCode)
	if fault == CutBody {
		w.Write(answer[:min(int(plan.Byte), max(len(answer)-1, 0))])
		http.NewResponseController(w).Flush()
		cut(w)
	}
	w.Write(answer)
}

// begin counts and logs a request, and finds what it meets.
func (p *Proxy) begin(r *http.Request) (number int, fault Fault, plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if p.plan.meets(p.count) {
		fault = p.plan.Fault
	}
	p.log = append(p.log, Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Fault: fault})
	return len(p.log) - 1, fault, p.plan
}

// cut ends the connection without a word more.
func cut(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
		conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// say is an error as S3 has it.
func say(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>",
		code, message)
}

// forward asks the store, with the Host that the client signed. It is asked to the end, whatever the client does.
func (p *Proxy) forward(r *http.Request, body []byte) (*http.Response, []byte, error) {
	out := r.Clone(context.WithoutCancel(r.Context()))
	out.URL.Scheme, out.URL.Host, out.RequestURI = p.to.Scheme, p.to.Host, ""
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if len(body) == 0 {
		out.Body = http.NoBody
	}
	resp, err := p.out.RoundTrip(out)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp, answer, err
}

func (p *Proxy) note(number int, r *http.Request, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log[number].Status = status
	if r.Method == http.MethodPut && status < 300 {
		p.put[r.URL.Path] = true
	}
}

func isListing(r *http.Request) bool {
	q := r.URL.Query()
	return r.Method == http.MethodGet && (q.Has("list-type") || q.Has("prefix"))
}

var (
	contents = regexp.MustCompile(`(?s)<Contents>.*?</Contents>`)
	key      = regexp.MustCompile(`(?s)<Key>(.*?)</Key>`)
)

// without is a listing without what was put.
func (p *Proxy) without(listing []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return contents.ReplaceAllFunc(listing, func(entry []byte) []byte {
		name, err := url.QueryUnescape(string(key.FindSubmatch(entry)[1]))
		for path := range p.put {
			if err == nil && strings.HasSuffix(path, "/"+name) {
				return nil
			}
		}
		return entry
	})
}
