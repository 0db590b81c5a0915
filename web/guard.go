package web

import (
	"crypto/hmac"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The guard stands before every route. In this order: the name that the server was called by, which site asks, what is
// asked, who asks. Nothing is looked up and nothing is told before all four are answered.

// route is what stands behind the first element of an address.
type route struct {
	method string // GET stands for HEAD too
	name   string // "s"; "" is the overview
	page   bool   // another site may lead to it, as a link does; it can read nothing of it
	heavy  bool   // only a few at a time
	serve  func(q *question) error
}

// guard is the server behind its checks.
type guard struct {
	links
	*sessions
	hosts    []string // names that it may be called by, besides those of this machine
	secure   bool     // over TLS
	stale    func() bool
	routes   []route
	csrf     *http.CrossOriginProtection
	signedIn func() // a code was used
	answer   func(w http.ResponseWriter, r *http.Request, to *route, rest string)
	refuse   func(w http.ResponseWriter, r *http.Request, status int)
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, ok := g.host(r.Host)
	if !ok {
		http.Error(w, "misdirected: snap web does not answer to this name", http.StatusMisdirectedRequest)
		return
	}
	if r.URL.Host != "" || r.URL.Opaque != "" { // an address as a proxy is sent
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	g.headers(w.Header(), r.Host)
	path := r.URL.EscapedPath()
	if nonce, ok := strings.CutPrefix(path, "/hello/"); ok {
		g.hello(w, r, nonce)
		return
	}
	if strings.HasPrefix(host, "[") && r.Method == http.MethodGet && !g.secure {
		// A content security policy has no word for an address of IPv6.
		http.Redirect(w, r, "http://"+strings.Replace(r.Host, host, "localhost", 1)+r.URL.RequestURI(),
			http.StatusTemporaryRedirect)
		return
	}
	if path == "/favicon.ico" { // a browser asks for it of the page that signs in, and would complain
		w.WriteHeader(http.StatusNoContent)
		return
	}
	below, inside := strings.CutPrefix(path, g.base+"/")
	if code, ok := strings.CutPrefix(below, "in/"); inside && ok {
		g.signIn(w, r, code)
		return
	}
	name, rest, _ := strings.Cut(below, "/")
	at := slices.IndexFunc(g.routes, func(to route) bool { return to.name == name && to.method == methodOf(r) })
	page := at >= 0 && g.routes[at].page
	if !g.sameSite(r, page) {
		g.refuse(w, r, http.StatusForbidden)
		return
	}
	if !inside || g.stale() || !g.holds(r) {
		g.refuse(w, r, http.StatusUnauthorized)
		return
	}
	if at < 0 {
		status := http.StatusNotFound
		if slices.ContainsFunc(g.routes, func(to route) bool { return to.name == name }) {
			status = http.StatusMethodNotAllowed
		}
		g.refuse(w, r, status)
		return
	}
	if err := g.csrf.Check(r); err != nil {
		g.refuse(w, r, http.StatusForbidden)
		return
	}
	g.answer(w, r, &g.routes[at], rest)
}

// methodOf is the method that a route has to have.
func methodOf(r *http.Request) string {
	if r.Method == http.MethodHead {
		return http.MethodGet
	}
	return r.Method
}

// host is the name in a Host header if the server answers to it, whatever port stands behind it: ssh -L brings another.
// A name that leads to this machine only because somebody's DNS says so is refused, whatever else the browser says.
func (g *guard) host(header string) (string, bool) {
	name, port, err := net.SplitHostPort(header)
	if err != nil {
		name, port = header, ""
	} else if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || strconv.FormatUint(n, 10) != port) {
		return "", false
	}
	lower := strings.ToLower(name)
	switch lower {
	case "127.0.0.1", "localhost", "[::1]":
		return lower, true
	}
	return lower, slices.Contains(g.hosts, lower)
}

// sameSite reports whether the request comes from a page of this very server, or from the user. Another site may lead
// to a page, in a window of its own, and reads nothing of it. A browser that does not say where a request comes from
// is an old one: its cookie is Strict nevertheless.
func (g *guard) sameSite(r *http.Request, page bool) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return true
	}
	return page && r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
		r.Header.Get("Sec-Fetch-Dest") == "document"
}

// headers are those of every answer. A route may only make them stricter.
func (g *guard) headers(h http.Header, host string) {
	scheme := "http://"
	if g.secure {
		scheme = "https://"
	}
	static := scheme + host + g.base + "/static/"
	h.Set("Content-Security-Policy", "default-src 'none'; script-src "+static+"; style-src "+static+
		"; img-src 'self'; media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "+
		"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types snap")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), usb=(), payment=()")
	h.Set("Cache-Control", "no-store")
}

// signIn takes a code. It answers with a page that goes on by itself: a cookie that is Strict is not sent along with a
// redirect that began at a file, and the code does not stay in the address.
func (g *guard) signIn(w http.ResponseWriter, r *http.Request, code string) {
	switch {
	case r.Method != http.MethodGet, r.Header.Get("Sec-Purpose") != "", !g.sameSite(r, true):
		// what only looks at a link must not use it up
		g.refuse(w, r, http.StatusForbidden)
		return
	case g.stale():
		g.refuse(w, r, http.StatusUnauthorized)
		return
	}
	cookie, err := g.use(code, g.secure)
	if err != nil {
		if g.holds(r) { // the link was opened twice
			writeOnward(w, g.Home())
			return
		}
		g.refuse(w, r, http.StatusUnauthorized)
		return
	}
	g.signedIn()
	http.SetCookie(w, cookie)
	writeOnward(w, g.Home())
}

// writeOnward writes a page that leads to another one of ours.
func writeOnward(w http.ResponseWriter, to string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// to has nothing but letters, digits and slashes
	_, _ = w.Write([]byte(`<!doctype html><html lang="en"><meta charset="utf-8"><title>snap</title>` +
		`<meta http-equiv="refresh" content="0; url=` + to + `"><p><a href="` + to + `">Go on to snap</a></p></html>`))
}

// hello proves to another run of this user that this is the server that says so, and tells nobody anything: before a
// link is printed again, it must be known that no other user listens at its port by now.
func (g *guard) hello(w http.ResponseWriter, r *http.Request, nonce string) {
	if r.Method != http.MethodGet || len(nonce) > 64 || r.Header.Get("Sec-Fetch-Site") != "" {
		g.refuse(w, r, http.StatusForbidden)
		return
	}
	_, _ = w.Write(g.key.mac("hello", g.run, []byte(nonce)))
}

// isHello reports whether an answer of hello is that of the server.
func isHello(key Key, run []byte, nonce string, answer []byte) bool {
	return hmac.Equal(answer, key.mac("hello", run, []byte(nonce)))
}
