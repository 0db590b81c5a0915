package web

import (
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"snap/internal/file"
	"snap/query"
	"snap/record"
)

// A player asks for parts of a file, wherever somebody drags its handle to. A part cannot be compared with the hash of
// the whole: so all of the file is read first, and for a while what was found well is not read again.

// proven are files that were well, the newest last.
type proven struct {
	mu  sync.Mutex
	all []proof
}

type proof struct {
	dev, ino uint64
	size     int64
	mtime    file.Time
	ctime    file.Time
	hash     [32]byte
	at       time.Time
}

const (
	provenKept = 100
	provenLife = 10 * time.Minute
)

// holds reports whether the file was well not long ago, and notes that it is with found.
func (p *proven) holds(one proof, found bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = slices.DeleteFunc(p.all, func(o proof) bool { return one.at.Sub(o.at) > provenLife })
	known := slices.ContainsFunc(p.all, func(o proof) bool {
		o.at = one.at
		return o == one
	})
	if found && !known {
		p.all = append(p.all[max(0, len(p.all)-provenKept+1):], one)
	}
	return known
}

// asksPart reports whether a request is for a part of a file. "bytes=0-" is for all of it, as players begin.
func asksPart(r *http.Request) bool {
	part := r.Header.Get("Range")
	return part != "" && part != "bytes=0-" && r.Method == http.MethodGet
}

// part answers with a part of a file, once all of it is known to be what was backed up.
func (q *question) part(f *query.File, r *record.Record) error {
	s, err := f.Stat()
	if err != nil {
		return err
	}
	one := proof{s.Dev, s.Ino, s.Size, s.Mtime, s.Ctime, r.Hash, time.Now()}
	if !q.proven.holds(one, false) {
		err := q.inTurn(func(q *question) error {
			if q.proven.holds(one, false) {
				return nil // another question was faster
			}
			_, err := io.Copy(io.Discard, f)
			return err
		})
		if err != nil {
			return err
		}
		q.proven.holds(one, true)
	}
	http.ServeContent(writer{q.w, q.patient()}, q.r, "", time.Time{}, io.NewSectionReader(f, 0, s.Size))
	return nil
}

// writer is an answer that is written with patience.
type writer struct {
	http.ResponseWriter
	to io.Writer
}

func (w writer) Write(b []byte) (int, error) { return w.to.Write(b) }

// tagOf is what a browser knows the bytes of a file by, "" where nobody knows them.
func tagOf(r *record.Record) string {
	if !r.Has(record.Hashed) {
		return ""
	}
	return `"` + hex.EncodeToString(r.Hash[:]) + `"`
}

// wants reports whether what a browser has of a file, by If-Range, is of these bytes.
func wants(r *http.Request, tag string) bool {
	have := r.Header.Get("If-Range")
	return have == "" || tag != "" && strings.TrimSpace(have) == tag
}
