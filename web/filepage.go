package web

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// filePage is one file through all snapshots, and two versions of it side by side.
type filePage struct {
	Path   string
	Crumbs []crumb
	Name   string
	Lives  []*life // the newest first
	Names  int     // under so many names
	A, B   *life   // what is compared; A is nil where B stands alone
	Kind   string  // how it is shown: "image", "audio", "video", "text" or "facts"
	View   string
	Views  []viewLink
	Text   *shownText
	Facts  bool
	Shut   string // why the bytes cannot be had
	Hints  []string
	Same   bool // both hold the same bytes

	zone *time.Location
	size func(n int64) string
}

// viewLink leads to another way to show the two.
type viewLink struct {
	Name, URL string
	Open      bool
}

// life is a step in the life of the file: a version of it, or that it was removed.
type life struct {
	query.Version
	First, Last *record.Header
	Delta       int64  // bytes, against the version before
	HasDelta    bool   // else there is none to compare with
	URL         string // shows it as B
	Pick        string // shows it as A
	IsA, IsB    bool
	Raw         string
	Hash        string
	Note        string
}

// Held reports whether there is something to show.
func (l *life) Held() bool { return l.Change != record.Removed && l.Record.Held() }

// Is reports whether it is a regular file.
func (l *life) Is() bool { return l.Record.Kind == file.Regular }

// shownText are the lines of one version, or how two differ.
type shownText struct {
	textDiff
	Split  bool
	Alone  bool   // B alone, not a difference
	Cut    int    // so many lines are not shown
	Reason string // why there is nothing to show
}

// linesShown is how many lines of one version a page has, or of a difference.
const linesShown = 5000

func (q *question) file() error {
	at, err := parsePath(q.rest)
	if err != nil {
		return err
	}
	if err := q.open(); err != nil {
		return err
	}
	if len(q.d.Snapshots) == 0 {
		return errEmpty
	}
	steps, err := q.d.Life(q.ctx, at, true)
	if err != nil {
		return query.IndexHint(err, q.o.Dir)
	}
	if len(steps) == 0 {
		_, name := record.Split(at)
		return notFound(hint.With(errors.New(quote.Path(at)+": in no snapshot"), "to search for the name: snap find %s",
			quote.Word(name)))
	}
	p := &filePage{Path: at, View: q.form.Get("view"), zone: q.now.Location(), size: q.style().Size}
	_, p.Name = record.Split(at)
	if err := q.lives(p, steps); err != nil {
		return err
	}
	if p.B.Record.Kind == file.Folder && q.form.Get("a") == "" {
		pos := p.B.Version.First
		if asked, err := q.d.Resolver().Resolve(snapshotOf(q.form.Get("b"))); err == nil {
			pos = asked
		}
		http.Redirect(q.w, q.r, q.Files(q.header(pos).Name, p.B.Path), http.StatusSeeOther)
		return nil
	}
	p.Crumbs = q.crumbs(q.header(p.B.Version.First), parent(at))
	if err := q.show(p); err != nil {
		return err
	}
	if err := q.release(); err != nil {
		return err
	}
	return q.write(http.StatusOK, "file", view{Title: quote.Name(p.Name), Nav: "files", Body: p})
}

// snapshotOf is the snapshot in "REF:PATH"; an empty one is the newest.
func snapshotOf(ref string) string {
	if ref == "" {
		return "latest"
	}
	ref, _, _ = strings.Cut(ref, ":")
	return ref
}

// lives fills in the steps, and chooses the two that are looked at.
func (q *question) lives(p *filePage, steps []query.Version) error {
	names := map[string]bool{}
	var all []*life
	for i := range steps {
		v := steps[i]
		l := &life{Version: v, First: q.header(v.First), Last: q.header(v.Last), Note: noteOf(v.Record)}
		if v.Change == record.Removed {
			l.Note = ""
		}
		if l.Record.Has(record.Hashed) {
			l.Hash = hex.EncodeToString(l.Record.Hash[:])
		}
		l.Raw = q.Raw(l.First.Name, v.Path)
		names[v.Path] = true
		all = append(all, l)
	}
	p.Names = len(names)
	b, err := q.chosen(all, q.form.Get("b"), p.Path)
	if err != nil {
		return err
	}
	if b < 0 {
		b = len(all) - 1
		for b > 0 && !all[b].Held() {
			b--
		}
	}
	a, err := q.chosen(all, q.form.Get("a"), p.Path)
	if err != nil {
		return err
	}
	if q.form.Get("a") == "" {
		a = b - 1
		for a >= 0 && (!all[a].Held() || all[a].Version.First == all[b].Version.First) {
			a--
		}
	}
	p.B = all[b]
	p.B.IsB = true
	if a >= 0 && a != b {
		p.A = all[a]
		p.A.IsA = true
	}
	name := func(l *life) string {
		if l.Path == p.Path {
			return l.First.Name
		}
		return l.First.Name + ":" + l.Path
	}
	before := map[string]int64{}
	for i, l := range all {
		l.URL = q.File(p.Path, "b", name(l))
		l.Pick = q.File(p.Path, "a", name(l), "b", name(p.B), "view", p.View)
		from := l.Path
		if l.From() != "" {
			from = l.From()
		}
		if size, ok := before[from]; ok && i > 0 {
			l.Delta, l.HasDelta = l.Record.Size-size, true
		}
		before[l.Path] = l.Record.Size
	}
	for i := len(all) - 1; i >= 0; i-- {
		p.Lives = append(p.Lives, all[i])
	}
	return nil
}

