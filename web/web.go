// Package web shows a destination as pages: for people who would rather look than type.
//
// [Serve] listens on this machine alone, opens the browser, and answers until nobody has asked for long. Every request
// passes the guard (guard.go), then a route (routes.go). A route opens the destination for one question, asks package
// query, and closes it: between requests nothing is held, so that no reader keeps a backup out. It writes a page from a
// template, JSON as the commands print it, or the bytes of a file.
//
// Invariants:
//
//   - Nobody reads a byte without having signed in, whatever site, user or name the request comes from.
//   - A page holds names only through html/template and package quote. Nothing from a backup runs: see raw.go.
//   - Only POST changes anything.
//   - Every address is made and parsed in href.go.
//
// It stands on query and on what cli prints with (cli/text, cli/wire, cli/status), never on cli.
package web

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"snap/cli/wire"
	"snap/job"
	"snap/query"
)

// Options are what is shown, to whom.
type Options struct {
	Dir     string    // the destination, absolute
	Place   job.Place // where jobs work: Dir, with the settings and the environment of this user
	Key     Key       // of this user: see ReadKey
	Folders Folders
	Cache   string // a folder of this user for answers that take long; "": they are kept in memory

	Now   func() time.Time // its location is the zone that times are shown in
	Trust []string         // see query.Options
	// Judge is what the destination is judged by, and its rules as its settings have them; nil for nothing.
	Judge func(d *query.Reader) (o query.StatusOptions, rules []string)
	// Explain says whether a path of the source is backed up, and why; nil: that is not asked.
	Explain func(d *query.Reader, path string) (wire.Explained, error)

	Open  func(page string) error // opens a browser on a file; nil: none
	Start func(link string)       // is told the link that signs in, when the server listens
	Root  bool                    // this process may read everything
	Build wire.Build              // this program
	Units string                  // of sizes: see text.Style

	ReadOnly    bool // no POST at all
	AllowDelete bool // snapshots can be deleted; not with ReadOnly

	Idle   time.Duration // ends when nobody has asked for so long; 0: 12 hours
	Port   int           // 0: 7627, or the next that is free
	Listen string        // an address of this machine that others reach; "": this machine alone
	Hosts  []string      // names and addresses, besides those of this machine, that it answers to
	TLS    *tls.Config   // needed with Listen
}

const (
	defaultIdle = 12 * time.Hour

	headerTime = 5 * time.Second
	bodyTime   = 30 * time.Second
	quietTime  = 2 * time.Minute // of a connection between requests
	headerSize = 16 << 10
	bodySize   = 1 << 20
	heavyMost  = 2 // questions that take long, at a time
)

// Serve answers until ctx ends, or nobody has asked for long.
func Serve(ctx context.Context, o Options) error {
	listeners, err := listen(&o)
	if err != nil {
		return err
	}
	port := listeners[0].Addr().(*net.TCPAddr).Port
	s, err := newSite(o, port)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	end, err := o.Folders.announce(port, running{s.origin(), []byte(o.Dir), s.guard.run})
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	defer end()
	return s.serve(ctx, listeners)
}

// serve answers on the listeners.
func (s *site) serve(ctx context.Context, listeners []net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := s.server(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer s.endJobs()
	defer server.Close() // however this ends
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		if s.o.TLS != nil {
			l = tls.NewListener(l, s.o.TLS)
		}
		wg.Go(func() { failed <- server.Serve(l) })
	}
	if err := s.begin(); err != nil {
		return errors.Join(err, server.Close())
	}
	defer s.forgetPage()
	idle := s.o.Idle
	if idle == 0 {
		idle = defaultIdle
	}
	for {
		left := idle - time.Since(time.Unix(0, s.asked.Load()))
		if left <= 0 && s.atWork() {
			s.touch()
			continue
		}
		if left <= 0 {
			return server.Close()
		}
		select {
		case err := <-failed:
			return errors.Join(err, server.Close())
		case <-time.After(left):
		case <-ctx.Done():
			cancel() // and with it the questions
			soon, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer stop()
			if err := server.Shutdown(soon); !errors.Is(err, context.DeadlineExceeded) { // else somebody reads slowly
				return err
			}
			return server.Close()
		}
	}
}

// atWork reports whether a job is.
func (s *site) atWork() bool {
	j := s.jobs.Present()
	return j != nil && j.State().End == nil
}

// endJobs ends what is at work, as an interrupt ends a command: nothing is left half done.
func (s *site) endJobs() {
	if j := s.jobs.Present(); j != nil {
		j.Cancel()
		<-j.Done()
	}
}

// server is the HTTP server with its limits. It logs nothing: a log would hold names.
func (s *site) server(ctx context.Context) *http.Server {
	return &http.Server{
		Handler: s, ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, IdleTimeout: quietTime,
		MaxHeaderBytes: headerSize, BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

// begin tells the link, and opens the browser on a page that leads to one.
func (s *site) begin() error {
	if s.o.Start != nil {
		s.o.Start(s.link())
	}
	if s.o.Open == nil {
		return nil
	}
	page, remove, err := s.o.Folders.leadingTo(s.link())
	if err != nil {
		return err
	}
	s.leading.Store(&remove)
	time.AfterFunc(codeLife, s.forgetPage)
	return s.o.Open(page)
}

// forgetPage removes the page that the browser was opened on.
func (s *site) forgetPage() {
	if remove := s.leading.Swap(nil); remove != nil {
		(*remove)()
	}
}

// origin is where the server is.
func (s *site) origin() string {
	scheme := "http://"
	if s.o.TLS != nil {
		scheme = "https://"
	}
	host := "127.0.0.1"
	if s.o.Listen != "" && len(s.o.Hosts) > 0 {
		host = s.o.Hosts[0]
	}
	return scheme + net.JoinHostPort(strings.Trim(host, "[]"), portText(s.guard.port))
}

// link signs in, once.
func (s *site) link() string { return s.origin() + s.SignIn(s.guard.code()) }

// site is one server.
type site struct {
	links
	o       Options
	guard   *guard
	kept    *query.Kept
	pages   *pages
	heavy   chan struct{}
	jobs    job.Runner
	looks   looks
	sources sourcesNow
	proven  proven

	asked   atomic.Int64           // when somebody asked last
	leading atomic.Pointer[func()] // removes the page that the browser was opened on
}

func newSite(o Options, port int) (*site, error) {
	s := &site{links: links{o.Key.base()}, o: o, kept: query.NewKept(o.Cache), heavy: make(chan struct{}, heavyMost)}
	run := make([]byte, 16)
	rand.Read(run)
	hosts := make([]string, 0, len(o.Hosts))
	for _, h := range o.Hosts {
		hosts = append(hosts, strings.ToLower(h))
	}
	s.guard = &guard{
		links: s.links, sessions: newSessions(o.Key, run, port, o.Now), hosts: hosts, secure: o.TLS != nil,
		csrf: http.NewCrossOriginProtection(), routes: s.routes(), signedIn: s.forgetPage, answer: s.answer,
		refuse: s.refuse, stale: func() bool {
			now, err := readKeyAgain(o.Folders)
			return err != nil || now != o.Key
		},
	}
	s.jobs.Now = o.Now
	var err error
	s.pages, err = newPages(s)
	s.touch()
	return s, err
}

// touch notes that somebody asks.
func (s *site) touch() { s.asked.Store(time.Now().UnixNano()) }

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodySize)
	s.guard.ServeHTTP(w, r)
}
