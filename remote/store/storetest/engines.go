// Package storetest leads tests to real stores: programs that .ci/engines/build.sh builds, started on loopback and
// ended with the test. Where $SNAP_ENGINES does not name the folder they are in, these tests skip. Only tests import
// it.
package storetest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Bucket is the one that every server here has.
const Bucket = "bucket"

// Server is a store that runs.
type Server struct {
	URL     string   // http://127.0.0.1:PORT
	Env     []string // with credentials
	Folder  string   // where it keeps its objects
	Program string
}

// Place is the URL that remote/store takes for a prefix in the bucket.
func (s *Server) Place(prefix string) string { return s.At(s.URL, prefix) }

// At is Place through a proxy at another URL.
func (s *Server) At(url, prefix string) string { return "s3:" + url + "/" + Bucket + "/" + prefix }

// Engine is the path of one of the programs.
func Engine(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("SNAP_ENGINES")
	if dir == "" {
		t.Skip("needs a real store: export $(.ci/engines/build.sh)")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("SNAP_ENGINES: %v", err)
	}
	return path
}

// Versitygw is a server that has If-None-Match, checksums, versions and object lock; the latter two in a bucket made
// with Versioned.
func Versitygw(t testing.TB) *Server {
	t.Helper()
	s := &Server{Program: Engine(t, "versitygw"), Folder: t.TempDir(), Env: keys}
	versions := t.TempDir()
	mkdir(t, filepath.Join(s.Folder, Bucket))
	addr := freeAddress(t)
	s.URL = "http://" + addr
	s.start(t, addr, "--quiet", "--port", addr, "--access", accessKey, "--secret", secretKey,
		"posix", "--versioning-dir", versions, s.Folder)
	return s
}

// Versioned makes the bucket anew, with versions and, if asked, object lock.
func (s *Server) Versioned(t testing.TB, lock bool) {
	t.Helper()
	client, err := minio.New(strings.TrimPrefix(s.URL, "http://"),
		&minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: "us-east-1"})
	if err == nil {
		err = client.RemoveBucket(t.Context(), Bucket)
	}
	if err == nil {
		err = client.MakeBucket(t.Context(), Bucket, minio.MakeBucketOptions{ObjectLocking: lock})
	}
	if err == nil {
		err = client.EnableVersioning(t.Context(), Bucket)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// RcloneS3 is rclone's S3 server over a folder.
func RcloneS3(t testing.TB) *Server {
	t.Helper()
	s := &Server{Program: Engine(t, "rclone"), Folder: t.TempDir(), Env: keys}
	mkdir(t, filepath.Join(s.Folder, Bucket))
	addr := freeAddress(t)
	s.URL = "http://" + addr
	s.start(t, addr, "serve", "s3", "--config", "", "--vfs-cache-mode", "off", "--addr", addr,
		"--auth-key", accessKey+","+secretKey, s.Folder)
	return s
}

const accessKey, secretKey = "AKIAEXAMPLE", "secret-of-the-tests"

var keys = []string{"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey}

func mkdir(t testing.TB, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
}

// freeAddress is one that nobody listens at.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs the program until the test ends, and returns when it listens.
func (s *Server) start(t testing.TB, addr string, args ...string) {
	t.Helper()
	var said strings.Builder
	cmd := exec.Command(s.Program, args...)
	cmd.Env = append(os.Environ(), s.Env...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return
		}
		select {
		case <-again.C:
		case <-ended:
			t.Fatalf("%s: %s", filepath.Base(s.Program), said.String())
		case <-t.Context().Done():
			t.Fatalf("%s does not listen", filepath.Base(s.Program))
		}
	}
}
