package web

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"snap/backup/backuptest"
)

// TestRawTypes: what a browser is told of the bytes of a backup, and to whom it may give them.
func TestRawTypes(t *testing.T) {
	p := backuptest.NewPlace(t)
	names := map[string]string{ // the type that a page gets, with "!" where it is saved and not shown
		"a.png": "image/png", "a.JPG": "image/jpeg", "a.gif": "image/gif", "a.webp": "image/webp", "a.avif": "image/avif",
		"a.bmp": "image/bmp", "a.mp3": "audio/mpeg", "a.mp4": "video/mp4", "a.webm": "video/webm",
		"a.txt": "text/plain; charset=utf-8", "a.md": "text/plain; charset=utf-8",
		"a.html": "!", "a.HTM": "!", "a.xhtml": "!", "a.svg": "!", "a.svgz": "!", "a.xml": "!", "a.pdf": "!", "a.js": "!",
		"a.mjs": "!", "a.css": "!", "a.swf": "!", "a.png.html": "!", "a": "!", ".png": "image/png", "a.txt.": "!",
		"a.wasm": "!", "a.json": "!", "a.eml": "!", "a.mht": "!", "a.hta": "!", "a.exe": "!", "a.png ": "!",
	}
	for name := range names {
		p.Write(name, "<script>alert(1)</script>")
	}
	snapshot(p, "20261121-100000")
	s := show(t, p)
	for name, want := range names {
		at := s.Raw("20261121-100000", name)
		a := s.do(http.MethodGet, at, head("Sec-Fetch-Dest", "document"), head("Sec-Fetch-Mode", "navigate"))
		shownIn, saved := a.Header().Get("Content-Type"), strings.HasPrefix(a.Header().Get("Content-Disposition"),
			"attachment")
		if want == "!" && (shownIn != "application/octet-stream" || !saved) || want != "!" && (shownIn != want || saved) {
			t.Errorf("%s: %d %s %s", name, a.Code, shownIn, a.Header().Get("Content-Disposition"))
		}
		if a.Body.String() != "<script>alert(1)</script>" {
			t.Errorf("%s: %q", name, a.Body)
		}
		policy := a.Header().Get("Content-Security-Policy")
		if policy != rawPolicy || a.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %q", name, policy)
		}
		for _, dest := range []string{"script", "style", "worker", "sharedworker", "serviceworker", "audioworklet",
			"paintworklet",
			"object", "embed", "iframe", "frame", "fencedframe", "manifest", "xslt", "font", "track", "report", "json",
			"webidentity"} {
			if a := s.do(http.MethodGet, at, head("Sec-Fetch-Dest", dest)); a.Code != http.StatusForbidden {
				t.Errorf("%s for %s: %d", name, dest, a.Code)
			}
		}
		a = s.do(http.MethodGet, at+"?download=1", head("Sec-Fetch-Dest", "document"))
		if !strings.HasPrefix(a.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("%s is not saved: %v", name, a.Header())
		}
	}
	a := s.do(http.MethodGet, s.Raw("20261121-100000", "a.svg"), head("Sec-Fetch-Dest", "image"))
	if a.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(a.Header().Get("Content-Security-Policy"),
		"sandbox") {
		t.Errorf("%v", a.Header())
	}
}

