package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed tmpl static
var embedded embed.FS

// asset is a file of the pages themselves.
type asset struct {
	kind  string
	bytes []byte
}

// staticFiles are the files below static, and a hash of all of them, which is in their addresses: a browser keeps them
// for good.
type staticFiles struct {
	hash  string
	files map[string]asset
}

var assets = sync.OnceValue(func() staticFiles {
	all := staticFiles{files: map[string]asset{}}
	h := sha256.New()
	entries, err := fs.ReadDir(embedded, "static")
	if err != nil {
		panic(err) // they are in the program
	}
	kinds := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	for _, e := range entries {
		b, err := embedded.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		h.Write(b)
		kind := kinds[path.Ext(e.Name())]
		if kind == "" {
			kind = mime.TypeByExtension(path.Ext(e.Name()))
		}
		all.files[e.Name()] = asset{kind, b}
	}
	all.hash = hex.EncodeToString(h.Sum(nil)[:6])
	return all
})

// static answers with a file of the pages.
func (q *question) static() error {
	hash, name, _ := strings.Cut(q.rest, "/")
	a, ok := assets().files[name]
	if !ok || hash != assets().hash {
		return notFound(errNoPath)
	}
	h := q.w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	q.w.WriteHeader(http.StatusOK)
	_, err := q.w.Write(a.bytes)
	return abort(err)
}
