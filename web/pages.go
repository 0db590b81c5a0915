package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"snap/cli/report"
	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
)

// pages are the templates. Names come into them as they are, and are shown through quote by the functions here; html/
// template escapes what is left. No function here returns a type that it takes for safe.
type pages struct{ all map[string]*template.Template }

// pageNames are the templates of screens; each defines "body", and blocks of it that scripts ask for.
var pageNames = []string{"overview", "snapshots", "files", "file", "find", "error"}

func newPages(s *site) (*pages, error) {
	p := &pages{map[string]*template.Template{}}
	base, err := template.New("layout").Funcs(s.funcs()).ParseFS(embedded, "tmpl/layout.html", "tmpl/icons.html",
		"tmpl/parts.html")
	if err != nil {
		return nil, err
	}
	for _, name := range pageNames {
		t, err := base.Clone()
		if err == nil {
			_, err = t.ParseFS(embedded, "tmpl/"+name+".html")
		}
		if err != nil {
			return nil, err
		}
		p.all[name] = t
	}
	return p, nil
}

// view is what a page is made of.
type view struct {
	Title string
	Nav   string // which of the screens it is
	Body  any

	Theme    string // "light", "dark" or "" as the browser has it
	Here     string // the address, below the base
	Find     string // what was searched for
	Root     bool
	ReadOnly bool
	Dest     string
}

// write answers with a page, or with the block of it that a script asks for. It is made whole before it is sent.
func (q *question) write(status int, page string, v view) error {
	v.Theme, v.Here, v.Find = q.chosenTheme(), q.r.URL.RequestURI(), q.form.Get("q")
	v.Root, v.ReadOnly, v.Dest = q.o.Root, q.o.ReadOnly, q.o.Dir
	t := q.pages.all[page]
	block := "layout"
	if asked := q.r.Header.Get("Snap-Fragment"); asked != "" && page != "error" {
		if block = "part-" + asked; t.Lookup(block) == nil {
			return &statusError{http.StatusBadRequest, errNoPart}
		}
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, block, v); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.Header().Set("Vary", "Snap-Fragment")
	q.w.WriteHeader(status)
	_, err := q.w.Write(b.Bytes())
	return abort(err)
}

