package scan

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"snap/record"
)

// plantMany makes n empty files, 50 in a folder.
func plantMany(b *testing.B, n int) string {
	root := tempDir(b)
	for i := range n {
		dir := filepath.Join(root, fmt.Sprintf("top%02d/project-%03d", i/50%10, i/500))
		if i%50 == 0 {
			check(b, os.MkdirAll(dir, 0o755))
		}
		check(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("source_file_%04d.txt", i%50)), nil, 0o644))
	}
	return root
}

// BenchmarkWalk is the walk of a tree that is in memory, by one worker and by four.
func BenchmarkWalk(b *testing.B) {
	const n = 20_000
	root := plantMany(b, n)
	for _, jobs := range []int{1, 4} {
		b.Run(fmt.Sprint(jobs), func(b *testing.B) {
			for b.Loop() {
				for _, err := range Walk(b.Context(), open(b, root), Options{Jobs: jobs}) {
					check(b, err)
				}
			}
			perFile(b, n)
		})
	}
}

// BenchmarkCompare is the walk merged with a listing that is in memory too, in which nothing is different.
func BenchmarkCompare(b *testing.B) {
	const n = 20_000
	root := plantMany(b, n)
	var old []record.Entry
	for it, err := range Walk(b.Context(), open(b, root), Options{Jobs: 4}) {
		check(b, err)
		old = append(old, record.Entry{Path: it.Path(), Record: record.Record{Volume: 1, Stat: it.Stat}})
	}
	listing := func(yield func(*record.Entry, error) bool) {
		for i := range old {
			if !yield(&old[i], nil) {
				return
			}
		}
	}
	volume := func(uint64) uint32 { return 1 }
	for b.Loop() {
		for p, err := range Compare(Walk(b.Context(), open(b, root), Options{Jobs: 4}), listing, volume, Rules{}) {
			check(b, err)
			if !p.Same {
				b.Fatalf("%s is not the same", p.Path())
			}
		}
	}
	perFile(b, n)
}

func perFile(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/file")
}
