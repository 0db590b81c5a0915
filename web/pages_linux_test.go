package web

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"snap/backup/backuptest"
	"snap/internal/long"
	"snap/internal/quote"
	"snap/record"
)

// wellFormed looks at a page as a browser reads it: what every page has to be.
func wellFormed(t *testing.T, at, page string) *html.Node {
	t.Helper()
	n := parsed(t, page)
	ids, heads := map[string]bool{}, 0
	for _, e := range elements(n) {
		if id := attribute(e, "id"); id != "" {
			if ids[id] {
				t.Errorf("%s: two elements are called %s", at, id)
			}
			ids[id] = true
		}
		switch e.Data {
		case "h1":
			heads++
		case "script":
			if attribute(e, "src") == "" && attribute(e, "type") != "application/json" {
				t.Errorf("%s: a script in the page", at)
			}
		case "style", "base", "iframe", "object", "embed", "link", "meta":
			if e.Data != "link" && e.Data != "meta" {
				t.Errorf("%s: a %s", at, e.Data)
			}
		case "input":
			if kind := attribute(e, "type"); kind != "hidden" && attribute(e, "aria-label") == "" && e.Parent.Data != "label" {
				t.Errorf("%s: a field without a label: %v", at, e.Attr)
			}
		case "img":
			if attribute(e, "alt") == "" {
				t.Errorf("%s: a picture without words", at)
			}
		case "button", "a":
			if textOf(e) == "" && attribute(e, "aria-label") == "" && attribute(e, "aria-hidden") == "" {
				t.Errorf("%s: a %s that says nothing: %v", at, e.Data, e.Attr)
			}
		}
		for _, a := range e.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("%s: %s=%q", at, a.Key, a.Val)
			}
		}
	}
	if heads != 1 {
		t.Errorf("%s: %d headings of the first level", at, heads)
	}
	return n
}

// addressesIn are where a page leads: links, forms, pictures.
func addressesIn(n *html.Node) (all []string) {
	for _, e := range elements(n) {
		for _, name := range []string{"href", "src", "action", "formaction"} {
			if v := attribute(e, name); v != "" && !strings.HasPrefix(v, "#") {
				all = append(all, v)
			}
		}
	}
	return all
}

// hostileNames are what somebody who wants to harm, or only an odd program, calls a file.
func hostileNames() (names []string) {
	names = []string{
		`<script>alert(1)<`, `<img src=x onerror=alert(1)>`, `"><svg onload=alert(1)>`, `' onmouseover='alert(1)`,
		`javascript:alert(1)`,
		`data:text;html,<b>`, `{{.}}`, `{{template "layout"}}`, `&lt;b&gt;`, `&amp;`, `a&b=c`, `?q=1`, `#frag`, `%2e%2e`,
		`%00`, `%`, `%zz`,
		`..hidden`, `...`, `-rf`, `--option`, `~`, `$HOME`, "`id`", `$(id)`, `;ls`, `|cat`, `a b`, ` lead`, `trail `, ` `,
		`a\b`, `C:`, `con`,
		"line\nbreak", "cr\rname", "tab\there", "nul-less\x01\x02", "esc\x1b[31m", "\x7f", "bad\xff\xfe", "\xc3\x28",
		"\xed\xa0\x80", "\u202egpj.exe",
		"\u200bzero width", " lines", "\u2066iso\u2069", "\u0301combining", "日本語", "🙂", "ünï", "]]>", "<!--", "-->",
		"<![CDATA[", `\u003cb`,
		"</script>", "</title>", "</textarea>", "<base href=x>", "<form action=x>", `x" y="z`, "a'b", "=1+1", "@SUM",
		"\"quoted\"", "a -> b",
		"latest", "latest~1", "oldest", ".snap", "index.db", "snap-report.txt", "*", "?", "[a-z]", "**", `\`, "!", "^",
		"a..b", "20261121-100000",
		"report.html", "picture.svg", "script.js", "style.css", "x.txt\u202e", "CON.txt", "a.png\x00"[:5], "\u2028.md",
		"\r\n.txt",
		strings.Repeat("x", 255), strings.Repeat("é", 127), strings.Repeat("<", 255), strings.Repeat("\xff", 255),
	}
	for i := 1; i < 256; i++ {
		if i != '/' {
			names = append(names, "b"+string([]byte{byte(i)})+"e")
		}
	}
	for i, s := range []string{"<b>", `"`, "'", "&", "\n", "\u202e", "\xff", "{{", "javascript:"} {
		for _, end := range []string{".txt", ".html", ".png", ".svg", ""} {
			names = append(names, fmt.Sprintf("%s%d%s", s, i, end))
		}
	}
	clean := names[:0]
	seen := map[string]bool{".": true, "..": true, "": true}
	for _, n := range names {
		n = strings.ReplaceAll(n, "/", "_")
		if !seen[n] && len(n) <= 255 && record.ValidPath(n) {
			seen[n] = true
			clean = append(clean, n)
		}
	}
	return clean
}