// chosen is the step that "REF" or "REF:PATH" names, -1 for none. A REF without a path means that of the page.
func (q *question) chosen(all []*life, asked, path string) (int, error) {
	if asked == "" {
		return -1, nil
	}
	ref, at, named := strings.Cut(asked, ":")
	if named && strings.HasPrefix(asked, "tag:") {
		ref, at, named = asked, "", false
	}
	pos, err := q.d.Resolver().Resolve(ref)
	if err != nil {
		return -1, notFound(err)
	}
	if !named {
		at = path
	}
	best := -1
	for i, l := range all {
		if l.Version.First > pos || pos > l.Version.Last {
			continue
		}
		if l.Path == at {
			return i, nil
		}
		if l.Held() || best < 0 {
			best = i
		}
	}
	return best, nil
}

// show decides how the two are shown, and reads them.
func (q *question) show(p *filePage) error {
	same := p.A != nil && p.A.Held() && p.B.Held() && p.A.Is() && p.B.Is() && p.A.Hash != "" && p.A.Hash == p.B.Hash
	p.Same = same
	p.Kind = "facts"
	p.Facts = true
	switch {
	case p.B.Change == record.Removed:
		p.Shut = "Here it was removed; the versions before are in the list."
		return nil
	case !p.B.Held():
		p.Shut = "No snapshot holds this version: it " + p.B.Note + "."
		return nil
	case !p.B.Is():
		return nil
	}
	if err := q.d.Missing(q.ctx, p.B.First, p.B.Path, "cat"); err != nil {
		q.tell(p, err)
		return nil
	}
	switch mediaOf(p.Name) {
	case "image":
		p.Kind, p.Facts = "image", false
		if p.A != nil && (!p.A.Held() || !p.A.Is() || !q.d.Present(p.A.First)) {
			p.A = nil
		}
		q.views(p, "Beside", "", "Swipe", "swipe", "Difference", "difference")
		return nil
	case "audio", "video":
		p.Kind = mediaOf(p.Name)
		return nil
	}
	if p.B.Record.Size > textMost {
		return nil
	}
	b, isText, err := q.read(p, p.B)
	if err != nil || !isText {
		return err
	}
	p.Kind, p.Facts = "text", false
	q.views(p, "Unified", "", "Split", "split")
	p.Text = &shownText{Split: p.View == "split"}
	if p.A == nil || !p.A.Held() || !p.A.Is() || p.A.Record.Size > textMost || !q.d.Present(p.A.First) {
		p.Text.alone(b)
		return nil
	}
	a, isText, err := q.read(p, p.A)
	if err != nil {
		return err
	}
	if !isText {
		p.Text.alone(b)
		return nil
	}
	var ok bool
	if p.Text.textDiff, ok = diffTexts(a, b); !ok {
		p.Text.Reason = "The two are too long to be compared here."
	}
	p.Text.cut()
	return nil
}

// views are the ways to show the two, pairs of a name and a word.
func (q *question) views(p *filePage, pairs ...string) {
	if p.A == nil {
		p.View = ""
		return
	}
	known := false
	for i := 0; i < len(pairs); i += 2 {
		known = known || pairs[i+1] == p.View
	}
	if !known {
		p.View = ""
	}
	for i := 0; i < len(pairs); i += 2 {
		p.Views = append(p.Views, viewLink{pairs[i], q.File(p.Path, "a", q.form.Get("a"), "b", q.form.Get("b"), "view",
			pairs[i+1]),
			pairs[i+1] == p.View})
	}
}

