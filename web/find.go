package web

import (
	"net/http"
	"strings"

	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
	"snap/record"
)

// findPage is a search in all snapshots.
type findPage struct {
	Query   string
	Deleted bool
	Regex   bool
	Kind    string
	Size    string
	Since   string
	In      string
	Found   []found
	More    int
	Beyond  bool // there are more than were counted
	Error   *problem
	Command string
}

// found is one path and its versions.
type found struct {
	Path        string
	Newest      *query.Version
	Versions    int
	First, Last *record.Header
	Gone        bool
	URL         string
	Restore     string // where it is brought back, if it is deleted; "" if it cannot be
}

const (
	foundShown   = 200
	foundCounted = 5000
)

func (q *question) find() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	p := &findPage{
		Query: strings.TrimSpace(q.form.Get("q")), Deleted: q.form.Get("deleted") != "", Regex: q.form.Get("regex") != "",
		Kind: q.form.Get("type"), Size: q.form.Get("size"), Since: q.form.Get("since"), In: q.form.Get("in"),
	}
	status := http.StatusOK
	if p.Query != "" {
		if err := q.search(p); err != nil {
			if q.ctx.Err() != nil {
				return err
			}
			var code int
			if status, code = statusOf(q.ctx, err); status == http.StatusInternalServerError && code != 1 {
				return err
			}
			p.Error = problemOf(err, status)
			if q.r.Header.Get("Snap-Fragment") != "" {
				status = http.StatusOK // while somebody types, what is half typed is no error
			}
		}
	}
	if err := q.release(); err != nil {
		return err
	}
	title := "Find"
	if p.Query != "" {
		title = "Find " + quote.Name(p.Query)
	}
	return q.write(status, "find", view{Title: title, Nav: "find", Body: p})
}

// filter is what the address asks for, as the flags of `snap find` do.
func (q *question) filter(patterns []string) (*query.Filter, error) {
	f := &query.Filter{
		Patterns: patterns, Regex: q.form.Get("regex") != "", IgnoreCase: q.form.Get("ignore_case") != "",
		In: q.form.Get("in"), Deleted: q.form.Get("deleted") != "",
	}
	switch t := q.form.Get("type"); t {
	case "":
	case "f", "d", "l":
		f.Kind = map[string]file.Kind{"f": file.Regular, "d": file.Folder, "l": file.Symlink}[t]
	default:
		return nil, hint.Usagef("type is f, d or l")
	}
	var err error
	if s := q.form.Get("size"); s != "" {
		if f.Size, err = text.ParseSizeTest(s); err != nil {
			return nil, hint.Usagef("size: %s", err)
		}
	}
	if s := q.form.Get("since"); s != "" {
		if f.Since, _, err = when.Parse(s, q.now); err != nil {
			return nil, hint.Usagef("since: %s", err)
		}
	}
	if s := q.form.Get("until"); s != "" {
		if _, f.Until, err = when.Parse(s, q.now); err != nil {
			return nil, hint.Usagef("until: %s", err)
		}
	}
	return f, nil
}

// search fills in what is found.
func (q *question) search(p *findPage) error {
	f, err := q.filter([]string{partOf(p.Query, p.Regex)})
	if err != nil {
		return err
	}
	// Who types a large letter means it, and a path is looked up at once as it stands.
	small := p.Query == strings.ToLower(p.Query)
	f.IgnoreCase = small && !strings.Contains(p.Query, "/")
	if err := q.openSome(); err != nil {
		return err
	}
	if err := q.release(); err != nil { // a search may take long, and a backup must not wait for it
		return err
	}
	err = q.collect(p, f)
	if wider := partOfPath(p.Query); err == nil && len(p.Found) == 0 && !p.Regex && wider != "" {
		as := *f
		as.Patterns, as.IgnoreCase = []string{wider}, small
		if err = q.collect(p, &as); len(p.Found) > 0 {
			f = &as
		}
	}
	p.Command = q.findCommand(f)
	return err
}

// partOf is what somebody means who types a word: a part of a name. With a "*" or a "?" it is a glob, with a "/" a
// path.
func partOf(typed string, regex bool) string {
	if regex || strings.ContainsAny(typed, "*?/") {
		return typed
	}
	return "*" + globQuoter.Replace(typed) + "*"
}

// partOfPath is what a path means that nothing is at: a part of a path. It is "" for what says where it begins.
func partOfPath(typed string) string {
	typed = strings.TrimSuffix(typed, "/")
	if !strings.Contains(typed, "/") || strings.ContainsAny(typed, "*?") || typed[0] == '/' || typed[0] == '.' {
		return ""
	}
	return "**/*" + globQuoter.Replace(typed) + "*"
}

// collect fills in what f finds, those first whose name is what was typed.
func (q *question) collect(p *findPage, f *query.Filter) error {
	var others []found
	for all, err := range q.d.Find(q.ctx, f) {
		if err != nil {
			return query.IndexHint(err, q.o.Dir)
		}
		_, name := record.Split(all[0].Path)
		exact := strings.EqualFold(name, p.Query)
		switch {
		case exact && len(p.Found) < foundShown:
			p.Found = append(p.Found, q.foundOf(all))
		case !exact && len(others) < foundShown:
			others = append(others, q.foundOf(all))
		default:
			p.More++
		}
		if p.More == foundCounted {
			p.Beyond = true
			break
		}
	}
	n := min(len(others), foundShown-len(p.Found))
	p.More += len(others) - n
	p.Found = append(p.Found, others[:n]...)
	return nil
}

// findCommand is the command that gives the same answer.
func (q *question) findCommand(f *query.Filter) string {
	c := "snap find" + q.here()
	for _, is := range []struct {
		so   bool
		flag string
	}{{f.IgnoreCase, " -i"}, {f.Regex, " --regex"}, {f.Deleted, " --deleted"}} {
		if is.so {
			c += is.flag
		}
	}
	for _, name := range []string{"type", "size", "since", "until", "in"} {
		if v := q.form.Get(name); v != "" {
			c += " --" + name + " " + shellWord(v)
		}
	}
	if strings.HasPrefix(f.Patterns[0], "-") {
		c += " --"
	}
	return c + " " + shellWord(f.Patterns[0])
}

// foundOf is one path for the page.
func (q *question) foundOf(all []query.Version) found {
	v := &all[len(all)-1]
	f := found{
		Path: v.Path, Newest: v, Versions: len(all), First: q.header(all[0].First), Last: q.header(v.Last),
		Gone: v.Last != q.newest(), URL: q.File(v.Path, "b", q.header(v.Last).Name),
	}
	if v.Record.Kind == file.Folder {
		f.URL = q.Files(f.Last.Name, v.Path)
	}
	if v.Deleted && v.To == "" && v.Record.Held() && !q.o.ReadOnly && q.d.Present(f.Last) {
		f.Restore = q.Restore(f.Last.Name, v.Path)
	}
	return f
}
