package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
)

// json prints v as one line. Characters that a terminal would obey are escaped: JSON may stand on one.
func (c *call) json(v any) error {
	b, err := encodeJSON(v)
	if err != nil {
		return err
	}
	_, err = c.out.Write(append(b, '\n'))
	return err
}

// encodeJSON is v on one line, harmless and without the escapes for HTML.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	line := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if quote.Harmless(string(line)) {
		return line, nil
	}
	out := make([]byte, 0, len(line)+16)
	for _, r := range string(line) { // the encoder left no invalid UTF-8
		if quote.Dangerous(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = utf8.AppendRune(out, r)
		}
	}
	return out, nil
}

// jsonName is a name for a JSON string, and what a field beside it with the suffix _b64 holds: nothing
// for UTF-8, else all bytes.
func jsonName(name string) (text, b64 string) {
	if utf8.ValidString(name) {
		return name, ""
	}
	b := make([]byte, 0, len(name)+8)
	for i := 0; i < len(name); {
		r, n := utf8.DecodeRuneInString(name[i:])
		if r == utf8.RuneError && n == 1 {
			b = fmt.Appendf(b, `\x%02x`, name[i])
		} else {
			b = append(b, name[i:i+n]...)
		}
		i += n
	}
	return string(b), base64.StdEncoding.EncodeToString([]byte(name))
}

// jsonNames is jsonName of each; b64 has all of them if one is not UTF-8.
func jsonNames(names []string) (text, b64 []string) {
	text = make([]string, len(names))
	odd := false
	for i, n := range names {
		var one string
		text[i], one = jsonName(n)
		odd = odd || one != ""
	}
	for _, n := range names {
		if odd {
			b64 = append(b64, base64.StdEncoding.EncodeToString([]byte(n)))
		}
	}
	return text, b64
}

// snapshotJSON is a snapshot in `list` and in summaries.
type snapshotJSON struct {
	Name        string      `json:"name"`
	Seq         uint64      `json:"seq"`
	Time        stamp       `json:"time"`
	Finished    stamp       `json:"finished"`
	Source      string      `json:"source"`
	SourceB64   string      `json:"source_b64,omitempty"`
	Sources     []string    `json:"sources"` // the folders and files that were named; source is what their tree begins at
	SourcesB64  []string    `json:"sources_b64,omitempty"`
	Host        string      `json:"host"`
	User        string      `json:"user"`
	Files       int64       `json:"files"`
	Dirs        int64       `json:"dirs"`
	Bytes       int64       `json:"bytes"`
	Added       int64       `json:"added"`
	Modified    int64       `json:"modified"`
	Metadata    int64       `json:"metadata"`
	Moved       int64       `json:"moved"`
	Removed     int64       `json:"removed"`
	Linked      int64       `json:"linked"`
	CopiedBytes int64       `json:"copied_bytes"`
	Errors      int64       `json:"errors"`
	State       index.State `json:"state"`
	Tags        []string    `json:"tags"`
	Note        string      `json:"note"`

	// In list, of the newest only: when the last run found nothing changed since.
	LastUnchanged *stamp `json:"last_unchanged,omitempty"`
}

// newSnapshotJSON is h with the state that people see.
func newSnapshotJSON(h *index.Header, state index.State) snapshotJSON {
	source, b64 := jsonName(h.Source)
	sources, sourcesB64 := jsonNames(h.AllSources())
	tags := h.Tags
	if tags == nil {
		tags = []string{}
	}
	return snapshotJSON{
		Name: h.Name, Seq: h.Seq, Time: stamp(h.Time), Finished: stamp(h.Finished), Source: source, SourceB64: b64, Sources: sources, SourcesB64: sourcesB64, Host: h.Host, User: h.User, Files: h.Files - h.Unread, Dirs: h.Dirs, Bytes: h.HeldBytes(),
		Added: h.Added, Modified: h.Modified, Metadata: h.Metadata, Moved: h.Moved, Removed: h.Removed, Linked: h.Linked, CopiedBytes: h.CopiedBytes, Errors: h.Errors, State: state, Tags: tags, Note: h.Note, LastUnchanged: nil,
	}
}

// hashJSON is a record's hash in hex, null where there is none.
func hashJSON(r *index.Record) *string {
	if !r.Has(index.Hashed) || r.Has(index.SparseHash) {
		return nil
	}
	s := hex.EncodeToString(r.Hash[:])
	return &s
}

// sparseJSON is the hash of a file with large holes, "" for others.
func sparseJSON(r *index.Record) string {
	if !r.Has(index.SparseHash) {
		return ""
	}
	return hex.EncodeToString(r.Hash[:])
}

// sizeJSON is a record's size, null where there is no record.
func sizeJSON(r *index.Record) *int64 {
	if r == nil {
		return nil
	}
	return &r.Size
}

// problemJSON says what is wrong with a record: "unreadable", it could not be read; "unheld", the destination cannot hold it;
// "inconsistent", it changed while it was read.
func problemJSON(r *index.Record) string {
	switch {
	case r == nil:
	case r.Unheld():
		return "unheld"
	case r.Has(index.Unreadable) || r.Exists() && !r.Held():
		return "unreadable"
	case r.Has(index.Inconsistent):
		return "inconsistent"
	}
	return ""
}

// problemText is that for people.
func problemText(r *index.Record) string {
	switch problemJSON(r) {
	case "unreadable":
		return "could not be read"
	case "unheld":
		return "the destination cannot hold it"
	case "inconsistent":
		return "changed while it was read"
	}
	return ""
}

// entryJSON is an entry of `ls`.
type entryJSON struct {
	Path      string  `json:"path"`
	PathB64   string  `json:"path_b64,omitempty"`
	Type      string  `json:"type"`
	Mode      string  `json:"mode"` // octal
	UID       uint32  `json:"uid"`
	GID       uint32  `json:"gid"`
	Size      int64   `json:"size"`
	Mtime     stamp   `json:"mtime"`
	SHA256    *string `json:"sha256"`
	Sparse    string  `json:"sha256_sparse,omitempty"`
	Target    *string `json:"target"`
	TargetB64 string  `json:"target_b64,omitempty"`
	Nlink     uint32  `json:"nlink"`
	Problem   string  `json:"problem,omitempty"` // "unreadable", "unheld" (by the destination): not in the snapshot; "inconsistent": changed while it was read
}

func newEntryJSON(e *index.Entry) entryJSON {
	j := entryJSON{
		Type: e.Kind.String(), Mode: fmt.Sprintf("%04o", e.Mode), UID: e.UID, GID: e.GID, Size: e.Size,
		Mtime: mtime(e.Mtime), SHA256: hashJSON(&e.Record), Sparse: sparseJSON(&e.Record), Nlink: e.Nlink,
	}
	j.Path, j.PathB64 = jsonName(e.Path)
	j.Problem = problemJSON(&e.Record)
	if e.Kind == file.Symlink {
		var target string
		target, j.TargetB64 = jsonName(e.Target)
		j.Target = &target
	}
	return j
}
