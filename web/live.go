package web

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"

	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// The file as its source has it now can be compared with its versions, where the source is this machine's. It is opened
// as a file of a snapshot is: by handles, name by name, following no link; and only what the newest snapshot has, too.

// liveName is what the file of now is called in an address, in the place of a snapshot.
const liveName = "now"

// source is the folder that files of the newest snapshot came from, nil where it is not here.
func (q *question) source() (*file.Dir, error) {
	h := q.d.Newest()
	host, err := os.Hostname()
	if h == nil || h.Source == "" || err != nil || h.Host != "" && h.Host != host {
		return nil, nil
	}
	root, err := file.OpenRoot(h.Source)
	if err != nil {
		return nil, nil //nolint:nilerr // it is not here, and that is all
	}
	return root, nil
}

// sourceIsHere reports whether there is something to compare with.
func (q *question) sourceIsHere() (bool, error) {
	root, err := q.source()
	if root == nil || err != nil {
		return false, err
	}
	return true, root.Close()
}

// openLive opens the file path as it is now: fs.ErrNotExist where it is not there, or its source is not here.
func (q *question) openLive(path string) (f *file.File, s file.Stat, err error) {
	root, err := q.source()
	if err != nil {
		return nil, s, err
	}
	if root == nil {
		return nil, s, fs.ErrNotExist
	}
	defer root.Close()
	if f, err = file.OpenBelow(root, path); err != nil {
		return nil, s, err
	}
	if s, err = f.Stat(); err == nil && s.Kind != file.Regular {
		err = errors.New(quote.Path(path) + ": is no regular file")
	}
	if err != nil {
		return nil, s, errors.Join(err, f.Close())
	}
	return f, s, nil
}

// livesNow is the file as its source has it, after its last version; nil where there is nothing to compare.
func (q *question) livesNow(all []*life) *life {
	newest := q.d.Newest()
	i := slices.IndexFunc(all, func(l *life) bool {
		return l.Version.Last == q.newest() && l.Held() && l.Is() && l.To == ""
	})
	if i < 0 {
		return nil
	}
	f, s, err := q.openLive(all[i].Path)
	if err != nil {
		return nil
	}
	defer f.Close()
	at := *newest
	at.Name, at.Time = liveName, q.now
	v := query.Version{Path: all[i].Path, Record: &record.Record{Stat: s, Stored: record.Copied}, First: q.newest(),
		Last: q.newest(), Change: record.Modified}
	n := &life{Version: v, First: &at, Last: &at, Now: true, Raw: q.Live(all[i].Path)}
	n.Alike = s.Size == all[i].Record.Size && s.Mtime == all[i].Record.Mtime
	return n
}

// live answers with the bytes of a file as it is now.
func (q *question) live() error {
	q.w.Header().Set("Content-Security-Policy", rawPolicy)
	dest := q.r.Header.Get("Sec-Fetch-Dest")
	if !mayTake(dest) {
		return &statusError{http.StatusForbidden, errNotForThat}
	}
	at, err := parsePath(q.rest)
	if err != nil {
		return err
	}
	if err := q.open(); err != nil {
		return err
	}
	h := q.d.Newest()
	if h == nil {
		return q.nothingYet()
	}
	r, _, err := q.d.DB.Lookup(q.ctx, h.Seq, at)
	if err != nil {
		return query.IndexHint(err, q.o.Dir)
	}
	if r.Kind != file.Regular {
		return notFound(errors.New(quote.Path(at) + ": is no regular file"))
	}
	f, s, err := q.openLive(at)
	if err != nil {
		return notFound(err)
	}
	defer f.Close()
	if err := q.release(); err != nil {
		return err
	}
	_, name := record.Split(at)
	kind, inline := rawType(name, dest == "image")
	head := q.w.Header()
	head.Set("Content-Type", kind)
	head.Set("Content-Disposition", disposition(name, inline))
	head.Set("Content-Length", strconv.FormatInt(s.Size, 10))
	q.w.WriteHeader(http.StatusOK)
	if q.r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(q.patient(), io.LimitReader(f, s.Size))
	return abort(err)
}