// TestPathsStayInTheSnapshot: an address leads to nothing but a regular file that the index has, in the tree of its
// snapshot, by no link.
func TestPathsStayInTheSnapshot(t *testing.T) {
	p := diary(t)
	secret := in(t.TempDir(), "secret.txt")
	p.Do(os.WriteFile(secret, []byte("secret"), 0o600))
	s := show(t, p)
	tree := func(path string) string { return p.In("20261121-100000", path) }
	base := s.base + "/raw/20261121-100000/"
	for _, at := range []string{
		"..", "../", "%2e%2e", "%2e%2e/20261120-100000/ideas.txt", "../20261120-100000/ideas.txt", "docs/../docs/new.txt",
		"docs/%2e%2e/docs/new.txt", "docs/.%2e/docs/new.txt", "docs//new.txt", "/docs/new.txt", "//etc/passwd",
		"docs%2fnew.txt",
		"docs%2Fnew.txt", "docs/new.txt%00", "docs/new.txt%00.png", "%00", "./docs/new.txt", "docs/./new.txt",
		"to-etc/passwd",
		"to-etc", "docs", "", "docs/new.txt/x", "..%5cdocs", "docs/new.txt%0a", "../.snap/index.db",
		"..%2f.snap%2findex.db", strings.Repeat("a", 300), "docs/" + strings.Repeat("../", 40) + "etc/passwd",
	} {
		a := s.do(http.MethodGet, base+at)
		if a.Code < 400 {
			t.Errorf("%s: %d %.100q", at, a.Code, a.Body)
		}
	}
	for _, ref := range []string{".snap", "..", "%2e%2e", ".", "", "20261121-100000%2f..", "latest%2f..%2f.snap", "%00"} {
		for _, route := range []string{"raw", "s", "zip", "tar"} {
			a := s.do(http.MethodGet, s.base+"/"+route+"/"+ref+"/index.db")
			if a.Code < 400 || strings.Contains(a.Body.String(), "bbolt") {
				t.Errorf("%s/%s: %d", route, ref, a.Code)
			}
		}
	}
	// What is in the tree by now is not what was backed up.
	p.Do(os.Chmod(tree("docs"), 0o755))
	swap := func(path string, make func(at string) error) {
		at := tree(path)
		p.Do(os.Rename(at, at+".away"))
		p.Do(make(at))
		for _, route := range []string{"raw", "f"} {
			address := s.base + "/" + route + "/20261121-100000/" + path
			if route == "f" {
				address = s.File(path)
			}
			a := s.do(http.MethodGet, address)
			if strings.Contains(a.Body.String(), "secret") || strings.Contains(a.Body.String(), "root:") || route == "raw" &&
				a.Code < 400 {
				t.Errorf("%s: %d %.200q", address, a.Code, a.Body)
			}
		}
		p.Do(os.RemoveAll(at))
		p.Do(os.Rename(at+".away", at))
	}
	swap("docs/new.txt", func(at string) error { return os.Symlink(secret, at) })
	swap("docs/new.txt", func(at string) error { return syscall.Mkfifo(at, 0o600) })
	swap("docs/new.txt", func(at string) error { return os.Mkdir(at, 0o700) })
	p.Do(os.Mkdir(in(t.TempDir(), "x"), 0o700))
	elsewhere := t.TempDir()
	p.Do(os.WriteFile(in(elsewhere, "new.txt"), []byte("secret"), 0o600))
	at := tree("docs")
	p.Do(os.Rename(at, at+".away"))
	p.Do(os.Symlink(elsewhere, at))
	if a := s.do(http.MethodGet, base+"docs/new.txt"); a.Code < 400 || strings.Contains(a.Body.String(), "secret") {
		t.Errorf("through a folder that is a link now: %d %q", a.Code, a.Body)
	}
	p.Do(os.Remove(at))
	p.Do(os.Rename(at+".away", at))
	if got := s.get(t, base+"docs/new.txt"); got != "new\n" { // the healthy control
		t.Errorf("%q", got)
	}
}

// big is a file of several buffers.
func big() string { return strings.Repeat("0123456789abcdef", 40_000) }

// TestDamagedDownloadFails: bytes that are not those that were backed up never come to a good end.
func TestDamagedDownloadFails(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("big.bin", big())
	p.Write("small.txt", "small")
	p.Write("longer.txt", "abc")
	snapshot(p, "20261121-100000")
	s := show(t, p)
	for name, whole := range map[string]string{"big.bin": big(), "small.txt": "small", "longer.txt": "abc"} {
		at := s.Raw("20261121-100000", name)
		a := s.do(http.MethodGet, at)
		if a.Code != http.StatusOK || a.broken || a.Body.String() != whole {
			t.Fatalf("%s while it is whole: %d", name, a.Code)
		}
		spoil(t, p.In("20261121-100000", name), func(b []byte) []byte {
			if name == "longer.txt" {
				return append(b, "and more"...)
			}
			b[len(b)/3] ^= 1
			return b
		})
		a = s.do(http.MethodGet, at)
		if !a.broken && a.Code == http.StatusOK {
			t.Errorf("%s came to a good end", name)
		}
		if name == "big.bin" && (!a.broken || a.Body.Len() > len(whole)-heldBack) {
			t.Errorf("%s: %d of %d bytes", name, a.Body.Len(), len(whole))
		}
		if name == "small.txt" && (a.broken || !strings.Contains(a.Body.String(), "not those that were backed up")) {
			t.Errorf("%s: there was room to say so: %q", name, a.Body)
		}
		if page := s.get(t, s.File(name)); name == "small.txt" && !strings.Contains(page, "damaged") {
			t.Errorf("the page of %s does not tell", name)
		}
	}
}

