package query_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/index"
	"snap/query"
)

// Folders weigh what the trees have, found out, remembered, and read again by another program.
func TestWeightsAreThoseOfTheTrees(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "not", "yet", "there")
	o := query.Options{Now: time.Now(), Kept: query.NewKept(cache)}
	p := drawPast(t, 2, o)
	again, err := query.Open(t.Context(), p.Dir, query.Options{Kept: query.NewKept(cache)})
	p.place.Do(err)
	defer again.Close()
	if w := p.Weighed(&p.Snapshots[0], ""); w != nil {
		t.Errorf("%v is known before it was asked for", w)
	}
	for i := range p.Snapshots {
		h := &p.Snapshots[i]
		for dir := range p.dirs {
			want := query.Weights{In: map[string]query.Weight{}}
			here := false
			if _, err := os.Lstat(filepath.Join(p.Dir, h.Name, dir)); err == nil {
				p.walk(i, dir, func(path string, info fs.FileInfo) {
					if path == dir {
						here = info.IsDir()
						return
					}
					size := int64(0)
					if info.Mode().IsRegular() {
						size = info.Size()
					}
					want.Whole.Entries, want.Whole.Bytes = want.Whole.Entries+1, want.Whole.Bytes+size
					name, inner, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(path, dir), "/"), "/")
					w := want.In[name]
					if inner != "" {
						want.In[name] = query.Weight{Entries: w.Entries + 1, Bytes: w.Bytes + size}
					} else if info.IsDir() {
						want.In[name] = w
					}
				})
			}
			got, err := p.Weigh(t.Context(), h, dir)
			if !here {
				if !errors.Is(err, index.ErrNotFound) {
					t.Errorf("%s has no %q, but weighs %v, %v", h.Name, dir, got, err)
				}
				continue
			}
			if p.place.Do(err); got.Whole != want.Whole || !maps.Equal(got.In, want.In) {
				t.Errorf("%s: %q weighs %v, want %v", h.Name, dir, *got, want)
			}
			if known := again.Weighed(h, dir); known == nil || known.Whole != want.Whole || !maps.Equal(known.In, want.In) {
				t.Errorf("%s: %q is kept as %v, want %v", h.Name, dir, known, want)
			}
		}
	}
	p.wantWeightsRefused(cache)
}

// wantWeightsRefused damages what is kept in cache, which is then found out anew.
func (p *past) wantWeightsRefused(cache string) {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(cache, "weights-*"))
	if err != nil || len(files) != len(p.Snapshots) {
		p.t.Fatalf("%q, %v", files, err)
	}
	for i, name := range files {
		text, err := os.ReadFile(name)
		p.place.Do(err)
		switch i % 3 {
		case 0:
			text[len(text)-5] ^= 1 // of the last weight
		case 1:
			text = text[:len(text)-1]
		case 2:
			text = nil
		}
		p.place.Do(os.WriteFile(name, text, 0o600))
	}
	d, err := query.Open(p.t.Context(), p.Dir, query.Options{Kept: query.NewKept(cache)})
	p.place.Do(err)
	defer d.Close()
	for i := range d.Snapshots {
		h := &d.Snapshots[i]
		if w := d.Weighed(h, ""); w != nil {
			p.t.Errorf("%s: a damaged file is believed: %v", h.Name, w)
		}
		if w, err := d.Weigh(p.t.Context(), h, ""); err != nil || w.Whole.Bytes != h.Bytes ||
			w.Whole.Entries != h.Files+h.Dirs-1 {
			p.t.Errorf("%s weighs %v, %v", h.Name, w, err)
		}
	}
}
