package web

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Link is a new link to a server that is at work.
type Link struct {
	Dir     string // the destination that it shows
	Address string // signs in once
}

const helloTime = 2 * time.Second

// Links makes a new link to each server of this user. A server proves first that it has the key: at its port another
// user's may listen by now, and must not be told the address.
func Links(ctx context.Context, f Folders, key Key, now time.Time) (all []Link, err error) {
	servers, err := f.servers()
	for _, r := range servers {
		if !r.answers(ctx, key) {
			continue
		}
		code := key.seal("code", r.Run, now.Add(codeLife))
		all = append(all, Link{string(r.Dir), r.Address + links{key.base()}.SignIn(code)})
	}
	return all, err
}

// answers reports whether the server is there.
func (r *running) answers(ctx context.Context, key Key) bool {
	u, err := url.Parse(r.Address)
	if err != nil {
		return false
	}
	// What a certificate says does not matter here: the answer is the proof.
	client := &http.Client{Timeout: helloTime, Transport: &http.Transport{
		Proxy: nil, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	nonce := rand.Text()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, u.Scheme+"://"+u.Host+"/hello/"+nonce, nil)
	if err != nil {
		return false
	}
	answer, err := client.Do(ask)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, 64))
	return err == nil && isHello(key, r.Run, nonce, b)
}
