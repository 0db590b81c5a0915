package peer

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/internal/file"
	"snap/internal/harness"
	"snap/remote/replica"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

// pipe is one end of a connection.
type pipe struct {
	io.Reader
	io.Writer
	cut func()
}

func (p *pipe) Close() error { p.cut(); return nil }

var errLine = errors.New("the line is dead")

// line is a connection that is cut after so many bytes, both ways together; 0: never. spent counts them.
func line(limit int64) (a, b *pipe, spent *atomic.Int64) {
	spent = &atomic.Int64{}
	r1, w1 := io.Pipe()
	r2, w2 := io.Pipe()
	cut := sync.OnceFunc(func() {
		w1.Close()
		w2.Close()
		r1.CloseWithError(errLine)
		r2.CloseWithError(errLine)
	})
	counted := func(w io.Writer) io.Writer {
		return writerFunc(func(b []byte) (int, error) {
			if n := spent.Add(int64(len(b))); limit > 0 && n > limit {
				if left := int64(len(b)) - (n - limit); left > 0 {
					w.Write(b[:left])
				}
				cut()
				return 0, errLine
			}
			return w.Write(b)
		})
	}
	return &pipe{r1, counted(w2), cut}, &pipe{r2, counted(w1), cut}, spent
}

type writerFunc func(b []byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func explain(err error) *Trouble { return &Trouble{Text: err.Error(), Code: 1} }

func follower(t *testing.T) string {
	y := filepath.Join(t.TempDir(), "y")
	if err := os.Mkdir(y, 0o755); err != nil {
		t.Fatal(err)
	}
	return y
}

// pushed has y follow the destination of p, over a line.
func pushed(p *backuptest.Place, y string, limit int64, o replica.Options, so ServeOptions,
	told Told) (*replica.Result, int64, error) {
	p.T.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute) // for a test that hangs
	defer stop()
	a, b, spent := line(limit)
	so.Explain = explain
	served := make(chan error, 1)
	go func() {
		err := Serve(ctx, b, b, y, so)
		b.Close()
		served <- err
	}()
	x, err := replica.OpenHere(ctx, p.Dest)
	p.Do(err)
	root, err := file.OpenRoot(p.Dest)
	p.Do(err)
	res, err := Give(ctx, a, x, root, o, told)
	a.Close()
	<-served
	p.Do(errors.Join(root.Close(), x.Close()))
	if ctx.Err() != nil {
		p.T.Fatal("it hangs")
	}
	return res, spent.Load(), err
}

// taken opens the destination of p over a line.
func taken(p *backuptest.Place, dest string, limit int64, so ServeOptions) (*Far, *atomic.Int64, error) {
	a, b, spent := line(limit)
	so.Explain = explain
	served := make(chan error, 1)
	go func() {
		err := Serve(context.Background(), b, b, dest, so)
		b.Close()
		served <- err
	}()
	p.T.Cleanup(func() { a.Close(); <-served })
	f, err := Take(context.Background(), a, "ssh://there/dest")
	return f, spent, err
}

// wantSame compares the trees of snapshots that both have.
func wantSame(p *backuptest.Place, y string) {
	p.T.Helper()
	q := &backuptest.Place{T: p.T, Src: p.Src, Dest: y}
	all := q.Snapshots()
	for _, path := range all {
		name := []string{filepath.Base(path)}
		if diff := backuptest.Difference(p.Held(name)[name[0]], q.Held(name)[name[0]]); diff != "" {
			p.T.Fatalf("%s:\n%s", name[0], diff)
		}
	}
	backuptest.Sound(p.T, y)
}

// wantAll is wantSame, of all snapshots.
func wantAll(p *backuptest.Place, y string) {
	p.T.Helper()
	q := &backuptest.Place{T: p.T, Src: p.Src, Dest: y}
	if have, want := len(q.Snapshots()), len(p.Snapshots()); have != want {
		p.T.Fatalf("%d snapshots of %d", have, want)
	}
	wantSame(p, y)
}
