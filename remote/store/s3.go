package store

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
)

// s3 is a bucket, or what is below a prefix in it. Each object is one PUT: no multipart upload can be left half done
// and be paid for unseen.
type s3 struct {
	core         minio.Core
	bucket       string
	prefix       string // "" or ending with a slash
	storageClass string
	dating       *dating
	whole        atomic.Bool // a range was asked for and all came
}

func (s *s3) put(ctx context.Context, f flow, name string, body []byte, how putting) error {
	ctx, at := dated(ctx)
	sum, md := how.Sum, md5.Sum(body)
	if sum == [32]byte{} {
		sum = sha256.Sum256(body)
	}
	o := minio.PutObjectOptions{StorageClass: how.StorageClass, UserMetadata: map[string]string{},
		DisableContentSha256: true} // no stream of signed chunks: the sum of the whole is signed
	if o.StorageClass == "" {
		o.StorageClass = s.storageClass
	}
	if how.checksum { // as a header: as a trailer not all stores understand it
		o.UserMetadata["X-Amz-Checksum-Sha256"] = base64.StdEncoding.EncodeToString(sum[:])
	}
	if how.condition {
		o.SetMatchETagExcept("*")
	}
	if how.Lock > 0 {
		o.Mode, o.RetainUntilDate = minio.Compliance, s.dating.clock().Add(how.Lock).UTC()
	}
	_, err := s.core.PutObject(ctx, s.bucket, s.prefix+name, f.sender(ctx, body), int64(len(body)),
		base64.StdEncoding.EncodeToString(md[:]), hex.EncodeToString(sum[:]), o)
	return s.judge(ctx, err, "s3:PutObject", *at, &how)
}

func (s *s3) get(ctx context.Context, f flow, name, version string, off, n int64) ([]byte, error) {
	ctx, at := dated(ctx)
	if n == 0 {
		return s.getNothing(ctx, name, version, off)
	}
	o := minio.GetObjectOptions{VersionID: version}
	switch {
	case n > 0:
		_ = o.SetRange(off, off+n-1) // it is one: off ≥ 0, n > 0
	case off > 0:
		_ = o.SetRange(off, 0) // it is one: off ≥ 0, n > 0
	}
	r, info, header, err := s.core.GetObject(ctx, s.bucket, s.prefix+name, o)
	if code := minio.ToErrorResponse(err).Code; code == "InvalidRange" {
		if n > 0 {
			return nil, fmt.Errorf("%s: %w", name, ErrShort)
		}
		return s.getNothing(ctx, name, version, off)
	}
	if err != nil {
		return nil, s.judge(ctx, err, "s3:GetObject", *at, nil)
	}
	defer r.Close()
	there := info.Size
	if header.Get("Content-Range") == "" && (n > 0 || off > 0) { // the store sends all of it
		s.whole.Store(true)
		if off > there {
			return nil, fmt.Errorf("%s: %w", name, ErrShort)
		}
		if err := f.skip(ctx, r, off); err != nil {
			return nil, s.judge(ctx, err, "", *at, nil)
		}
		there -= off
	}
	body, err := receiveWhole(ctx, f, name, r, there, n)
	return body, s.judge(ctx, err, "", *at, nil)
}

// receiveWhole reads n bytes, or all for n < 0, of an answer that says how many there are.
func receiveWhole(ctx context.Context, f flow, name string, r io.Reader, there, n int64) ([]byte, error) {
	switch {
	case n < 0 && there > maxWhole:
		return nil, fmt.Errorf("%s: %w: %d bytes", name, ErrLarge, there)
	case n < 0 && there < 0:
		return nil, &passing{err: fmt.Errorf("%s: the answer does not say its length", name)}
	case n < 0:
		n = there
	case there >= 0 && there < n:
		return nil, fmt.Errorf("%s: %w: %d bytes, not %d", name, ErrShort, there, n)
	}
	return f.receive(ctx, r, n)
}

// getNothing reads no bytes, which a range cannot say.
func (s *s3) getNothing(ctx context.Context, name, version string, off int64) ([]byte, error) {
	o, err := s.statVersion(ctx, name, version)
	if err == nil && off > o.Size {
		return nil, fmt.Errorf("%s: %w", name, ErrShort)
	}
	return []byte{}, err
}