// read reads a version that may be a text. What is wrong with its bytes is told on the page.
func (q *question) read(p *filePage, l *life) (content string, isText bool, err error) {
	f, err := q.d.OpenFile(q.ctx, l.First, l.Path)
	if err == nil {
		var b []byte
		b, err = io.ReadAll(io.LimitReader(f, textMost+1))
		f.Close()
		content = string(b)
	}
	switch {
	case q.ctx.Err() != nil:
		return "", false, q.ctx.Err()
	case err != nil:
		q.tell(p, q.d.Elsewhere(q.ctx, err, l.First, l.Path, "cat"))
		return "", false, nil
	}
	if !isTextual(content) {
		return "", false, nil
	}
	return strings.ToValidUTF8(content, "\uFFFD"), true, nil
}

// tell puts on the page why bytes cannot be had, and where they are still.
func (q *question) tell(p *filePage, err error) {
	p.Shut = capital(quote.Clean(err.Error()))
	p.Kind, p.Facts = "facts", true
	for _, line := range hint.Lines(err, asText) {
		p.Hints = append(p.Hints, quote.Clean(line))
	}
}

// isTextual reports whether somebody can read it: no NUL, and hardly a byte that is no UTF-8.
func isTextual(s string) bool {
	head := s[:min(len(s), 64<<10)]
	if bytes.IndexByte([]byte(head), 0) >= 0 {
		return false
	}
	bad := 0
	for i := 0; i < len(head); {
		r, n := utf8.DecodeRuneInString(head[i:])
		if r == utf8.RuneError && n == 1 || r < 0x20 && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != 0x1b {
			bad++
		}
		i += n
	}
	return bad <= len(head)/20
}

// mediaOf is "image", "audio" or "video" for a file that a browser shows safely, "" for others.
func mediaOf(name string) string {
	kind, inline := rawType(name, true)
	if !inline || strings.HasPrefix(kind, "text/") {
		return ""
	}
	word, _, _ := strings.Cut(kind, "/")
	return word
}

// alone shows one version.
func (t *shownText) alone(b string) {
	t.Alone = true
	h := hunk{}
	if windows(b) {
		b = strings.ReplaceAll(b, "\r\n", "\n")
	}
	for i, s := range splitLines(b) {
		h.Lines = append(h.Lines, line{Mark: sameLine, B: i + 1, Parts: []part{{Text: s}}})
	}
	t.Hunks = []hunk{h}
	t.cut()
}

// cut leaves out what is too much for a page.
func (t *shownText) cut() {
	left := linesShown
	for i := range t.Hunks {
		h := &t.Hunks[i]
		if n := len(h.Lines); n > left {
			t.Cut += n - left
			h.Lines = h.Lines[:left]
		}
		left -= len(h.Lines)
	}
	for n := len(t.Hunks); n > 0 && len(t.Hunks[n-1].Lines) == 0 && t.Cut > 0; n-- {
		t.Hunks = t.Hunks[:n-1]
	}
}

// fact is one thing that is known of both versions.
type fact struct {
	Name, A, B string
	Differs    bool
}

// Sheet are the facts of both.
func (p *filePage) Sheet() (all []fact) {
	of := func(l *life) map[string]string {
		if l == nil {
			return nil
		}
		r := l.Record
		m := map[string]string{"Kind": r.Kind.String(), "Path": quote.Path(l.Path),
			"Mode":  text.Permissions(&r.Stat),
			"Owner": text.Owner(l.First.Users, r.UID), "Group": text.Owner(l.First.Groups, r.GID),
			"Modified": r.Mtime.Time().In(p.zone).Format("2 Jan 2006, 15:04:05"),
			"In":       text.Plural(l.Count(), "snapshot", "snapshots"),
		}
		if l.Is() {
			m["Size"], m["SHA-256"] = p.size(r.Size)+" ("+text.Plural(r.Size, "byte", "bytes")+")", l.Hash
		}
		if r.Kind == file.Symlink {
			m["Leads to"] = quote.Name(r.Target)
		}
		return m
	}
	a, b := of(p.A), of(p.B)
	for _, name := range []string{"Kind", "Path", "Size", "Leads to", "Modified", "Mode", "Owner", "Group", "SHA-256",
		"In"} {
		if a[name] == "" && b[name] == "" {
			continue
		}
		f := fact{name, a[name], b[name], p.A != nil && a[name] != b[name]}
		all = append(all, f)
	}
	return all
}
