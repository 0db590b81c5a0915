package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// patientS3 is a patient S3 store: with what only S3 has.
type patientS3 struct {
	*patient
	s3 *s3
}

// Versions reads the whole listing before it yields: the versions of one name may lie on two pages.
func (p *patientS3) Versions(ctx context.Context, prefix string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		var all []Version
		err := checkPrefix(prefix)
		if err == nil {
			err = p.run(ctx, "list versions "+prefix, func(ctx context.Context, f flow) (err error) {
				all, err = p.s3.versions(ctx, f, prefix)
				return err
			})
		}
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
		if err != nil {
			yield(Version{}, err)
		}
	}
}

func (p *patientS3) GetVersion(ctx context.Context, name, version string, off, n int64) ([]byte, error) {
	return p.getVersion(ctx, name, version, off, n)
}

func (p *patientS3) Extend(ctx context.Context, name, version string, until time.Time) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return p.run(ctx, "lock "+name, func(ctx context.Context, _ flow) error {
		return p.s3.extend(ctx, name, version, until)
	})
}

func (p *patientS3) LockedUntil(ctx context.Context, name, version string) (until time.Time, err error) {
	if err := CheckName(name); err != nil {
		return time.Time{}, err
	}
	err = p.run(ctx, "stat "+name, func(ctx context.Context, _ flow) (err error) {
		until, err = p.s3.lockedUntil(ctx, name, version)
		return err
	})
	return until, err
}

func (s *s3) versions(ctx context.Context, f flow, prefix string) ([]Version, error) {
	ctx, at := dated(ctx)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all []Version
	o := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true, WithVersions: true}
	for info := range s.core.ListObjectsIter(ctx, s.bucket, o) {
		f.alive()
		if info.Err != nil {
			return nil, s.judge(ctx, info.Err, "s3:ListBucketVersions", *at, nil)
		}
		if name := strings.TrimPrefix(info.Key, s.prefix); CheckName(name) == nil {
			all = append(all, Version{Object: Object{Name: name, Size: info.Size, Modified: info.LastModified},
				ID: info.VersionID, Latest: info.IsLatest, Deleted: info.IsDeleteMarker})
		}
	}
	slices.SortStableFunc(all, func(a, b Version) int { return strings.Compare(a.Name, b.Name) })
	return all, ctx.Err()
}

// extend never makes a lock shorter: a store that would let it is not asked.
func (s *s3) extend(ctx context.Context, name, version string, until time.Time) error {
	ctx, at := dated(ctx)
	mode, until := minio.Compliance, until.UTC()
	err := s.core.PutObjectRetention(ctx, s.bucket, s.prefix+name,
		minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &until, VersionID: version})
	err = s.judge(ctx, err, "s3:PutObjectRetention", *at, nil)
	var reach *ReachError
	if errors.Is(err, ErrLocked) || errors.As(err, &reach) && reach.Kind == Rights {
		if now, known := s.lockedUntil(ctx, name, version); known == nil && !now.Before(until.Truncate(time.Second)) {
			return nil // locked for longer already
		}
	}
	if errors.Is(err, ErrLocked) {
		return &ReachError{Kind: Refused, Said: err.Error(), Err: err}
	}
	return err
}

// lockedUntil reads the date from HEAD: minio-go cannot parse what some stores answer when asked for the retention.
func (s *s3) lockedUntil(ctx context.Context, name, version string) (time.Time, error) {
	info, err := s.statVersion(ctx, name, version)
	if err != nil {
		return time.Time{}, err
	}
	text := info.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date")
	if text == "" {
		return time.Time{}, nil
	}
	until, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, &ReachError{Kind: Refused, Said: fmt.Sprintf("a lock's date that cannot be read: %q", text)}
	}
	return until, nil
}

// removeVersions deletes an object with its whole past, or nothing of it while one version is locked: a delete marker
// would hide it and free nothing.
func (s *s3) removeVersions(ctx context.Context, name string) error {
	all, err := s.versions(ctx, flow{alive: func() {}}, name)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(v Version) bool { return v.Name != name })
	now, err := s.now(ctx)
	if err != nil {
		return err
	}
	for _, v := range all {
		if v.Deleted {
			continue
		}
		switch until, err := s.lockedUntil(ctx, name, v.ID); {
		case errors.Is(err, ErrNotFound): // deleted meanwhile
		case err != nil:
			return err
		case until.After(now):
			return ErrLocked
		}
	}
	ctx, at := dated(ctx)
	for _, v := range all {
		err := s.core.RemoveObject(ctx, s.bucket, s.prefix+name, minio.RemoveObjectOptions{VersionID: v.ID})
		err = s.judge(ctx, err, "s3:DeleteObjectVersion", *at, nil)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}
