package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"snap/internal/hint"
)

// rclone is a Store in anything that the program rclone speaks. Objects go through `rclone serve restic --stdio`, one
// process for all of them; a listing is `rclone lsjson`, for the server's own one leaves out folders and times. There
// is no condition and no checksum: Puts replace. Whether a Put that is killed leaves half an object depends on what is
// behind rclone; buckets and drives do not, a folder or SFTP may, so that whoever resumes compares sizes.
type rclone struct {
	program string
	remote  string // REMOTE:PATH as rclone has it
	env     []string
	pipe    *pipe
	client  *http.Client
	closing func()
	whole   atomic.Bool // a range was asked for and all came
}

func openRclone(remote string, o Options) (*rclone, error) {
	if remote == "" || strings.HasPrefix(remote, "-") {
		return nil, hint.With(hint.Usagef("not a remote of rclone: %q", remote),
			"rclone:REMOTE:PATH; rclone listremotes has those that are there")
	}
	program := firstOf(o.Rclone, "rclone")
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, hint.With(&ReachError{Kind: Unreachable, Said: err.Error(), Err: err},
			"install rclone: apt install rclone, dnf install rclone, brew install rclone, or https://rclone.org/install/\n"+
				"then: rclone config")
	}
	r := &rclone{program: path, remote: strings.TrimSuffix(remote, "/"), env: o.Env}
	r.pipe = &pipe{start: func() *exec.Cmd {
		return r.command("serve", "restic", "--stdio", "--cache-objects=false", "--ask-password=false",
			"--low-level-retries=1", r.remote)
	}}
	r.client, r.closing = r.pipe.client()
	return r, nil
}

func (r *rclone) command(args ...string) *exec.Cmd {
	c := exec.Command(r.program, args...)
	c.Env = r.env
	return c
}

// do sends a request; the answer to one that is not 2xx is an error.
func (r *rclone) do(ctx context.Context, method, name string, body io.Reader, size int64, byteRange string) (
	*http.Response, error) {
	u := url.URL{Scheme: "http", Host: "rclone", Path: "/" + name}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	if req.ContentLength = size; byteRange != "" {
		req.Header.Set("Range", byteRange)
	}
	resp, err := r.client.Do(req)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, r.judge(err, 0)
	case resp.StatusCode < 300:
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, r.judge(errors.New(resp.Status), resp.StatusCode)
}

func (r *rclone) put(ctx context.Context, f flow, name string, body []byte, _ putting) error {
	resp, err := r.do(ctx, http.MethodPost, name, f.sender(ctx, body), int64(len(body)), "")
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (r *rclone) get(ctx context.Context, f flow, name, _ string, off, n int64) ([]byte, error) {
	wanted := ""
	switch {
	case n == 0:
		return r.getNothing(ctx, name, off)
	case n > 0:
		wanted = fmt.Sprintf("bytes=%d-%d", off, off+n-1)
	case off > 0:
		wanted = fmt.Sprintf("bytes=%d-", off)
	}
	resp, err := r.do(ctx, http.MethodGet, name, nil, 0, wanted)
	if n < 0 && errors.Is(err, ErrShort) {
		return r.getNothing(ctx, name, off)
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	there := resp.ContentLength
	if resp.StatusCode == http.StatusOK && off > 0 {
		r.whole.Store(true)
		if err := f.skip(ctx, resp.Body, off); err != nil {
			return nil, r.judge(err, 0)
		}
		there -= off
	}
	body, err := receiveWhole(ctx, f, name, resp.Body, there, n)
	if err != nil && !isOurs(err) && ctx.Err() == nil {
		err = r.judge(err, 0)
	}
	return body, err
}

// getNothing reads no bytes, which a range cannot say.
func (r *rclone) getNothing(ctx context.Context, name string, off int64) ([]byte, error) {
	o, err := r.stat(ctx, name)
	if err == nil && off > o.Size {
		return nil, fmt.Errorf("%s: %w", name, ErrShort)
	}
	return []byte{}, err
}

func (r *rclone) stat(ctx context.Context, name string) (Object, error) {
	resp, err := r.do(ctx, http.MethodHead, name, nil, 0, "")
	if err != nil {
		return Object{}, err
	}
	resp.Body.Close()
	at, _ := http.ParseTime(resp.Header.Get("Last-Modified")) // zero: not known
	return Object{Name: name, Size: resp.ContentLength, Modified: at}, nil
}

// list asks only for the folder that prefix is in.
func (r *rclone) list(ctx context.Context, _ flow, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		folder := prefix[:strings.LastIndexByte(prefix, '/')+1]
		all, err := r.listFolder(ctx, strings.TrimSuffix(folder, "/"))
		if err != nil {
			yield(Object{}, err)
			return
		}
		for _, o := range all {
			o.Name = folder + o.Name
			if CheckName(o.Name) != nil || !strings.HasPrefix(o.Name, prefix) || o.Name <= after {
				continue
			}
			if !yield(o, nil) {
				return
			}
		}
	}
}

// listFolder is what is below a folder, in the order of names.
func (r *rclone) listFolder(ctx context.Context, folder string) ([]Object, error) {
	at := r.remote
	if folder != "" && !strings.HasSuffix(at, ":") && !strings.HasSuffix(at, "/") {
		at += "/"
	}
	c := exec.CommandContext(ctx, r.program, "lsjson", "--recursive", "--files-only", "--no-mimetype",
		"--fast-list", "--use-server-modtime", // else it asks for each object
		"--ask-password=false", at+folder)
	c.Env = r.env
	var said bytes.Buffer
	c.Stderr = &said
	text, err := c.Output()
	const noFolder = 3 // of rclone's exit codes
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() == noFolder:
		return nil, nil
	case err != nil:
		return nil, r.judgeWords(lastLine(said.String()), err, 0)
	}
	var all []struct {
		Path    string
		Size    int64
		ModTime time.Time
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, &passing{err: fmt.Errorf("what rclone lists cannot be read: %w", err), times: 3}
	}
	objects := make([]Object, len(all))
	for i, o := range all {
		objects[i] = Object{Name: o.Path, Size: o.Size, Modified: o.ModTime}
	}
	slices.SortFunc(objects, func(a, b Object) int { return cmp.Compare(a.Name, b.Name) })
	return objects, nil
}

func (r *rclone) remove(ctx context.Context, name string, _ bool) error {
	resp, err := r.do(ctx, http.MethodDelete, name, nil, 0, "")
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// now is the clock here: it is what rclone gives to the objects that it makes.
func (r *rclone) now(ctx context.Context) (time.Time, error) { return time.Now(), ctx.Err() }

func (r *rclone) facts() facts { return facts{whole: r.whole.Load()} }

func (r *rclone) close() error {
	r.closing()
	return r.pipe.end()
}