// hostile is a destination full of them, as folders and files, changed, moved and removed, with odd texts.
func hostile(t testing.TB, names []string) *backuptest.Place {
	p := backuptest.NewPlace(t)
	write := func(path, text string) {
		t.Helper()
		p.Do(os.WriteFile(in(p.Src, path), []byte(text), 0o644))
	}
	p.Do(os.Mkdir(in(p.Src, "all"), 0o755))
	for i, n := range names {
		switch {
		case i%7 == 3:
			p.Do(os.Mkdir(in(p.Src, n), 0o755))
			write(n+"/"+names[(i+1)%len(names)], n)
		case i%7 == 5:
			p.Do(os.Symlink(n, in(p.Src, "all/"+n)))
		default:
			write("all/"+n, n+"\n<script>alert(1)</script>\n")
		}
	}
	snapshot(p, "20261119-100000")
	for i, n := range names {
		switch i % 7 {
		case 0:
			p.Do(os.Remove(in(p.Src, "all/"+n)))
		case 1:
			write("all/"+n, n+"\nchanged \x1b[31m </td> "+n)
		case 3:
			p.Do(os.Rename(in(p.Src, n), in(p.Src, "all/"+n)))
		}
	}
	snapshot(p, "20261120-100000")
	write("all/last", "x")
	snapshot(p, "20261121-100000")
	return p
}

