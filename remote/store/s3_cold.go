package store

import (
	"context"
	"errors"

	"github.com/minio/minio-go/v7"
)

func (p *patientS3) Frozen(ctx context.Context, name string) (frozen, coming bool, err error) {
	_, err = p.Get(ctx, name, 0, 1)
	reach := (*ReachError)(nil)
	switch {
	case err == nil, errors.Is(err, ErrNotFound), errors.Is(err, ErrShort):
		return false, false, nil
	case !errors.As(err, &reach) || reach.Kind != Cold:
		return false, false, err
	}
	err = p.run(ctx, "stat "+name, func(ctx context.Context, _ flow) error {
		info, err := p.s3.statVersion(ctx, name, "")
		coming = err == nil && info.Restore != nil && info.Restore.OngoingRestore
		return err
	})
	return true, coming, err
}

func (p *patientS3) Thaw(ctx context.Context, name string, days int) error {
	if err := CheckName(name); err != nil {
		return err
	}
	return p.run(ctx, "bring back "+name, func(ctx context.Context, _ flow) error {
		return p.s3.thaw(ctx, name, days)
	})
}

// thaw asks for the speed that all classes have: hours, and twelve from the coldest.
func (s *s3) thaw(ctx context.Context, name string, days int) error {
	ctx, at := dated(ctx)
	r := minio.RestoreRequest{}
	r.SetDays(days)
	r.SetGlacierJobParameters(minio.GlacierJobParameters{Tier: minio.TierStandard})
	err := s.core.RestoreObject(ctx, s.bucket, s.prefix+name, "", r)
	if minio.ToErrorResponse(err).Code == "RestoreAlreadyInProgress" {
		return nil
	}
	return s.judge(ctx, err, "s3:RestoreObject", *at, nil)
}