// spoil changes a file of a snapshot in place.
func spoil(t *testing.T, name string, change func(b []byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, change(b), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// members are those of an archive, and what is in its regular files.
func members(t *testing.T, format, archive string) (names []string, content map[string]string) {
	t.Helper()
	content = map[string]string{}
	if format == "zip" {
		z, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			names = append(names, f.Name)
			if r, err := f.Open(); err == nil {
				b, _ := io.ReadAll(r)
				content[f.Name] = string(b)
			}
		}
		return names, content
	}
	for r := tar.NewReader(strings.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, content
		}
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		io.Copy(&b, r)
		names, content[h.Name] = append(names, h.Name), b.String()
	}
}

// TestArchivesHoldNothingAbove: each member lies below one folder, and a selection is what was chosen in that folder.
func TestArchivesHoldNothingAbove(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	const name = "20261121-100000"
	for _, format := range []string{"zip", "tar"} {
		for path, want := range map[string][]string{
			"":     {"docs/letters/", "docs/new.txt", "docs/photo.png", "docs/recipes.md", "docs/thoughts.txt"},
			"docs": {"letters/", "new.txt", "photo.png", "recipes.md", "thoughts.txt"},
		} {
			top := path
			if path == "" {
				top = name
			}
			a := s.do(http.MethodGet, s.Archive(format, name, path))
			if a.Code != http.StatusOK || a.broken {
				t.Fatalf("%s of %q: %d", format, path, a.Code)
			}
			names, content := members(t, format, a.Body.String())
			for _, n := range names {
				if !strings.HasPrefix(n, top+"/") || strings.Contains(n, "..") {
					t.Errorf("%s of %q has %q", format, path, n)
				}
			}
			for _, w := range want {
				if !slices.Contains(names, top+"/"+w) {
					t.Errorf("%s of %q has %v, not %s", format, path, names, w)
				}
			}
			if got := content["docs/new.txt"]; path == "docs" && got != "new\n" {
				t.Errorf("%q", got)
			}
		}
		a := s.do(http.MethodPost, s.Archive(format, name, "docs"),
			form("p=docs%2Fnew.txt&p=docs%2Fletters&p=docs%2Fnew.txt"))
		names, _ := members(t, format, a.Body.String())
		slices.Sort(names)
		if !slices.Equal(names, []string{"docs/letters/", "docs/new.txt"}) {
			t.Errorf("%s of a selection: %d %v", format, a.Code, names)
		}
		for _, bad := range []string{"", "p=", "p=..", "p=to-etc", "p=docs", "p=docs%2F..%2F..", "p=%2Fetc%2Fpasswd",
			"p=docs%2Fgone", "p=docs%252Fnew.txt"} {
			if a := s.do(http.MethodPost, s.Archive(format, name, "docs"), form(bad)); a.Code < 400 {
				t.Errorf("%s of %q: %d", format, bad, a.Code)
			}
		}
	}
}

// TestZipNamesWhatItLeftOut: links are in a tar archive, and named at the end of a zip archive.
func TestZipNamesWhatItLeftOut(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	zipped := s.do(http.MethodGet, s.Archive("zip", "20261121-100000", ""))
	names, content := members(t, "zip", zipped.Body.String())
	report := "20261121-100000/snap-report.txt"
	if names[len(names)-1] != report || !strings.Contains(content[report], "to-etc: a symlink") {
		t.Errorf("%v %q", names, content[report])
	}
	tarred := s.do(http.MethodGet, s.Archive("tar", "20261121-100000", ""))
	if names, _ := members(t, "tar", tarred.Body.String()); !slices.Contains(names, "20261121-100000/to-etc") ||
		slices.Contains(names, report) {
		t.Errorf("%v", names)
	}
}

// TestArchiveNamesDamage: what is not as it was backed up is named at the end of the archive.
func TestArchiveNamesDamage(t *testing.T) {
	for _, format := range []string{"zip", "tar"} {
		p := diary(t)
		s := show(t, p)
		p.Do(os.Remove(p.In("20261121-100000", "docs/photo.png")))
		spoil(t, p.In("20261121-100000", "docs/new.txt"), func(b []byte) []byte { b[0] ^= 1; return b })
		a := s.do(http.MethodGet, s.Archive(format, "20261121-100000", "docs"))
		names, content := members(t, format, a.Body.String())
		last := names[len(names)-1]
		if a.broken || last != "docs/snap-report.txt" || !strings.Contains(content[last], "docs/photo.png: ") ||
			!strings.Contains(content[last], "docs/new.txt: ") {
			t.Errorf("%s: %v %q", format, names, content[last])
		}
	}
}