// TestHostileNamesOnEveryPage: a name is text on every page, and every byte of it comes back in its address.
func TestHostileNamesOnEveryPage(t *testing.T) {
	names := hostileNames()
	p := hostile(t, names)
	s := show(t, p)
	if len(names) < 300 {
		t.Fatalf("only %d names", len(names))
	}
	pages := map[string]string{
		"overview": s.Home(), "snapshots": s.site.Snapshots(""), "files": s.Files("20261121-100000", "all"),
		"before": s.Files("20261119-100000", "all"),
		"root":   s.Files("20261119-100000", ""), "find": s.Find("q", "*"), "deleted": s.Find("q", "*", "deleted", "1"),
		"diff": s.Diff("20261119-100000", "20261120-100000", ""), "every entry": s.Diff("20261119-100000",
			"20261120-100000", "all", "unfold", "1"), "back": s.Diff("20261121-100000", "20261119-100000", ""),
	}
	pages["space"], pages["space of all"] = s.site.Space("", "count", "1", "free", "1B"), s.site.Space("all", "count", "1")
	pages["copied"], pages["health"] = s.site.Space("all", "count", "1", "by", "copied"), s.site.Health()+"?look=1"
	pages["keep"], pages["a snapshot"] = s.site.Keep("keep_last", "1"), s.site.Snapshot("20261121-100000")
	for i, n := range names {
		if i%21 == 3 {
			pages["space of "+n] = s.site.Space("all/"+n, "count", "1")
		}
		if i%40 == 1 {
			pages["keep tag "+n] = s.site.Keep("keep_tag", n, "keep_last", "1")
			pages["free "+n] = s.site.Space("", "count", "1", "free", n)
		}
		if i%7 == 3 {
			pages["diff of "+n] = s.Diff("20261119-100000", "20261121-100000", "all/"+n)
			pages["in "+n] = s.Files("20261121-100000", "all/"+n)
			pages["before it was there "+n] = s.Files("20261119-100000", "all/"+n)
			continue
		}
		pages["file "+n] = s.File("all/" + n)
		if i%7 != 0 {
			pages["restore "+n] = s.site.Restore("20261121-100000", "all/"+n)
		}
		if quick := s.get(t, s.File("all/"+n), head("Snap-Fragment", "preview")); strings.Contains(quick, "<script") ||
			!utf8.ValidString(quick) || strings.ContainsFunc(quick, func(r rune) bool {
			return quote.Dangerous(r) && r != '\n' && r != '\t'
		}) {
			t.Errorf("%q: its preview has a script, or what misleads", n)
		}
		if i%10 == 0 {
			pages["split "+n] = s.File("all/"+n, "view", "split")
			pages["find "+n] = s.Find("q", n)
			pages["match "+n] = s.Files("20261121-100000", "all", "match", n)
		}
	}
	tags := map[string]bool{}
	for _, e := range elements(parsed(t, s.get(t, s.File("all/last")))) {
		tags[e.Data] = true
	}
	for _, more := range strings.Fields(`ol ul li dl dt dd div section table tr td th tbody thead a bdi code
		small b mark ins del time figure img figcaption strong i text rect title circle h2 h3 noscript caption colgroup col
		select option label audio video script fieldset legend progress details summary aside
		g tspan pre textarea strong svg path`) {
		tags[more] = true
	}
	odd := url.QueryEscape(s.o.Place.User.Home() + "/new\x1b[1m\u202e<b>")
	for at, body := range map[string]string{
		s.site.Restore("20261119-100000", "all"): "where=there&overwrite=if-changed",
		s.site.Restore("20261119-100000", ""):    "where=folder&target=" + odd,
	} {
		pages[body] = s.do(http.MethodPost, at, form(body)).Header().Get("Location")
	}
	for what, at := range pages {
		a := s.do(http.MethodGet, at)
		if a.Code != http.StatusOK && !((strings.HasPrefix(what, "find ") || strings.HasPrefix(what, "keep ")) &&
			a.Code == http.StatusBadRequest) {
			t.Errorf("%q: %d %.300s", what, a.Code, a.Body)
			continue
		}
		page := a.Body.String()
		if !utf8.ValidString(page) {
			t.Errorf("%q: the page is no UTF-8", what)
		}
		for _, e := range elements(wellFormed(t, what, page)) {
			if !tags[e.Data] {
				t.Errorf("%q: an element %s", what, e.Data)
			}
			for _, name := range []string{"href", "src", "action", "formaction"} {
				if v := attribute(e, name); v != "" && !strings.HasPrefix(v, s.base+"/") && !strings.HasPrefix(v, "?") &&
					!strings.HasPrefix(v, "#") {
					t.Errorf("%q: %s=%q", what, name, v)
				}
			}
		}
		for _, r := range page {
			if quote.Dangerous(r) && r != '\n' && r != '\t' {
				t.Errorf("%q: %q is in the page", what, r)
				break
			}
		}
	}
	for i, n := range names { // the bytes of every file come back by its address
		if i%7 == 3 || i%7 == 5 || i%7 == 0 {
			continue
		}
		want := n + "\n<script>alert(1)</script>\n"
		if got := s.get(t, s.Raw("20261119-100000", "all/"+n)); got != want {
			t.Errorf("%q: %q", n, got)
		}
	}
}

// TestCrawl: from the overview every address of a page leads somewhere.
func TestCrawl(t *testing.T) {
	step, least := 9, 100
	if long.Form() {
		step, least = 1, 1000
	}
	var some []string
	for i, name := range hostileNames() {
		if i%step == 0 {
			some = append(some, name)
		}
	}
	s := show(t, hostile(t, some))
	queue, seen, visited := []string{s.Home()}, map[string]bool{s.Home(): true}, 0
	const most = 3000
	for len(queue) > 0 && visited < most {
		at := queue[0]
		queue = queue[1:]
		visited++
		a := s.do(http.MethodGet, at)
		for hops := 0; a.Code == http.StatusSeeOther && hops < 3; hops++ {
			at = a.Header().Get("Location")
			a = s.do(http.MethodGet, at)
		}
		switch at {
		case s.Theme(), s.site.Backup(), s.site.BringBack(), s.site.Check(), s.site.Labels():
			continue // takes a POST
		}
		if a.Code >= 400 || a.broken {
			t.Errorf("%s: %d %.200s", at, a.Code, a.Body)
			continue
		}
		if !strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") || a.Header().Get("Content-Disposition") != "" {
			continue
		}
		here, err := url.Parse(at)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range addressesIn(wellFormed(t, at, a.Body.String())) {
			u, err := here.Parse(to)
			if err != nil {
				t.Errorf("%s: %q: %v", at, to, err)
				continue
			}
			u.Fragment = ""
			address := u.String()
			if !strings.HasPrefix(address, s.base+"/") {
				t.Errorf("%s leads to %s", at, address)
				continue
			}
			if !seen[address] {
				seen[address] = true
				queue = append(queue, address)
			}
		}
	}
	if visited < least {
		t.Errorf("only %d pages", visited)
	}
}

