package scan

import (
	"snap/internal/file"
)

// cacheTag begins every CACHEDIR.TAG (https://bford.info/cachedir/).
const (
	cacheTag     = "Signature: 8a477f597d28d172789f06886806bc55"
	cacheTagName = "CACHEDIR.TAG"
)

// Marked is the name in the folder d by which these options would leave out what is in it, were it not a source itself.
func Marked(d *file.Dir, o Options) (name string, err error) {
	if !o.Caches && len(o.IfPresent) == 0 {
		return "", nil
	}
	entries, err := d.Entries()
	if err != nil {
		return "", err
	}
	w := walker{o: o}
	return w.marked(d, entries), nil
}

// marked is the name that marks the folder as one whose contents are left out, "" if nothing does.
func (w *walker) marked(d *file.Dir, entries []file.Entry) string {
	if !w.o.Caches && len(w.o.IfPresent) == 0 {
		return ""
	}
	for i := range entries {
		name := entries[i].Name
		for _, p := range w.o.IfPresent {
			if name == p {
				return name
			}
		}
		if w.o.Caches && name == cacheTagName && hasCacheTag(d, name) {
			return name
		}
	}
	return ""
}

func hasCacheTag(d *file.Dir, name string) bool {
	f, err := d.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [len(cacheTag)]byte
	for n := 0; n < len(head); {
		k, err := f.Read(head[n:])
		if err != nil {
			return false
		}
		n += k
	}
	return string(head[:]) == cacheTag
}
