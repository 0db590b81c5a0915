package job

import (
	"context"
	"errors"
	"io"
	"math"
	"os"

	"snap/cli/exit"
	"snap/internal/hint"
	"snap/remote/peer"
)

// Receive makes the snapshots that snap send has written.
func (b *Back) Receive(ctx context.Context, in io.Reader) (res *CopyResult, err error) {
	if err := makeFolder(b.To, false); err != nil {
		return nil, err
	}
	at, end, err := readAnywhere(in, b.To)
	if err != nil {
		return nil, exit.Hint(err, b.To)
	}
	defer func() { err = errors.Join(err, end()) }()
	tape, err := peer.OpenTape(ctx, at)
	if err != nil {
		return nil, hint.With(err, "nothing was received; is it what snap send has written, and all of it?")
	}
	b.Options.Base, b.Options.BaseName = tape.Base()
	return b.Run(ctx, tape)
}

// readAnywhere is in, where any of it can be read again: itself if it is a file, else a copy in dir that has no name.
func readAnywhere(in io.Reader, dir string) (at io.ReaderAt, end func() error, err error) {
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			begin, err := f.Seek(0, io.SeekCurrent)
			if err == nil {
				return io.NewSectionReader(f, begin, math.MaxInt64-begin), func() error { return nil }, nil
			}
		}
	}
	f, err := os.CreateTemp(dir, ".snap-receive-*")
	if err != nil {
		return nil, nil, err
	}
	_, err = io.Copy(f, in)
	if err = errors.Join(os.Remove(f.Name()), err); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, f.Close, nil
}
