package web

import (
	"html"
	"path/filepath"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
)

// toldName is the page that Tell leaves.
const toldName = "snap-web-said.html"

// Tell leaves a page that says why there is nothing to show, and what to do, for whoever began this from the menu of a
// desktop and sees no terminal. The next one takes its place. It returns the path of the page.
func Tell(f Folders, err error) (path string, _ error) {
	dir := f.Runtime
	if dir == "" {
		dir = f.State
	}
	d, openErr := private(dir)
	if openErr != nil {
		return "", openErr
	}
	defer d.Close()
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">` +
		`<meta name="viewport" content="width=device-width, initial-scale=1"><title>snap</title>` +
		`<main><h1>There is nothing to show yet</h1>`)
	line := func(tag, text string) {
		b.WriteString("<" + tag + ">" + html.EscapeString(quote.Clean(text)) + "</" + tag + ">")
	}
	for _, part := range hint.Parts(err) {
		line("p", part.Error())
	}
	b.WriteString("<ul>")
	for _, text := range hint.Lines(err, asText) {
		line("li", text)
	}
	b.WriteString("</ul></main></html>\n")
	return filepath.Join(dir, toldName), writePrivate(d, toldName, []byte(b.String()), true)
}