// TestPages: what is on the pages of a small life, and what an address that leads nowhere is answered.
func TestPages(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	for _, c := range []struct {
		at     string
		status int
		want   []string
		not    []string
	}{
		{"/", 200, []string{"Backed up 1 day ago", "3 snapshots of", "docs/new.txt", "new, 4 B", "was ideas.txt",
			"All on disk"}, []string{"recipes"}},
		{"/snapshots", 200, []string{"November 2026", "Saturday, 21 November", "10:00", "+2", "R1"}, nil},
		{"/snapshots?month=2026-11", 200, []string{"Thursday, 19 November"}, nil},
		{"/snapshots?month=1999-01", 404, []string{"no snapshot of"}, nil},
		{"/s/20261121-100000/docs", 200, []string{"recipes.md", "thoughts.txt", "moved here", "new.txt", "3 snapshots",
			"letters"}, []string{"landlord"}},
		{"/s/20261120-100000/docs", 200, []string{"modified", "1 change inside", "back to the newest"}, []string{"new.txt"}},
		{"/s/20261121-100000/docs/letters", 200, []string{"gone by then", "landlord.txt", "until 19 Nov",
			"Nothing is in this folder"}, nil},
		{"/s/20261121-100000/", 200, []string{"ideas.txt", "now docs/thoughts.txt", "to-etc", "→ /etc"}, nil},
		{"/s/20261121-100000/?sort=size", 200, []string{"descending"}, nil},
		{"/s/20261121-100000/?sort=size&reverse=1", 200, []string{"ascending"}, nil},
		{"/s/20261121-100000/?sort=colour", 400, []string{"by name, size or time"}, nil},
		{"/s/20261121-100000/docs?match=REC", 200, []string{"recipes.md"}, []string{"new.txt"}},
		{"/s/20261121-100000/docs?after=photo.png", 200, []string{"recipes.md"}, []string{"new.txt"}},
		{"/s/20261121-100000/docs?weigh=1", 200, []string{"4 files"}, nil},
		{"/s/20261121-100000/ideas.txt", 200, []string{"was ideas.txt", "under 2 names"}, nil},
		{"/s/20261119-100000/later", 200, []string{"not in the snapshot of Thu, 19 Nov 2026", "Sat, 21 Nov 2026"}, nil},
		{"/s/20261121-100000/nothing", 404, []string{"in no snapshot", "snap find nothing"}, nil},
		{"/s/nowhere/", 404, []string{"no such snapshot"}, nil},
		{"/f/docs/recipes.md", 200, []string{"2 versions", "first seen", "same size", "eggs",
			"snap restore 20261120-100000:docs/recipes.md --target DIR"}, nil},
		{"/f/docs/recipes.md?view=split", 200, []string{"2", "eggs"}, nil},
		{"/f/docs/recipes.md?b=20261119-100000", 200, []string{"# Recipes", "2 eggs"}, []string{"3 eggs"}},
		{"/f/docs/recipes.md?a=20261120-100000&b=20261119-100000", 200, []string{"−1"}, nil},
		{"/f/docs/recipes.md?a=x&b=y", 404, []string{"no such snapshot"}, nil},
		{"/f/docs/thoughts.txt", 200, []string{"was ideas.txt", "under 2 names"}, nil},
		{"/f/ideas.txt", 200, []string{"was ideas.txt"}, nil},
		{"/f/docs/letters/landlord.txt", 200, []string{"removed", "Dear Sir"}, nil},
		{"/f/docs/photo.png", 200, []string{"The picture as of", "/raw/20261119-100000/docs/photo.png"}, nil},
		{"/f/to-etc", 200, []string{"Leads to", "/etc"}, nil},
		{"/f/nothing", 404, []string{"in no snapshot"}, nil},
		{"/f/", 200, []string{"docs", "to-etc"}, nil},
		{"/find", 200, []string{"Every version in every snapshot"}, nil},
		{"/find?q=recipes.md", 200, []string{"1 path", "docs/recipes.md", "snap find -d ", " -i '*recipes.md*'"}, nil},
		{"/find?q=landlord.txt&deleted=1", 200, []string{"deleted only", "landlord.txt"}, nil},
		{"/find?q=landlord", 200, []string{"1 path", "docs/letters/landlord.txt", "get it back"}, nil},
		{"/find?q=%5B&regex=1", 400, []string{"not a regular expression"}, nil},
		{"/find?q=a&size=big", 400, []string{"Size:"}, nil},
		{"/find?q=*&type=x", 400, []string{"Type is f, d or l"}, nil},
		{"/find/x", 404, nil, nil},
		{"/api/nothing", 404, []string{`"error":"there is no such question"`, `"code":1`}, nil},
		{"/api/ls?at=nowhere", 404, []string{`"code":1`, `no such snapshot`}, nil},
		{"/raw/20261121-100000/docs", 404, nil, nil},
		{"/raw/20261121-100000/to-etc", 404, []string{"is no regular file but a symlink"}, nil},
		{"/x", 404, nil, nil},
	} {
		a := s.do(http.MethodGet, s.base+c.at)
		if a.Code == http.StatusSeeOther {
			a = s.do(http.MethodGet, a.Header().Get("Location"))
		}
		body := a.Body.String()
		text := body
		if strings.HasPrefix(a.Header().Get("Content-Type"), "text/html") {
			n := parsed(t, body)
			if a.Code == 200 {
				n = wellFormed(t, c.at, body)
			}
			text = textOf(n) + " " + body
		}
		if a.Code != c.status {
			t.Errorf("%s: %d, want %d: %.300s", c.at, a.Code, c.status, text)
		}
		for _, w := range c.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in %.600s", c.at, w, text)
			}
		}
		for _, w := range c.not {
			if strings.Contains(textOf(parsed(t, body)), w) {
				t.Errorf("%s: %q", c.at, w)
			}
		}
	}
}

