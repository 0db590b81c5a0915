package treeless

import (
	"errors"
	"fmt"
	"io"
)

// ErrLost is in an error of Source.ChangeSet, or of a Read of what it returned, where a set is gone or damaged far away
// and asking again is of no use.
var ErrLost = errors.New("its change set is lost")

// errFollows is why snapshots after a lost set are not answered for.
var errFollows = errors.New("it goes on from a snapshot whose change set is lost")

// Lost is a snapshot that is not answered for.
type Lost struct {
	Name string
	Why  error
}

// Losing reads r, and puts ErrLost into those of its errors that lost says.
func Losing(r io.ReadCloser, lost func(error) bool) io.ReadCloser { return &losing{r, lost} }

type losing struct {
	io.ReadCloser
	lost func(error) bool
}

func (l *losing) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && l.lost(err) {
		err = fmt.Errorf("%w: %w", ErrLost, err)
	}
	return n, err
}