// TestVerifyingHoldsTheEndBack: for every size around its buffers.
func TestVerifyingHoldsTheEndBack(t *testing.T) {
	bad := errors.New("bad")
	for _, size := range []int{0, 1, 32 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1, 96 << 10, 128<<10 + 7, 300_000} {
		for _, end := range []error{io.EOF, bad} {
			all := make([]byte, size)
			for i := range all {
				all[i] = byte(i * 7)
			}
			v := &verifying{r: io.MultiReader(bytes.NewReader(all), failing{end})}
			var got []byte
			var err error
			for err == nil {
				var b []byte
				b, err = v.next()
				got = append(got, b...)
			}
			if errors.Is(end, io.EOF) && (!errors.Is(err, io.EOF) || !bytes.Equal(got, all)) {
				t.Errorf("%d bytes: %d, %v", size, len(got), err)
			}
			if errors.Is(end, bad) && (!errors.Is(err, bad) || len(got) > max(0, size-heldBack) || !bytes.HasPrefix(all, got)) {
				t.Errorf("%d bad bytes: %d, %v", size, len(got), err)
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestPartsOfFiles: a player gets the part that it asks for, of bytes that were compared with the hash of the whole.
func TestPartsOfFiles(t *testing.T) {
	p := backuptest.NewPlace(t)
	text := strings.Repeat("0123456789", 30_000)
	p.Write("film.mp4", text)
	p.Write("damaged.mp4", text)
	p.Write("empty.mp4", "")
	snapshot(p, "20261121-100000")
	at := in(p.Dest, "20261121-100000/damaged.mp4")
	p.Do(os.Chmod(at, 0o600))
	s := show(t, p)
	film := s.Raw("20261121-100000", "film.mp4")
	tag := s.do(http.MethodHead, film).Header().Get("ETag")
	for _, c := range []struct {
		part, ifRange string
		status        int
		body, of      string
	}{
		{"bytes=0-", "", 206, text, "bytes 0-299999/300000"},
		{"bytes=10-19", "", 206, "0123456789", "bytes 10-19/300000"},
		{"bytes=299995-", "", 206, "56789", "bytes 299995-299999/300000"},
		{"bytes=-5", "", 206, "56789", "bytes 299995-299999/300000"},
		{"bytes=300000-", "", 416, "", "bytes */300000"},
		{"bytes=5-1", "", 416, "", ""},
		{"words=1-2", "", 416, "", ""},
		{"bytes=10-19", tag, 206, "0123456789", "bytes 10-19/300000"},
		{"bytes=10-19", `"another"`, 200, text, ""},
		{"bytes=0-", `"another"`, 200, text, ""},
		{"", "", 200, text, ""},
	} {
		a := s.do(http.MethodGet, film, head("Range", c.part), head("If-Range", c.ifRange), head("Sec-Fetch-Dest", "video"))
		if a.Code != c.status || c.status < 300 && a.Body.String() != c.body ||
			c.of != "" && a.Header().Get("Content-Range") != c.of {
			t.Errorf("%q %q: %d %q, %d bytes", c.part, c.ifRange, a.Code, a.Header().Get("Content-Range"), a.Body.Len())
		}
		if a.Header().Get("Content-Security-Policy") != rawPolicy ||
			a.Code < 300 && a.Header().Get("Content-Type") != "video/mp4" {
			t.Errorf("%q: %v", c.part, a.Header())
		}
		a = s.do(http.MethodGet, film, head("Range", c.part), head("Sec-Fetch-Dest", "script"))
		if a.Code != http.StatusForbidden {
			t.Errorf("%q for a script: %d", c.part, a.Code)
		}
	}
	a := s.do(http.MethodGet, s.Raw("20261121-100000", "empty.mp4"), head("Range", "bytes=0-"))
	if a.Code != http.StatusOK {
		t.Errorf("an empty one: %d", a.Code)
	}
	damaged := s.Raw("20261121-100000", "damaged.mp4")
	if a := s.do(http.MethodGet, damaged, head("Range", "bytes=5-9")); a.Code != http.StatusPartialContent {
		t.Errorf("before it is damaged: %d", a.Code)
	}
	p.Do(os.WriteFile(at, []byte(text[:len(text)-1]+"x"), 0o600))
	if a := s.do(http.MethodGet, damaged, head("Range", "bytes=5-9")); a.Code != http.StatusInternalServerError ||
		a.Header().Get("Content-Disposition") != "" || !strings.Contains(a.Body.String(), "damaged") {
		t.Errorf("%d %v", a.Code, a.Header())
	}
	if a := s.do(http.MethodGet, damaged, head("Range", "bytes=0-")); !a.broken || a.Body.Len() >= len(text) {
		t.Errorf("a damaged one: %d, %d bytes", a.Code, a.Body.Len())
	}
}