// TestReferencesLeadToNames: an address with a reference is answered with that of the name, which always leads to the
// same.
func TestReferencesLeadToNames(t *testing.T) {
	s := show(t, diary(t))
	for ref, name := range map[string]string{"latest": "20261121-100000", "latest~2": "20261119-100000",
		"oldest": "20261119-100000",
		"@2d":    "20261120-100000", "20261119": "20261119-100000"} {
		for _, at := range []string{s.Files(ref, "docs", "sort", "size"), s.Raw(ref, "docs/recipes.md"), s.Archive("tar",
			ref, "docs")} {
			a := s.do(http.MethodGet, at)
			want := strings.Replace(at, escape(ref), name, 1)
			if to := a.Header().Get("Location"); a.Code != http.StatusSeeOther || to != want {
				t.Errorf("%s: %d %q, want %q", at, a.Code, to, want)
			}
		}
	}
}

// TestPartsOfPages: a script gets a part of a page as the page has it, and no other word is a part.
func TestPartsOfPages(t *testing.T) {
	s := show(t, diary(t))
	part := func(name string) func(*http.Request) { return head("Snap-Fragment", name) }
	whole, some := s.get(t, s.Files("20261120-100000", "docs")), s.get(t, s.Files("20261120-100000", "docs"),
		part("listing"))
	if strings.Contains(some, "<html") || !strings.Contains(some, "recipes.md") || len(some) > len(whole) {
		t.Errorf("%s", some)
	}
	rows := s.get(t, s.Files("20261120-100000", "docs"), part("rows"))
	if !strings.Contains(whole, strings.TrimSpace(rows)) {
		t.Error("the rows are others than those of the page")
	}
	if got := s.get(t, s.Home(), part("disk")); !strings.Contains(got, "saved by links") || strings.Contains(got,
		"<html") {
		t.Error(got)
	}
	var sums struct {
		Whole string
		In    map[string]string
	}
	if err := json.Unmarshal([]byte(s.get(t, s.Files("20261119-100000", ""), part("weights"))), &sums); err != nil ||
		sums.In["docs"] == "" {
		t.Errorf("%v %v", sums, err)
	}
	for at, want := range map[string]string{"docs/recipes.md": "3 eggs", "docs/photo.png": "<img", "to-etc": "/etc",
		"docs/letters/landlord.txt": "Dear Sir"} {
		got := s.get(t, s.File(at, "b", "20261120-100000"), part("preview"))
		if at == "docs/letters/landlord.txt" {
			got = s.get(t, s.File(at, "b", "20261119-100000"), part("preview"))
		}
		if !strings.Contains(got, want) || strings.Contains(got, "<html") || strings.Contains(got, "<h1") ||
			strings.Contains(got, "id=") || strings.Contains(got, "2 eggs") {
			t.Errorf("%s: %s", at, got)
		}
	}
	for _, bad := range []string{"layout", "x", "part-listing", "../x", "row"} {
		if a := s.do(http.MethodGet, s.Files("20261120-100000", "docs"), part(bad)); a.Code != http.StatusBadRequest {
			t.Errorf("%q: %d", bad, a.Code)
		}
	}
}

