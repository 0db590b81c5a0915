package store

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"encoding/pem"

	"snap/internal/hint"
	"snap/remote/store/storetest"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestURLs(t *testing.T) {
	for _, c := range []struct {
		url  string
		want s3Place
	}{
		{"s3://b", s3Place{"", "", "b", ""}},
		{"s3://b/", s3Place{"", "", "b", ""}},
		{"s3://b/p/q/", s3Place{"", "", "b", "p/q/"}},
		{"s3:https://h/b", s3Place{"https", "h", "b", ""}},
		{"s3:https://h:9000/b/a%20folder", s3Place{"https", "h:9000", "b", "a folder/"}},
		{"s3:http://127.0.0.1:9000/b", s3Place{"http", "127.0.0.1:9000", "b", ""}},
		{"s3:http://[::1]:9000/b", s3Place{"http", "[::1]:9000", "b", ""}},
		{"s3:http://localhost/b/p", s3Place{"http", "localhost", "b", "p/"}},
	} {
		if p, err := parseS3(c.url); err != nil || p != c.want {
			t.Errorf("%s: %+v, %v", c.url, p, err)
		}
	}
}

// TestBadURLs: each is refused with what would be right, and no secret in it is repeated.
func TestBadURLs(t *testing.T) {
	for _, url := range []string{"s3:", "s3://", "s3:///p", "s3:b/p", "s3:https://h", "s3:https://h/", "s3:https:///b",
		"s3:http://example.org/b", "s3:http://10.0.0.1/b", "s3:http://127.0.0.1.example.org/b", "s3://b?x=y", "s3://b/#x",
		"s3://b/a//c", "s3://b/../c", "s3:https://KEY:hushhush@h/b", "s3://KEY:hushhush@b/p", "s3:KEY:hushhush@b",
		"s3:https://h/b/%zz", "vault:", "vault:relative/folder", "rclone:", "rclone:--config=x:", "/folder", "ssh://h/p",
		"b2", "https://KEY:hushhush@h/b"} {
		_, err := Open(t.Context(), url, Options{Rclone: "/bin/true"})
		if err == nil || !hint.IsUsage(err) || strings.Contains(err.Error(), "hushhush") {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if len(hint.Lines(err, func(s string) string { return s })) == 0 {
			t.Errorf("%s: %v: nothing to do about it", url, err)
		}
	}
	for _, url := range []string{"s3://b", "s3:https://h/b", "vault:/f", "rclone:r:p"} {
		if !IsURL(url) {
			t.Error(url)
		}
	}
	for _, text := range []string{"", "b2", "/s3:", "s3", "folder/vault:"} {
		if IsURL(text) {
			t.Error(text)
		}
	}
}

func TestWithoutRclone(t *testing.T) {
	_, err := Open(t.Context(), "rclone:r:p", Options{Rclone: "no-such-program"})
	lines := strings.Join(hint.Lines(err, func(s string) string { return s }), "\n")
	if !errors.As(err, new(*ReachError)) || !strings.Contains(lines, "apt install rclone") {
		t.Error(err, lines)
	}
}

// TestCertificates: a store's own certificate is refused at once, and taken when it is named.
func TestCertificates(t *testing.T) {
	small := storetest.NewSmall(t)
	server := httptest.NewTLSServer(small)
	defer server.Close()
	url := "s3:" + server.URL + "/" + storetest.Bucket + "/p"
	o := Options{Env: small.Env, Region: "r", clock: timeless()}
	err := mustOpen(t, url, o).Put(t.Context(), "head/1", nil, PutOptions{})
	var reach *ReachError
	if !errors.As(err, &reach) || reach.Tries > 1 {
		t.Error(err)
	}
	o.CACert = filepath.Join(t.TempDir(), "ca.pem")
	write(t, o.CACert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	if err := mustOpen(t, url, o).Put(t.Context(), "head/1", nil, PutOptions{}); err != nil {
		t.Error(err)
	}
	write(t, o.CACert, "no certificate")
	if _, err := Open(t.Context(), url, o); err == nil {
		t.Error("no certificate is one")
	}
	plain := "s3:https://" + strings.TrimPrefix(small.URL, "http://") + "/" + storetest.Bucket
	err = mustOpen(t, plain, Options{Env: small.Env, Region: "r", clock: timeless()}).Delete(t.Context(), "a")
	if !errors.As(err, &reach) || reach.Tries > 1 {
		t.Error(err)
	}
}

// TestLeftovers of killed Puts are seen by nobody and go when they are old.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	old, young := filepath.Join(dir, unfinished+"OLD"), filepath.Join(dir, unfinished+"YOUNG")
	write(t, old, "half an obj")
	write(t, young, "half")
	long := time.Now().Add(-abandoned - time.Hour)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, "vault:"+dir, Options{})
	for o := range s.List(t.Context(), "", "") {
		t.Error(o)
	}
	if _, err := os.Lstat(old); err == nil {
		t.Error("it is still there")
	}
	if _, err := os.Lstat(young); err != nil {
		t.Error("somebody may be writing it")
	}
	if err := s.Put(t.Context(), "head/1", []byte("1"), PutOptions{}); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, unfinished+"*")); len(left) != 1 || err != nil {
		t.Error(left, err)
	}
}

// TestLargeObjects: what is too large to be read at once is not, and its parts are.
func TestLargeObjects(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, "vault:"+dir, Options{})
	write(t, dir+"/large", "begin")
	if err := os.Truncate(dir+"/large", maxWhole+1); err != nil {
		t.Fatal(err)
	}
	if body, err := s.Get(t.Context(), "large", 0, -1); !errors.Is(err, ErrLarge) {
		t.Error(len(body), err)
	}
	if body, err := s.Get(t.Context(), "large", 1, 4); string(body) != "egin" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	if body, err := s.Get(t.Context(), "large", maxWhole-1, -1); len(body) != 2 || err != nil {
		t.Errorf("%q, %v", body, err)
	}
}

func TestFoldersThatAreNotThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "disk", "vault")
	_, err := Open(t.Context(), "vault:"+dir, Options{})
	var reach *ReachError
	if !errors.As(err, &reach) || reach.Kind != NoPlace {
		t.Error(err)
	}
	if _, err := Open(t.Context(), "vault:"+dir, Options{Create: true}); !errors.As(err, &reach) || reach.Kind != NoPlace {
		t.Error("the parent is made too:", err)
	}
	dir = filepath.Dir(dir)
	s := mustOpen(t, "vault:"+dir, Options{Create: true, clock: timeless()})
	if err := s.Put(t.Context(), "head/1", []byte("1"), PutOptions{}); err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(dir); err != nil { // the disk is pulled
		t.Fatal(err)
	}
	for _, err := range []error{s.Put(t.Context(), "head/2", nil, PutOptions{}), s.Delete(t.Context(), "head/1")} {
		if !errors.As(err, &reach) || reach.Kind != NoPlace {
			t.Error(err)
		}
	}
	for _, err := range s.List(t.Context(), "", "") {
		if !errors.As(err, &reach) || reach.Kind != NoPlace {
			t.Error(err)
		}
	}
}
