package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Key is the secret of one user on one machine. All else is made from it by HMAC-SHA-256, each for one purpose.
type Key [32]byte

func (k Key) mac(purpose string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, k[:])
	var n [8]byte
	for _, p := range append([][]byte{[]byte(purpose)}, parts...) {
		binary.BigEndian.PutUint64(n[:], uint64(len(p))) // no two lists of parts are the same bytes
		h.Write(n[:])
		h.Write(p)
	}
	return h.Sum(nil)
}

// base is where all addresses of this user begin. It stays, so that bookmarks do, and nobody else knows it: cookies
// know no ports, and the browser would send ours to any server on this machine that is asked for a path below it.
func (k Key) base() string {
	word := base32.StdEncoding.EncodeToString(k.mac("base"))
	return "/" + strings.ToLower(word[:12])
}

// Codes and cookies are "when it ends, a number that is used once, the HMAC of both".
const (
	codeLife    = 10 * time.Minute
	sessionLife = 7 * 24 * time.Hour
	sealedSize  = 8 + 16 + sha256.Size
)

// errBadCode says that nobody can sign in so.
var errBadCode = errors.New("this link has been used, or is too old")

// seal makes a text that only this key can have made. run is the one server that it is for.
func (k Key) seal(purpose string, run []byte, ends time.Time) string {
	b := make([]byte, 24, sealedSize)
	binary.BigEndian.PutUint64(b, uint64(ends.Unix()))
	rand.Read(b[8:]) // never fails
	return base64.RawURLEncoding.EncodeToString(append(b, k.mac(purpose, run, b)...))
}

// unseal is the number in a text that seal made for this purpose and this server and that has not ended yet.
func (k Key) unseal(purpose string, run []byte, text string, now time.Time) (number string, ends time.Time, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != sealedSize {
		return "", ends, false
	}
	if subtle.ConstantTimeCompare(b[24:], k.mac(purpose, run, b[:24])) != 1 {
		return "", ends, false
	}
	ends = time.Unix(int64(binary.BigEndian.Uint64(b)), 0)
	return string(b[8:24]), ends, now.Before(ends)
}

// sessions are who may ask one server. Neither a code nor a cookie of another run of it is one: what somebody was sent
// who took its port in the meantime is worth nothing.
type sessions struct {
	key  Key
	run  []byte // the random name of this run
	port int
	now  func() time.Time

	mu   sync.Mutex
	used map[string]time.Time // codes, until they would have ended
}

func newSessions(key Key, run []byte, port int, now func() time.Time) *sessions {
	return &sessions{key: key, run: run, port: port, now: now, used: map[string]time.Time{}}
}

// code is a new code for one use.
func (s *sessions) code() string { return s.key.seal("code", s.run, s.now().Add(codeLife)) }

// use takes a code and gives the cookie of a new session.
func (s *sessions) use(code string, secure bool) (*http.Cookie, error) {
	now := s.now()
	number, ends, ok := s.key.unseal("code", s.run, code, now)
	if !ok {
		return nil, errBadCode
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, ended := range s.used {
		if !now.Before(ended) {
			delete(s.used, n)
		}
	}
	if _, used := s.used[number]; used {
		return nil, errBadCode
	}
	s.used[number] = ends
	return &http.Cookie{
		Name: s.cookieName(), Value: s.key.seal("session", s.run, now.Add(sessionLife)), Path: s.key.base() + "/",
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	}, nil
}

// cookieName tells the servers of one user apart, which share the cookies of one host.
func (s *sessions) cookieName() string { return "snap" + strconv.Itoa(s.port) }

// holds reports whether a request comes from somebody who has signed in.
func (s *sessions) holds(r *http.Request) bool {
	for _, c := range r.CookiesNamed(s.cookieName()) {
		if _, _, ok := s.key.unseal("session", s.run, c.Value, s.now()); ok {
			return true
		}
	}
	return false
}
