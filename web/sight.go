package web

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// shownText are the lines of one version, or how two differ.
type shownText struct {
	textDiff
	Split bool
	Alone bool  // B alone, not a difference
	Cut   int   // so many lines are not shown
	First int64 // of a text too large for a page: so many bytes are shown; 0: it is whole
}

// linesShown is how many lines of one version a page has, or of a difference, and linesPreviewed how many a preview or
// the first part of a large text, of which so many bytes are read.
const (
	firstPart      = 64 << 10
	linesShown     = 5000
	linesPreviewed = 200
)

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
	if !p.B.Now {
		if err := q.d.Missing(q.ctx, p.B.First, p.B.Path, "cat"); err != nil {
			q.tell(p, err)
			return nil
		}
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
	large := p.B.Record.Size > textMost
	most := int64(textMost)
	if large {
		most = firstPart
	}
	b, isText, err := q.read(p, p.B, most)
	switch {
	case err != nil || p.Shut != "":
		return err
	case !isText:
		p.why("No text, and no picture that a browser shows: this is what is known of it.")
		return nil
	case large:
		q.showFirst(p, b)
		return nil
	}
	p.Kind, p.Facts = "text", false
	q.views(p, "Unified", "", "Split", "split")
	p.Text = &shownText{Split: p.View == "split"}
	if p.A == nil {
		p.Text.alone(b, p.lines)
		return nil
	}
	a, why, err := q.other(p)
	if err != nil {
		return err
	}
	if why == "" {
		var ok bool
		if p.Text.textDiff, ok = diffTexts(a, b); ok {
			p.Text.cut(p.lines)
			return nil
		}
		why = "the two have too many lines"
	}
	p.Why = "Not compared: " + why + ". These are the lines of B."
	p.Views = nil
	p.Text.alone(b, p.lines)
	return nil
}

// why says what is shown, where it is not what one expects.
func (p *filePage) why(s string) {
	if p.Why = s; p.Same {
		p.Why = "Both hold the same bytes. " + s
	}
}

// other reads A, which a text is to be compared with; why says what is in the way.
func (q *question) other(p *filePage) (a, why string, err error) {
	switch {
	case !p.A.Held():
		return "", "no snapshot holds A", nil
	case !p.A.Is():
		return "", "A is a " + p.A.Record.Kind.String(), nil
	case p.A.Record.Size > textMost:
		return "", "A has " + p.size(p.A.Record.Size) + ", which is too large for a page", nil
	case !q.d.Present(p.A.First):
		return "", "the folder of A's snapshot is no longer in the destination", nil
	}
	a, isText, err := q.read(p, p.A, textMost)
	if err == nil && !isText {
		why = "A is no text"
		if p.Shut != "" {
			why = "A cannot be read"
		}
	}
	return a, why, err
}

// showFirst shows the beginning of a text that is too large for a page, below what is known of it.
func (q *question) showFirst(p *filePage, b string) {
	p.Kind, p.Text = "text", &shownText{}
	if end := strings.LastIndexByte(b, '\n'); end >= 0 { // a last line that is cut off would look like another
		b = b[:end+1]
	} else {
		b = strings.TrimRight(b, "\uFFFD")
	}
	if p.A == nil {
		p.why("Too large for a page: this is what is known of it, and how it begins.")
	} else {
		p.why("Too large to be compared on a page: this is what is known of the two, and how B begins.")
	}
	p.Text.alone(b, linesPreviewed)
	p.Text.First, p.Text.Cut = 0, 0
	for _, h := range p.Text.Hunks {
		for _, l := range h.Lines {
			p.Text.First += int64(len(l.Parts[0].Text)) + 1
		}
	}
	p.Text.First = min(p.Text.First, int64(len(b)))
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

// read reads a version that may be a text, most bytes of it. What is wrong with its bytes is told on the page.
func (q *question) read(p *filePage, l *life, most int64) (content string, isText bool, err error) {
	f, err := q.bytesOf(l)
	if err == nil {
		var b []byte
		b, err = io.ReadAll(io.LimitReader(f, most))
		f.Close()
		content = string(b)
	}
	switch {
	case q.ctx.Err() != nil:
		return "", false, q.ctx.Err()
	case err != nil && l.Now:
		q.tell(p, err)
		return "", false, nil
	case err != nil:
		q.tell(p, q.d.Elsewhere(q.ctx, err, l.First, l.Path, "cat"))
		return "", false, nil
	}
	if !isTextual(content) {
		return "", false, nil
	}
	return strings.ToValidUTF8(content, "\uFFFD"), true, nil
}

// bytesOf opens a version, or what is there now.
func (q *question) bytesOf(l *life) (io.ReadCloser, error) {
	if !l.Now {
		return q.d.OpenFile(q.ctx, l.First, l.Path)
	}
	f, _, err := q.openLive(l.Path)
	if err != nil {
		return nil, err
	}
	return f, nil
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
func (t *shownText) alone(b string, most int) {
	t.Alone = true
	h := hunk{}
	if windows(b) {
		b = strings.ReplaceAll(b, "\r\n", "\n")
	}
	for i, s := range splitLines(b) {
		h.Lines = append(h.Lines, line{Mark: sameLine, B: i + 1, Parts: []part{{Text: s}}})
	}
	t.Hunks = []hunk{h}
	t.cut(most)
}

// cut leaves out what is too much for a page.
func (t *shownText) cut(most int) {
	left := most
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
