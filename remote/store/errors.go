package store

import (
	"fmt"

	"snap/internal/quote"
)

// Kind is why a place could not be used.
type Kind string

const (
	Unreachable   Kind = "cannot be reached"
	Credentials   Kind = "does not accept the credentials"
	NoCredentials Kind = "needs credentials"
	Rights        Kind = "does not permit this"
	Clock         Kind = "finds that the clock here is wrong"
	NoPlace       Kind = "is not there" // no such bucket, folder or remote: the command's "not found", not "not reached"
	Refused       Kind = "refused"      // what was asked for, for a reason that will not pass
	Full          Kind = "has no room"  // a quota, a cap, a disk
	Cold          Kind = "has this in cold storage"
)

// ReachError says that a place cannot be reached or does not do what was asked, which trying again would not change.
type ReachError struct {
	Place string // as the user wrote it
	Doing string // the request, as "put data/ab/…"
	Kind  Kind
	Said  string // the store's own words
	Err   error  // what it came from; may be nil
	Tries int    // how often it was tried, where that was more than once
}

func (e *ReachError) Error() string {
	text := e.Place + " " + string(e.Kind)
	if e.Doing != "" {
		text += " (" + e.Doing + ")"
	}
	if e.Said != "" {
		text += ": " + quote.Clean(e.Said)
	}
	if e.Tries > 1 {
		text += fmt.Sprintf(" (tried %d times)", e.Tries)
	}
	return text
}

func (e *ReachError) Unwrap() error { return e.Err }
