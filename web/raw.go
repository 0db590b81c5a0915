package web

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// The bytes of a backed-up file are the most dangerous thing here: anybody may have written them, and they come from
// our own address. So a browser is never told a type that could run, they are in a sandbox, and they are given to
// nothing but a download, a picture, a player and a script of ours that reads them.

// safeTypes are the types that a browser shows without running anything, by the end of a name.
var safeTypes = map[string]string{
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".avif": "image/avif", ".bmp": "image/bmp",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg", ".flac": "audio/flac",
	".wav": "audio/wav", ".m4a": "audio/mp4", ".aac": "audio/aac",
	".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm", ".ogv": "video/ogg", ".mov": "video/quicktime",
	".txt": "text/plain; charset=utf-8", ".md": "text/plain; charset=utf-8", ".log": "text/plain; charset=utf-8",
	".csv": "text/plain; charset=utf-8", ".tsv": "text/plain; charset=utf-8", ".ini": "text/plain; charset=utf-8",
	".conf": "text/plain; charset=utf-8",
}

// rawType is the type that the bytes of a file are given as, and whether a browser may show them; what it may not show
// it saves. A picture of ours may be an SVG, in which a browser runs nothing.
func rawType(name string, picture bool) (kind string, inline bool) {
	end := strings.ToLower(path.Ext(name))
	if kind, ok := safeTypes[end]; ok {
		return kind, true
	}
	if end == ".svg" && picture {
		return "image/svg+xml", true
	}
	return "application/octet-stream", false
}

// mayTake reports whether the bytes of a backup may be given to what asks. A script, a frame or a style sheet is none
// of ours.
func mayTake(dest string) bool {
	switch dest {
	case "", "empty", "document", "image", "audio", "video":
		return true
	}
	return false
}

const (
	rawPolicy = "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
	heldBack  = 64 << 10 // of a file, until its hash is known
	stallTime = time.Minute
)

var errNotForThat = errors.New("the bytes of a backup are not given to scripts, styles and frames")

// raw answers with the bytes of a file, as they were backed up: what is not, fails.
func (q *question) raw() error {
	q.w.Header().Set("Content-Security-Policy", rawPolicy)
	dest := q.r.Header.Get("Sec-Fetch-Dest")
	if !mayTake(dest) {
		return &statusError{http.StatusForbidden, errNotForThat}
	}
	ref, at, err := parseBelow(q.rest)
	if err != nil {
		return err
	}
	pos, ok, err := q.snapshot(ref, func(name string) string { return q.Raw(name, at) + rawQuery(q.r) })
	if err != nil || !ok {
		return err
	}
	h := q.header(pos)
	r, _, err := q.d.DB.Lookup(q.ctx, h.Seq, at)
	if err != nil {
		return query.IndexHint(err, q.o.Dir)
	}
	if r.Kind != file.Regular {
		return notFound(fmt.Errorf("%s: is no regular file but a %s", quote.Path(at), r.Kind))
	}
	if err := q.d.Missing(q.ctx, h, at, "cat"); err != nil {
		return notFound(err)
	}
	f, err := q.d.OpenFile(q.ctx, h, at)
	if errors.Is(err, fs.ErrNotExist) {
		err = q.d.Elsewhere(q.ctx, err, h, at, "cat")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := q.release(); err != nil {
		return err
	}
	return q.send(f, h, &r, at, dest)
}

// send sends a file. The end of it waits until its hash is known: a browser that was sent a damaged file knows that it
// has not got all of it.
func (q *question) send(f *query.File, h *record.Header, r *record.Record, at, dest string) error {
	_, name := record.Split(at)
	kind, inline := rawType(name, dest == "image")
	v := &verifying{r: f, held: make([]byte, 0, 2*heldBack)}
	head := q.w.Header()
	tag := tagOf(r)
	headers := func() {
		head.Set("Content-Type", kind)
		head.Set("Content-Disposition", disposition(name, inline && !q.form.Has("download")))
		head.Set("Last-Modified", h.Time.UTC().Format(http.TimeFormat))
		head.Set("Accept-Ranges", "none")
		if tag != "" {
			head.Set("Accept-Ranges", "bytes")
			head.Set("ETag", tag)
		}
	}
	if asksPart(q.r) && tag != "" && wants(q.r, tag) {
		headers()
		err := q.part(f, r)
		if err != nil { // nothing was sent, and an error is no file
			for _, name := range []string{"Content-Disposition", "Last-Modified", "Accept-Ranges", "ETag"} {
				head.Del(name)
			}
		}
		return err
	}
	begin := func() {
		headers()
		head.Set("Content-Length", strconv.FormatInt(r.Size, 10))
		if q.r.Header.Get("Range") == "bytes=0-" && tag != "" && r.Size > 0 && wants(q.r, tag) {
			head.Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", r.Size-1, r.Size))
			q.w.WriteHeader(http.StatusPartialContent)
			return
		}
		q.w.WriteHeader(http.StatusOK)
	}
	if q.r.Method == http.MethodHead {
		begin()
		return nil
	}
	first, err := v.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return err // nothing was sent: there is room for a page
	}
	begin()
	w := q.patient()
	for {
		if _, werr := w.Write(first); werr != nil {
			return abort(werr)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return abort(err)
		}
		first, err = v.next()
	}
}

// verifying hands out what it reads, but for the last heldBack bytes, until the reader is at its end and says that all
// was as it should be.
type verifying struct {
	r    io.Reader
	held []byte
	out  []byte
	buf  [32 << 10]byte
}

// next are the next bytes; with io.EOF the last ones, with another error none.
func (v *verifying) next() ([]byte, error) {
	for {
		n, err := v.r.Read(v.buf[:])
		v.held = append(v.held, v.buf[:n]...)
		switch {
		case errors.Is(err, io.EOF):
			return v.held, io.EOF
		case err != nil:
			return nil, err
		case len(v.held) > heldBack:
			ready := len(v.held) - heldBack
			v.out = append(v.out[:0], v.held[:ready]...)
			v.held = v.held[:copy(v.held, v.held[ready:])]
			return v.out, nil
		}
	}
}

// disposition says what a file is called, and whether it is shown.
func disposition(name string, inline bool) string {
	word := "attachment"
	if inline {
		word = "inline"
	}
	var plain, all strings.Builder
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		switch {
		case r == utf8.RuneError && n == 1, quote.Dangerous(r), r == '/', r == '\\':
			plain.WriteByte('_')
			all.WriteByte('_')
		case r > 0x7e || r == '"' || r == '%':
			plain.WriteByte('_')
			all.WriteString(escape(name[i : i+n]))
		default:
			plain.WriteRune(r)
			all.WriteString(escape(name[i : i+n]))
		}
		i += n
	}
	return word + `; filename="` + plain.String() + `"; filename*=UTF-8''` + all.String()
}

// patient is where an answer goes that may take long: who takes nothing of it for a minute is gone.
func (q *question) patient() io.Writer { return &patientWriter{q.w, http.NewResponseController(q.w)} }

type patientWriter struct {
	io.Writer
	c *http.ResponseController
}

func (p *patientWriter) Write(b []byte) (int, error) {
	if err := p.c.SetWriteDeadline(time.Now().Add(stallTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.Writer.Write(b)
}
