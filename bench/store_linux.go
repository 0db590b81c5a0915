package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	bucket                = "bucket"
	accessKey, secretKey  = "AKIAEXAMPLE", "secret-of-the-benchmark"
	resticWant, gatewayIs = "v0.19.1", "1.8.0" // the latter is what .ci/engines/build.sh builds
)

// store is an S3 server on loopback, which keeps its objects in a folder and says of each request in a log what it was.
type store struct {
	addr, folder, log string
	cmd               *exec.Cmd
}

// startStore starts versitygw: it is what the tests use, and the same for all that are measured.
func (l *lab) startStore() (*store, error) {
	said, err := exec.CommandContext(l.ctx, ".ci/engines/build.sh").Output()
	engines, ok := strings.CutPrefix(strings.TrimSpace(string(said)), "SNAP_ENGINES=")
	if err != nil || !ok {
		return nil, fmt.Errorf(".ci/engines/build.sh: %w %q; it is run from the top folder", err, said)
	}
	s := &store{folder: filepath.Join(l.dir, "store"), log: filepath.Join(l.dir, "requests")}
	if err := os.MkdirAll(filepath.Join(s.folder, bucket), 0o755); err != nil {
		return nil, err
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = free.Addr().String()
	free.Close()
	s.cmd = exec.Command(filepath.Join(engines, "versitygw"), "--quiet", "--keep-alive", "--port", s.addr,
		"--access", accessKey, "--secret", secretKey, "--access-log", s.log, "posix", s.folder)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for range 100 {
		conn, err := net.Dial("tcp", s.addr)
		if err == nil {
			return s, conn.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("versitygw does not listen at %s", s.addr), s.stop())
}

// stop ends the server.
func (s *store) stop() error {
	err := s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was killed
	return err
}

// url is that of a prefix in the bucket.
func (s *store) url(prefix string) string { return "http://" + s.addr + "/" + bucket + "/" + prefix }

func (s *store) env() []string {
	return []string{"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey,
		"RCLONE_S3_PROVIDER=Other", "RCLONE_S3_ENV_AUTH=true", "RCLONE_S3_ENDPOINT=http://" + s.addr}
}

// remove removes what lies below a prefix.
func (s *store) remove(prefix string) error {
	return os.RemoveAll(filepath.Join(s.folder, bucket, prefix))
}

// holds is how many bytes lie below a prefix.
func (s *store) holds(prefix string) (size int64, err error) {
	err = filepath.WalkDir(filepath.Join(s.folder, bucket, prefix), func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		fi, err := d.Info()
		if err == nil {
			size += fi.Size()
		}
		return err
	})
	return size, err
}

// requests are what the store was asked, by what it costs.
type requests struct {
	put, list, get, other int
}

func (r requests) all() int { return r.put + r.list + r.get + r.other }

// asked takes from the log what was asked since the last time.
func (s *store) asked() (r requests, err error) {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return r, err
	}
	for line := range bytes.Lines(text) {
		switch {
		case bytes.Contains(line, []byte(" s3_PutObject ")):
			r.put++
		case bytes.Contains(line, []byte(" s3_List")):
			r.list++
		case bytes.Contains(line, []byte(" s3_GetObject ")), bytes.Contains(line, []byte(" s3_HeadObject ")):
			r.get++
		default:
			r.other++
		}
	}
	return r, os.Truncate(s.log, 0)
}
