package vault

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"time"

	"snap/remote/store"
)

var errFault = errors.New("the line is cut")

// how a request goes wrong.
type how int

const (
	never  how = iota
	before     // the store never got it
	after      // the store has done it, the answer was lost
	died       // as before, and nothing is asked any more
	undone     // as after, and nothing is asked any more
)

var ways = []how{before, after, died, undone}

func (h how) String() string { return [...]string{"never", "before", "after", "died", "died after"}[h] }

// faulty is a store whose request number at goes wrong.
type faulty struct {
	store.Store
	mu   sync.Mutex
	n    int
	at   int
	how  how
	dead bool
	log  []string
	then func(n int) // called before each request; nil: not
}

// meet says of a request whether it is to be done, and what is answered.
func (f *faulty) meet(what string) (do bool, answer error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	f.log = append(f.log, what)
	if f.then != nil {
		f.then(f.n)
	}
	if f.dead {
		return false, errFault
	}
	if f.n != f.at {
		return true, nil
	}
	f.dead = f.how == died || f.how == undone
	return f.how == after || f.how == undone, errFault
}

func (f *faulty) Put(ctx context.Context, name string, body []byte, o store.PutOptions) error {
	do, answer := f.meet("put " + kindOf(name))
	if do {
		if err := f.Store.Put(ctx, name, body, o); err != nil && answer == nil {
			return err
		}
	}
	return answer
}

func (f *faulty) Get(ctx context.Context, name string, off, n int64) ([]byte, error) {
	if do, answer := f.meet("get " + kindOf(name)); !do || answer != nil {
		return nil, answer
	}
	return f.Store.Get(ctx, name, off, n)
}

func (f *faulty) Stat(ctx context.Context, name string) (store.Object, error) {
	if do, answer := f.meet("stat " + kindOf(name)); !do || answer != nil {
		return store.Object{}, answer
	}
	return f.Store.Stat(ctx, name)
}

func (f *faulty) List(ctx context.Context, prefix, after string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		if do, answer := f.meet("list " + kindOf(prefix)); !do || answer != nil {
			yield(store.Object{}, answer)
			return
		}
		f.Store.List(ctx, prefix, after)(yield)
	}
}

func (f *faulty) Delete(ctx context.Context, name string) error {
	do, answer := f.meet("delete " + kindOf(name))
	if do {
		if err := f.Store.Delete(ctx, name); err != nil && answer == nil {
			return err
		}
	}
	return answer
}

func (f *faulty) Now(ctx context.Context) (time.Time, error) {
	if do, answer := f.meet("now"); !do || answer != nil {
		return time.Time{}, answer
	}
	return f.Store.Now(ctx)
}

func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, "/")
	return kind
}
