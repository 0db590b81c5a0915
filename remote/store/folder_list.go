package store

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"syscall"

	"snap/internal/hint"
)

func (f *folder) list(ctx context.Context, flow flow, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		_, err := f.walk(ctx, flow, "", prefix, after, func(o Object) bool { return yield(o, nil) })
		if err != nil {
			yield(Object{}, f.judge(err))
		}
	}
}

// walk yields what is below a folder ("" or ending with a slash) in the order of whole names: a folder stands where its
// name with a slash does. It enters none in which nothing can begin with prefix or come behind after.
func (f *folder) walk(ctx context.Context, flow flow, below, prefix, after string, yield func(Object) bool) (
	bool, error) {
	flow.alive()
	entries, err := os.ReadDir(f.path(below))
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, fs.ErrNotExist) && below != "":
		return true, nil
	case err != nil:
		return false, err
	}
	name := func(e fs.DirEntry) string {
		if e.IsDir() {
			return below + e.Name() + "/"
		}
		return below + e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(name(a), name(b)) })
	for _, e := range entries {
		full := name(e)
		common := min(len(full), len(prefix))
		if CheckName(strings.TrimSuffix(full, "/")) != nil || full[:common] != prefix[:common] {
			continue
		}
		more := true
		switch {
		case e.IsDir() && (full > after || strings.HasPrefix(after, full)):
			more, err = f.walk(ctx, flow, full, prefix, after, yield)
		case e.Type().IsRegular() && full > after && len(full) >= len(prefix):
			var s fs.FileInfo
			if s, err = e.Info(); err == nil {
				more = yield(Object{Name: full, Size: s.Size(), Modified: s.ModTime()})
			} else if errors.Is(err, fs.ErrNotExist) { // deleted meanwhile
				err = nil
			}
		}
		if err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// judgeAsked is judge where an object was asked for: there is none below another one.
func (f *folder) judgeAsked(err error) error {
	if errors.Is(err, syscall.ENOTDIR) {
		return ErrNotFound
	}
	return f.judge(err)
}

// judge says what an error of the file system means. What disks and networks say when they are away for a while passes.
func (f *folder) judge(err error) error {
	reach := func(k Kind) error { return &ReachError{Kind: k, Said: err.Error(), Err: err} }
	switch {
	case err == nil, isOurs(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrNotExist):
		if _, e := os.Stat(f.dir); e != nil {
			return hint.With(reach(NoPlace), "is the disk mounted?")
		}
		return ErrNotFound
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return reach(Rights)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return hint.With(reach(Full), "make room there; what was copied stays")
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENAMETOOLONG):
		return reach(Refused)
	}
	return &passing{err: err}
}
