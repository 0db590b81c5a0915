package peer

import (
	"bytes"
	"context"
	"io"
	"testing"
)

// endless is a stream without an end that counts who has not closed it.
type endless struct{ open *int }

func (e endless) next(context.Context) (*piece, error) {
	return &piece{data: make([]byte, pieceSize)}, nil
}

func (e endless) close() error {
	*e.open--
	return nil
}

func someGiver(t *testing.T) *giver {
	w, err := newFrameWriter(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.close() })
	return newGiver(nil, w, nil)
}

// TestNotAllIsBegun: whatever is asked for with a little credit, so many streams are begun and no more. What is
// cancelled is ended all the same, and what ends makes room.
func TestNotAllIsBegun(t *testing.T) {
	g := someGiver(t)
	const asked = 2*maxAsked - 1
	for n := range uint64(asked) {
		if err := g.add(&outgoing{number: n + 1, ask: ask{Kind: askFile}}); err != nil {
			t.Fatal(err)
		}
		if err := g.credit(n+1, 1); err != nil {
			t.Fatal(err)
		}
	}
	var begun []*outgoing
	begin := func() (n int) {
		for s := g.unqueue(); s != nil; s = g.unqueue() {
			begun = append(begun, s)
			n++
		}
		return n
	}
	if n := begin(); n != maxBegun {
		t.Fatalf("%d of %d were begun", n, asked)
	}
	if err := g.hear(kindCancel, numbered(asked)); err != nil {
		t.Fatal(err)
	}
	if n := begin(); n != 1 || begun[maxBegun].number != asked {
		t.Errorf("%d were taken after one was cancelled", n)
	}
	for i := range 3 {
		if err := g.finish(begun[i], io.EOF); err != nil {
			t.Fatal(err)
		}
	}
	if n := begin(); n != 2 { // one of them was cancelled
		t.Errorf("%d were begun after three had ended", n)
	}
}

// TestWhatIsBegunIsClosed: at the end of the pipe, also what waits for credit.
func TestWhatIsBegunIsClosed(t *testing.T) {
	g := someGiver(t)
	open := 0
	for n := range uint64(5) {
		s := &outgoing{number: n + 1, ask: ask{Kind: askListing}, src: endless{&open}}
		open++
		if err := g.add(s); err != nil {
			t.Fatal(err)
		}
		if err := g.credit(n+1, 1+n*pieceSize); err != nil {
			t.Fatal(err)
		}
		if err := g.send(t.Context(), g.unqueue()); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.begun) != 5 {
		t.Fatalf("%d wait for credit", len(g.begun))
	}
	r, err := newFrameReader(bytes.NewReader(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.run(t.Context(), r); err != nil {
		t.Error(err)
	}
	if open != 0 {
		t.Errorf("%d are open", open)
	}
}
