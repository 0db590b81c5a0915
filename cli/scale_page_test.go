package cli

import (
	"path/filepath"
	"strings"
	"testing"

	"snap/query"
	"snap/record"
)

// BenchmarkScalePage asks what a page asks, each time with a Reader of its own, as requests come: see docs/scale.md.
// "first" is before anything is kept.
func BenchmarkScalePage(b *testing.B) {
	files, snapshots := scale(b)
	s := newScaled(b, files, snapshots)
	folder, _ := record.Split(scaledPath(files / 2))
	kept := query.NewKept("")
	cache := filepath.Join(b.TempDir(), "cache")
	ask := func(k *query.Kept, f func(d *query.Reader, h *record.Header) error) {
		d, err := query.Open(b.Context(), s.dest, query.Options{Kept: k, Now: worldStart})
		if err != nil {
			b.Fatal(err)
		}
		if err := f(d, &d.Snapshots[len(d.Snapshots)/2]); err != nil {
			b.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
	nothing := func(*query.Reader, *record.Header) error { return nil }
	children := func(dir string, o query.ChildrenOptions) func(*query.Reader, *record.Header) error {
		return func(d *query.Reader, h *record.Header) error {
			_, err := d.Children(b.Context(), h, dir, o)
			return err
		}
	}
	touched := func(dir string) func(*query.Reader, *record.Header) error {
		return func(d *query.Reader, _ *record.Header) error {
			_, err := d.DB.Touched(b.Context(), dir) // what is found out, not what is kept
			return err
		}
	}
	weigh := func(d *query.Reader, h *record.Header) error {
		_, err := d.Weigh(b.Context(), h, "home")
		return err
	}
	stats := func(d *query.Reader, _ *record.Header) error {
		_, err := d.DB.Usage(b.Context())
		return err
	}
	ask(query.NewKept(cache), weigh)
	all := query.ChildrenOptions{Changes: true, Versions: true}
	for _, c := range []struct {
		name string
		kept func() *query.Kept
		ask  func(*query.Reader, *record.Header) error
	}{
		{"open first", func() *query.Kept { return query.NewKept("") }, nothing},
		{"open", nil, nothing},
		{"folder of 50", nil, children(folder, all)},
		{"folder of folders", nil, children("home", all)},
		{"folder of folders, next", nil, children("home", query.ChildrenOptions{After: "project-0500"})},
		{"folder by size", nil, children(folder, query.ChildrenOptions{Order: query.BySize})},
		{"touched folder", nil, touched(folder)},
		{"touched project", nil, touched(strings.Join(strings.Split(folder, "/")[:2], "/"))},
		{"touched home", nil, touched("home")},
		{"gone", nil, func(d *query.Reader, h *record.Header) error {
			_, _, err := d.Departed(b.Context(), h, folder, "", 0)
			return err
		}},
		{"problems", nil, func(d *query.Reader, h *record.Header) error {
			_, _, err := d.Problems(b.Context(), h, "", 0)
			return err
		}},
		{"weigh first", func() *query.Kept { return query.NewKept("") }, weigh},
		{"weigh from a file", func() *query.Kept { return query.NewKept(cache) }, weigh},
		{"weigh", nil, weigh},
		{"usage first", nil, stats},
	} {
		b.Run(c.name, func(b *testing.B) {
			if c.kept == nil {
				ask(kept, c.ask)
			}
			before := cpuTime()
			for b.Loop() {
				k := kept
				if c.kept != nil {
					k = c.kept()
				}
				ask(k, c.ask)
			}
			b.ReportMetric((cpuTime()-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
		})
	}
}