// TestTheme: the choice is a cookie of this page alone, and leads back to where it was made and nowhere else.
func TestTheme(t *testing.T) {
	s := show(t, diary(t))
	for at, want := range map[string]string{
		s.Find("q", "x"): s.Find("q", "x"), "http://evil.example/": s.Home(), "//evil.example" + s.base + "/": s.Home(),
		"/other": s.Home(), "": s.Home(),
	} {
		a := s.do(http.MethodPost, s.Theme(), form(url.Values{"to": {"dark"}, "at": {at}}.Encode()))
		if a.Code != http.StatusSeeOther || a.Header().Get("Location") != want ||
			!strings.Contains(a.Header().Get("Set-Cookie"), "theme=dark; Path="+s.base+"/") {
			t.Errorf("%q: %d %v", at, a.Code, a.Header())
		}
	}
	page := s.get(t, s.Home(), func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "theme", Value: "dark"}) })
	if !strings.Contains(page, `data-theme="dark"`) {
		t.Error("the page is not dark")
	}
	page = s.get(t, s.Home(), func(r *http.Request) { r.Header.Add("Cookie", "theme=x\"y") })
	if strings.Contains(page, "data-theme") {
		t.Error("any word is a theme")
	}
}

// TestEmptyAndWrong: what there is to see where there is nothing to see.
func TestEmptyAndWrong(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	all := []string{s.Home(), s.site.Snapshots(""), s.Files("latest", ""), s.Files("20261121-100000", ""),
		s.File("docs/recipes.md"), s.Find("q", "x")}
	p.Do(os.Rename(in(p.Dest, ".snap/index.db"), in(p.Dest, ".snap/index.away")))
	for _, at := range all {
		a := s.do(http.MethodGet, at)
		if a.Code != http.StatusNotFound || !strings.Contains(a.Body.String(), "snap reindex") {
			t.Errorf("%s without an index: %d %.300s", at, a.Code, textOf(parsed(t, a.Body.String())))
		}
	}
	p.Do(os.WriteFile(in(p.Dest, ".snap/index.db"), []byte("not a database"), 0o600))
	for _, at := range all {
		a := s.do(http.MethodGet, at)
		if a.Code < 400 || !strings.Contains(a.Body.String(), "snap reindex") {
			t.Errorf("%s with a bad index: %d %.300s", at, a.Code, textOf(parsed(t, a.Body.String())))
		}
	}
	p.Do(os.Rename(in(p.Dest, ".snap/index.away"), in(p.Dest, ".snap/index.db")))
	p.Do(os.Rename(in(p.Dest, "20261120-100000"), in(p.Dest, "away")))
	page := s.get(t, s.Files("20261120-100000", "docs"))
	if !strings.Contains(page, "no longer in the destination") || strings.Contains(page, "/zip/") {
		t.Error("the page of a snapshot without its folder")
	}
	a := s.do(http.MethodGet, s.Raw("20261120-100000", "docs/photo.png"))
	if a.Code != http.StatusNotFound || !strings.Contains(a.Body.String(), "same version of the file is in") {
		t.Errorf("%d %.500s", a.Code, textOf(parsed(t, a.Body.String())))
	}
	if a := s.do(http.MethodGet, s.Archive("zip", "20261120-100000", "")); a.Code != http.StatusNotFound {
		t.Errorf("%d", a.Code)
	}
	p.Do(os.Rename(p.Dest, p.Dest+".unplugged"))
	for _, at := range all {
		if a := s.do(http.MethodGet, at); a.Code < 400 {
			t.Errorf("%s without a disk: %d", at, a.Code)
		}
	}
	p.Do(os.Rename(p.Dest+".unplugged", p.Dest))
	s.get(t, s.Home()) // and it is back

}

