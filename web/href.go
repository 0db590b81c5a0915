package web

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"snap/record"
)

// Every address is made here, and every path in one is parsed here. A path may hold any byte: each byte that is no
// letter, digit or one of -._~ is written as %XX, element by element, so that an address says which bytes are meant and
// no server on the way can read it in another way.

// links makes addresses below one base, "/<k>".
type links struct{ base string }

// params are the names and values behind the "?" of an address, in pairs. Empty values are left out.
type params []string

func (q params) String() string {
	var b strings.Builder
	for i := 0; i+1 < len(q); i += 2 {
		if q[i+1] == "" {
			continue
		}
		sep := "&"
		if b.Len() == 0 {
			sep = "?"
		}
		b.WriteString(sep + url.QueryEscape(q[i]) + "=" + url.QueryEscape(q[i+1]))
	}
	return b.String()
}

// Home is the address of the overview.
func (l links) Home() string { return l.base + "/" }

// Snapshots is the list of all snapshots; month is as 2026-11, "" for the newest.
func (l links) Snapshots(month string) string {
	return l.base + "/snapshots" + params{"month", month}.String()
}

// Files is the folder path in a snapshot.
func (l links) Files(snapshot, path string, q ...string) string {
	return l.below("s", snapshot, path) + params(q).String()
}

// File is the page of all versions of the file path.
func (l links) File(path string, q ...string) string {
	return l.base + "/f/" + escapePath(path) + params(q).String()
}

// Diff is what changed from snapshot a to snapshot b, in the folder path.
func (l links) Diff(a, b, path string, q ...string) string {
	return l.base + "/diff/" + escape(a) + "/" + escape(b) + "/" + escapePath(path) + params(q).String()
}

// Diffs is where a comparison is chosen: of the newest snapshot with the one before.
func (l links) Diffs() string { return l.base + "/diff/" }

// Space is where the space of the folder path goes.
func (l links) Space(path string, q ...string) string {
	return l.base + "/space/" + escapePath(path) + params(q).String()
}

// Keep is what the rules keep.
func (l links) Keep(q ...string) string { return l.base + "/keep" + params(q).String() }

// Health is how the destination is.
func (l links) Health() string { return l.base + "/health" }

// Snapshot is one snapshot and its labels.
func (l links) Snapshot(name string) string { return l.base + "/snapshot/" + escape(name) }

// Labels is where labels are changed.
func (l links) Labels() string { return l.base + "/labels" }

// Delete is a look at what would go; deletions go to the same address.
func (l links) Delete(q params) string { return l.base + "/delete" + q.String() }

// Find is a search.
func (l links) Find(q ...string) string { return l.base + "/find" + params(q).String() }

// Raw are the bytes of a file.
func (l links) Raw(snapshot, path string) string { return l.below("raw", snapshot, path) }

// Live are the bytes of a file as it is now.
func (l links) Live(path string) string { return l.base + "/live/" + escapePath(path) }

// Archive is a folder as an archive; format is "zip" or "tar".
func (l links) Archive(format, snapshot, path string) string { return l.below(format, snapshot, path) }

// Restore is where a folder or a file is brought back from a snapshot.
func (l links) Restore(snapshot, path string) string { return l.below("restore", snapshot, path) }

// BringBack is where a restore goes that has been looked at.
func (l links) BringBack() string { return l.base + "/restore/" }

// Jobs is the list of what takes long, and Job one of these.
func (l links) Jobs() string { return l.base + "/jobs/" }

// Job is the page of a job.
func (l links) Job(id int) string { return l.base + "/jobs/" + strconv.Itoa(id) }

// Backup is where a backup begins, and Check a check.
func (l links) Backup() string { return l.base + "/backup" }

// Check is where a check begins.
func (l links) Check() string { return l.base + "/check" }

// Theme is where the choice of light or dark goes.
func (l links) Theme() string { return l.base + "/theme" }

// Static is a file of the page itself. Its address changes with its content.
func (l links) Static(name string) string { return l.base + "/static/" + assets().hash + "/" + name }

// SignIn is the address that a code signs in at, once.
func (l links) SignIn(code string) string { return l.base + "/in/" + code }

func (l links) below(route, snapshot, path string) string {
	return l.base + "/" + route + "/" + escape(snapshot) + "/" + escapePath(path)
}

// escape is one element of an address.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; unreserved(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// escapePath is a path of a snapshot as elements of an address.
func escapePath(path string) string {
	elements := strings.Split(path, "/")
	for i, e := range elements {
		elements[i] = escape(e)
	}
	return strings.Join(elements, "/")
}

// errNoPath says that an address leads to no path that a snapshot could hold.
var errNoPath = errors.New("this address leads to no path")

// parsePath is the path that escapePath made elements of. A folder's may end in a slash. What no snapshot can hold is
// refused here, before anything is looked up: "..", "%2e%2e", an empty element, NUL, an escaped slash.
func parsePath(escaped string) (string, error) {
	escaped = strings.TrimSuffix(escaped, "/")
	if escaped == "" {
		return "", nil
	}
	elements := strings.Split(escaped, "/")
	for i, e := range elements {
		name, err := url.PathUnescape(e)
		if err != nil || strings.Contains(name, "/") {
			return "", errNoPath
		}
		elements[i] = name
	}
	path := strings.Join(elements, "/")
	if !record.ValidPath(path) {
		return "", errNoPath
	}
	return path, nil
}

// parseBelow takes "{snapshot}/{path…}" apart.
func parseBelow(escaped string) (ref, path string, err error) {
	first, rest, _ := strings.Cut(escaped, "/")
	if ref, err = url.PathUnescape(first); err != nil || ref == "" {
		return "", "", errNoPath
	}
	path, err = parsePath(rest)
	return ref, path, err
}