func (s *s3) stat(ctx context.Context, name string) (Object, error) {
	o, err := s.statVersion(ctx, name, "")
	return Object{Name: name, Size: o.Size, Modified: o.LastModified}, err
}

// statVersion asks again with GET when the store refuses: the answer to HEAD has no words.
func (s *s3) statVersion(ctx context.Context, name, version string) (minio.ObjectInfo, error) {
	ctx, at := dated(ctx)
	o := minio.GetObjectOptions{VersionID: version}
	info, err := s.core.StatObject(ctx, s.bucket, s.prefix+name, o)
	if status := minio.ToErrorResponse(err).StatusCode; status >= 400 && status < 500 {
		_ = o.SetRange(0, 1) // it is one: off ≥ 0, n > 0
		r, _, _, worded := s.core.GetObject(ctx, s.bucket, s.prefix+name, o)
		if worded == nil {
			r.Close()
		} else if minio.ToErrorResponse(worded).Code != "InvalidRange" {
			err = worded
		}
	}
	return info, s.judge(ctx, err, "s3:GetObject", *at, nil)
}

func (s *s3) list(ctx context.Context, f flow, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		ctx, at := dated(ctx)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		o := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}
		if after != "" {
			o.StartAfter = s.prefix + after
		}
		for info := range s.core.ListObjectsIter(ctx, s.bucket, o) {
			f.alive()
			name := strings.TrimPrefix(info.Key, s.prefix)
			switch {
			case info.Err != nil:
				yield(Object{}, s.judge(ctx, info.Err, "s3:ListBucket", *at, nil))
				return
			case CheckName(name) != nil || name <= after: // a folder's mark, or what is not ours
				continue
			case !yield(Object{Name: name, Size: info.Size, Modified: info.LastModified}, nil):
				return
			}
		}
		if err := ctx.Err(); err != nil { // the listing ends without a word then
			yield(Object{}, err)
		}
	}
}

// remove deletes the object; where objects are locked, each of its versions, so that their room is free again.
func (s *s3) remove(ctx context.Context, name string, locks bool) error {
	if locks {
		return s.removeVersions(ctx, name)
	}
	ctx, at := dated(ctx)
	err := s.core.RemoveObject(ctx, s.bucket, s.prefix+name, minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil
	}
	return s.judge(ctx, err, "s3:DeleteObject", *at, nil)
}

// now is the Date of any answer.
func (s *s3) now(ctx context.Context) (time.Time, error) {
	ctx, at := dated(ctx)
	_, err := s.core.BucketExists(ctx, s.bucket)
	if !at.IsZero() {
		return *at, nil
	}
	return time.Time{}, firstError(s.judge(ctx, err, "s3:ListBucket", *at, nil),
		&ReachError{Kind: Refused, Said: "its answers have no Date"})
}

func (s *s3) close() error {
	s.dating.transport.CloseIdleConnections()
	return nil
}

// dateKey is where a request's context has room for the Date of its last answer.
type dateKey struct{}

func dated(ctx context.Context) (context.Context, *time.Time) {
	if at, ok := ctx.Value(dateKey{}).(*time.Time); ok {
		return ctx, at
	}
	at := new(time.Time)
	return context.WithValue(ctx, dateKey{}, at), at
}

// dating notes the Date of answers.
type dating struct {
	transport *http.Transport
	ahead     atomic.Int64 // nanoseconds that the store's clock was ahead of the one here at its last answer
}

func (d *dating) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := d.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if t, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		d.ahead.Store(int64(time.Until(t)))
		if at, ok := r.Context().Value(dateKey{}).(*time.Time); ok {
			*at = t
		}
	}
	return resp, nil
}

// clock is the time of the store, as far as it is known.
func (d *dating) clock() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }

func (s *s3) facts() facts { return facts{ownClock: true, whole: s.whole.Load()} }

var _ io.ReadSeeker = (*sender)(nil) // minio-go would read a body that it cannot seek in into memory first