// TestNoUnsafeTemplateTypes: nothing tells html/template that a text is safe.
func TestNoUnsafeTemplateTypes(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	unsafe := []string{"HTML", "HTMLAttr", "JS", "JSStr", "URL", "CSS", "Srcset"}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if i.Path.Value == `"text/template"` {
				t.Errorf("%s imports text/template", name)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if e, ok := n.(*ast.SelectorExpr); ok {
				if p, ok := e.X.(*ast.Ident); ok && p.Name == "template" && slices.Contains(unsafe, e.Sel.Name) {
					t.Errorf("%s uses template.%s", name, e.Sel.Name)
				}
			}
			return true
		})
	}
	err = fs.WalkDir(embedded, "static", func(path string, d fs.DirEntry, err error) error {
		b, _ := embedded.ReadFile(path)
		for _, word := range []string{"eval(", "new Function", "document.write", "insertAdjacentHTML", "outerHTML",
			"http://", "https://", "//cdn"} {
			if strings.Contains(strings.ReplaceAll(string(b), "http://www.w3.org/2000/svg", ""), word) {
				t.Errorf("%s has %s", path, word)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzAddresses: every path that a snapshot can hold comes back from its address as it was, whatever is around it.
func FuzzAddresses(f *testing.F) {
	for _, n := range hostileNames() {
		f.Add("20261121-100000", n)
		f.Add(n, "docs/"+n+"/x")
	}
	f.Fuzz(func(t *testing.T, name, path string) {
		l := links{"/abcdefghijkl"}
		if path != "" && !record.ValidPath(path) {
			if got, err := parsePath(escapePath(path)); err == nil && got != "" && !record.ValidPath(got) {
				t.Errorf("%q became %q", path, got)
			}
			return
		}
		u, err := url.Parse("http://127.0.0.1:7627" + l.File(path, "b", name))
		if err != nil {
			t.Fatalf("%q: %v", path, err)
		}
		rest, ok := strings.CutPrefix(u.EscapedPath(), l.base+"/f/")
		if got, err := parsePath(rest); !ok || err != nil || got != path {
			t.Errorf("%q: %q, %v", path, got, err)
		}
		if got := u.Query().Get("b"); got != name {
			t.Errorf("%q: %q", name, got)
		}
		if name == "" || name == "." || name == ".." {
			return
		}
		u, err = url.Parse("http://127.0.0.1:7627" + l.Raw(name, path))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		rest, _ = strings.CutPrefix(u.EscapedPath(), l.base+"/raw/")
		if ref, got, err := parseBelow(rest); err != nil || got != path || ref != name {
			t.Errorf("%q %q: %q %q %v", name, path, ref, got, err)
		}
	})
}

// TestShellWordsAreReadBack: a shell takes a word for the name that it stands for.
func TestShellWordsAreReadBack(t *testing.T) {
	names := hostileNames()
	var script strings.Builder
	for _, n := range names {
		word := shellWord(n)
		if !quote.Harmless(word) {
			t.Errorf("%q: %q", n, word)
		}
		fmt.Fprintf(&script, "printf '%%s\\0' %s\n", word)
	}
	cmd := exec.Command("bash", "-s")
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stdin = strings.NewReader(script.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(string(out), "\x00"); !slices.Equal(got[:len(got)-1], names) {
		for i, n := range names {
			if i < len(got) && got[i] != n {
				t.Errorf("%q: %q", n, got[i])
			}
		}
	}
}
