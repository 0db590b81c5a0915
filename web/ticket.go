package web

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"time"

	"snap/cli/exit"
	"snap/internal/hint"
)

// Who has looked at what would go has a ticket for exactly that: a text that only this server can have made, about the
// snapshots that would go. It needs no memory, and is worth nothing once something else would go.

const ticketLife = 10 * time.Minute

// ticket is good for deleting these snapshots of this destination, until it ends.
func (q *question) ticket(id string, r *removal, ends time.Time) string {
	var when [8]byte
	binary.BigEndian.PutUint64(when[:], uint64(ends.Unix()))
	parts := [][]byte{q.guard.run, when[:], []byte(id), []byte(strconv.FormatBool(r.Rules != nil))}
	for _, name := range slices.Sorted(slices.Values(r.Names)) {
		parts = append(parts, []byte(name))
	}
	return base64.RawURLEncoding.EncodeToString(append(when[:], q.o.Key.mac("delete", parts...)...))
}

// looked reports whether the ticket is for what would go now.
func (q *question) looked(ticket, id string, r *removal) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(b) < 8 {
		return false
	}
	ends := time.Unix(int64(binary.BigEndian.Uint64(b)), 0)
	return q.now.Before(ends) && subtle.ConstantTimeCompare([]byte(ticket), []byte(q.ticket(id, r, ends))) == 1
}

// errNoLook says that what is to be deleted was not looked at.
var errNoLook = exit.With(exit.Refused, hint.With(
	errors.New("nothing is deleted without a look at it: this one is too old, or other snapshots would go by now"),
	"look again"))