// themes are what can be chosen.
func (q *question) chosenTheme() string {
	c, err := q.r.Cookie("theme")
	if err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// theme takes the choice of light or dark, for browsers without scripts too.
func (q *question) theme() error {
	value := q.r.PostForm.Get("to")
	if value != "light" && value != "dark" {
		value = ""
	}
	http.SetCookie(q.w, &http.Cookie{
		Name: "theme", Value: value, Path: q.base + "/", MaxAge: 365 * 24 * 3600, Secure: q.o.TLS != nil,
		SameSite: http.SameSiteStrictMode,
	})
	to := q.r.PostForm.Get("at")
	if !strings.HasPrefix(to, q.base+"/") {
		to = q.Home()
	}
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

// style is how sizes are written.
func (s *site) style() text.Style {
	return text.Style{Units: s.o.Units, Zone: s.o.Now().Location(), Now: s.o.Now}
}

// printer has the words of the commands.
func (s *site) printer() *report.Printer {
	return &report.Printer{Style: s.style(), Program: "snap", Typed: asText}
}

// funcs are what templates call.
func (s *site) funcs() template.FuncMap {
	zone := s.o.Now().Location()
	at := func(layout string) func(t time.Time) string {
		return func(t time.Time) string {
			if t.IsZero() {
				return "–"
			}
			return t.In(zone).Format(layout)
		}
	}
	short := func(t time.Time) string {
		if t = t.In(zone); t.Year() == s.o.Now().Year() {
			return t.Format("2 Jan")
		}
		return t.Format("2 Jan 2006")
	}
	stamp := func(t time.Time) string { return short(t) + t.In(zone).Format(", 15:04") }
	return template.FuncMap{
		"home": s.Home, "files": s.Files, "file": s.File, "find": s.Find, "raw": s.Raw, "archive": s.Archive,
		"static": s.Static, "theme": s.Theme, "monthly": s.Snapshots,

		"name": nameText, "clean": quote.Clean, "base": func(p string) string { return path.Base(p) },
		"last": func(p string) string { _, n := record.Split(p); return nameText(n) },
		"dir":  dirText, "word": shellWord, "field": fieldText,

		"bytes": s.style().Size, "comma": func(n int64) string { return humanize.Comma(n) },
		"signed": s.signed, "plural": func(n any, one, many string) string { return text.Plural(asInt(n), one, many) },
		"ago": s.ago, "date": at("Mon, 2 Jan 2006, 15:04"), "day": at("2 Jan 2006"), "hour": at("15:04"),
		"weekday": at("Monday, 2 January"), "month": at("January 2006"), "short": short, "stamp": stamp,
		"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"ftime": func(t file.Time) time.Time { return t.Time() },
		"add":   func(a, b int) int { return a + b },
		"icon":  iconOf,
		"shown": lineText,
		"glob":  globIn,
	}
}

func asInt(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// signed is by how much something grew.
func (s *site) signed(n int64) string {
	if n < 0 {
		return "−" + s.style().Size(-n)
	}
	return "+" + s.style().Size(n)
}

// ago is how long ago a time was, in words.
func (s *site) ago(t time.Time) string {
	now := s.o.Now()
	if d := now.Sub(t); d >= 0 && d < time.Minute {
		return "just now"
	}
	return humanize.RelTime(t, now, "ago", "from now")
}

// dirText is the folder that a path is in, as it stands before its name.
func dirText(p string) string {
	dir, _ := record.Split(p)
	if dir == "" {
		return ""
	}
	return nameText(dir) + "/"
}

// iconOf is the picture of a kind of file.
func iconOf(kind file.Kind, name string) string {
	switch kind {
	case file.Folder:
		return "folder"
	case file.Symlink:
		return "link"
	case file.Regular:
	default:
		return "file"
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".svg", ".heic", ".tif", ".tiff", ".raw":
		return "image"
	case ".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v":
		return "video"
	case ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".wav", ".aac":
		return "music"
	case ".zip", ".tar", ".gz", ".xz", ".zst", ".bz2", ".7z", ".rar", ".tgz":
		return "archive"
	case ".csv", ".ods", ".xls", ".xlsx", ".tsv":
		return "table"
	case ".go", ".c", ".h", ".cc", ".cpp", ".py", ".rs", ".js", ".ts", ".sh", ".html", ".css", ".json", ".xml", ".yaml",
		".yml", ".toml", ".java", ".rb", ".php", ".sql", ".lua", ".pl", ".mk", ".diff", ".patch":
		return "code"
	case ".txt", ".md", ".odt", ".doc", ".docx", ".rtf", ".tex", ".log", ".ini", ".conf", ".pdf", ".epub", ".org":
		return "text"
	}
	return "file"
}

// abort ends an answer that cannot be brought to its end: the connection breaks, so that nobody takes the beginning for
// all of it. nil goes on.
func abort(err error) error {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// lineText is a stretch of a line of a text: what could mislead a reader is seen, tabs stay.
func lineText(s string) string {
	if quote.Harmless(s) {
		return s
	}
	stretches := strings.Split(s, "\t")
	for i := range stretches {
		stretches[i] = quote.Clean(stretches[i])
	}
	return strings.Join(stretches, "\t")
}

// nameText is a name as a page shows it: blanks at its ends would not be seen.
func nameText(name string) string {
	if strings.TrimSpace(name) != name {
		return strconv.Quote(name)
	}
	return quote.Name(name)
}

// shellWord is a word for a shell as a page shows it. What could mislead a reader is written as bash, zsh and ksh read
// it back.
func shellWord(s string) string {
	if quote.Harmless(s) {
		return quote.Word(s)
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, quote.Dangerous(r):
			for _, c := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
			// what comes next must not be taken for another digit
			if rest := s[i+n:]; rest != "" && strings.IndexByte("0123456789abcdefABCDEF", rest[0]) >= 0 {
				b.WriteString("'$'")
			}
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	b.WriteByte('\'')
	return b.String()
}

// fieldText is what somebody typed, for the field that it was typed into.
func fieldText(s string) string {
	return strings.Map(func(r rune) rune {
		if quote.Dangerous(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// globIn is a pattern for what is directly in a folder.
func globIn(path string) string {
	if path == "" {
		return "*"
	}
	return globQuoter.Replace(path) + "/*"
}

// globQuoter makes a path a pattern that fits that path alone.
var globQuoter = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)
