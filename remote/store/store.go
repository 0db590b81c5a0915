// Package store reaches the places where the objects of a far copy lie: an S3 bucket, a folder, or what rclone speaks.
//
// Its one idea is a small interface that every place can satisfy and whose promises are the same everywhere: an object
// is made whole by one Put and never changed, is read by ranges, and is listed in the order of names. What places do
// not agree on is found by trying (Probe) and said by Traits, never guessed from a provider's name.
//
// Invariants: a Put that returned nil has the whole object in the place, durable as far as the place can say so. What a
// killed Put leaves behind is no object: no List shows it and no Get finds it. Get returns as many bytes as were asked
// for or an error; whether they are the right ones is the caller's to find, by their hash. What may pass is tried again
// with growing pauses for Options.RetryFor; what cannot is said at once, with the store's words, as a *ReachError.
// A Put may be done although its answer was lost: the repeated one then answers ErrExists for its own object.
package store

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Store is a place with objects. All methods may be called by several goroutines. Names are those of CheckName; none
// may be the folder of another: where objects are files there is room for one of them.
type Store interface {
	// Put makes an object of that name and body. Where Traits.CreateOnly holds, ErrExists when there is one, also when
	// this very Put made it and the answer was lost; elsewhere it may replace what is there.
	Put(ctx context.Context, name string, body []byte, o PutOptions) error

	// Get reads n bytes from off on; n < 0: all to the end. ErrNotFound when there is no such object. An object that
	// ends before off+n is an error (ErrShort).
	Get(ctx context.Context, name string, off, n int64) ([]byte, error)

	// Stat says what is known of an object without reading it, or ErrNotFound.
	Stat(ctx context.Context, name string) (Object, error)

	// List yields the objects whose names begin with prefix and come behind after, in the order of their names' bytes.
	// It ends with the first error.
	List(ctx context.Context, prefix, after string) iter.Seq2[Object, error]

	// Delete removes an object; that there is none is no error. ErrLocked: an object lock forbids it for now.
	Delete(ctx context.Context, name string) error

	// Now is the time on the clock that Object.Modified is of.
	Now(ctx context.Context) (time.Time, error)

	// Traits is what Probe found, or what Options.Traits said; without either nothing is promised.
	Traits() Traits

	Close() error
}

// Object is one that is there.
type Object struct {
	Name     string
	Size     int64
	Modified time.Time // by the clock of Now; zero where the place does not say
}

// PutOptions says how an object is to be made.
type PutOptions struct {
	Sum          [32]byte      // SHA-256 of the body, sent along so that the store refuses other bytes; zero: worked out
	Lock         time.Duration // object lock for so long from now on, where Traits.Lock; 0: none
	StorageClass string        // of S3; "": the bucket's
	Replace      bool          // without the condition: a delete marker or a wrong object is in the way
}

// Traits is what a place was found to do. Its fields are kept in a settings file, so that a place is tried once.
type Traits struct {
	CreateOnly  bool // the second Put of a name gives ErrExists, and of many at once one wins
	ChecksSum   bool // bytes that are not those of PutOptions.Sum are refused
	Ranges      bool // a Get of a part moves only that part
	Lists       bool // a List shows at once what was Put
	ServerClock bool // Object.Modified and Now are of one clock, the place's own
	Versions    bool // deleted and replaced objects stay readable: the store is a Versioned
	Lock        bool // objects can be locked against deletion: the store is a Locker
}

// Versioned is a Store that may keep what was replaced and deleted. It can be asked of any S3 store; only where
// Traits.Versions holds there is ever more than one version of an object.
type Versioned interface {
	// Versions yields all versions of the objects whose names begin with prefix, in the order of names, of one name
	// the newest first.
	Versions(ctx context.Context, prefix string) iter.Seq2[Version, error]

	// GetVersion is Get for one of them.
	GetVersion(ctx context.Context, name, version string, off, n int64) ([]byte, error)
}

// Version is one of the versions of an object.
type Version struct {
	Object
	ID      string
	Latest  bool
	Deleted bool // a delete marker: from here on the object was gone
}

// Locker is a Store whose objects can be locked.
type Locker interface {
	// Extend locks a version of an object ("" is the newest) until then; a lock is never made shorter.
	Extend(ctx context.Context, name, version string, until time.Time) error

	// LockedUntil is the end of its lock, zero for none.
	LockedUntil(ctx context.Context, name, version string) (time.Time, error)
}

// Thawer is a Store whose objects may lie in cold storage, from which they are to be brought back before they are read.
type Thawer interface {
	// Frozen reports whether an object cannot be read now, found by trying, and whether it was asked for already. One
	// that is not there is not frozen.
	Frozen(ctx context.Context, name string) (frozen, coming bool, err error)

	// Thaw asks for an object, for so many days; that it was asked for before is no error. It takes hours.
	Thaw(ctx context.Context, name string, days int) error
}

var (
	// ErrNotFound is for an object that is not there.
	ErrNotFound = errors.New("no such object")
	// ErrExists is for a Put of a name that is taken.
	ErrExists = errors.New("an object of this name is there already")
	// ErrLocked is for what an object lock forbids until it ends.
	ErrLocked = errors.New("locked until later by the store's object lock")
	// ErrShort is for an object that ends before what was asked for.
	ErrShort = errors.New("the object is shorter than it should be")
	// ErrLarge is for an object that is larger than what is read without saying how much, 64 MiB.
	ErrLarge = errors.New("the object is larger than any that is read at once")
	// ErrName is for a name that no place is asked to hold.
	ErrName = errors.New("not a name for an object")
)
