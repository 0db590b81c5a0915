package index

import (
	"fmt"
	"maps"
	"testing"

	"snap/internal/file"
	"snap/record"
)

// rotated is a history in which names logs are rotated, once before each of some snapshots.
func rotated(t tb, names, days int) *DB {
	db, old := newDB(t), tree{}
	now := tree{"": {1, file.Folder, "", 0o755, 0}}
	name := func(i int) string { return fmt.Sprint("log.", i) }
	for i := 1; i <= names; i++ {
		now[name(i)] = node{uint64(10 + i), file.Regular, fmt.Sprint(i), 0o644, 1}
	}
	for day := 1; day <= days; day++ {
		db.add(t, uint64(day), now.changes(old))
		old = maps.Clone(now)
		for i := names; i > 1; i-- {
			now[name(i)] = now[name(i-1)]
		}
		now[name(1)] = node{uint64(1000 + day), file.Regular, fmt.Sprint("day ", day), 0o644, int64(day)}
	}
	return db
}

// swapped is a history in which two files change their names, once before each of some snapshots.
func swapped(t tb, days int) *DB {
	db, old := newDB(t), tree{}
	now := tree{"": {1, file.Folder, "", 0o755, 0}, "a": {2, file.Regular, "a", 0o644, 1},
		"b": {3, file.Regular, "b", 0o644, 1}}
	for day := 1; day <= days; day++ {
		db.add(t, uint64(day), now.changes(old))
		old = maps.Clone(now)
		now["a"], now["b"] = now["b"], now["a"]
	}
	return db
}

// Lives that pass through many names: the time grows with the records that are read, not with their square. Twice the
// days are to take about twice as long.
func BenchmarkRotatedLogs(b *testing.B) {
	for _, days := range []int{90, 365, 1460} {
		db := rotated(b, 30, days)
		last := uint64(days)
		questions(b, fmt.Sprintf("30 logs, %d days", days), db, last, "log.15")
	}
}

func BenchmarkSwappedNames(b *testing.B) {
	for _, days := range []int{365, 1460} {
		questions(b, fmt.Sprintf("%d days", days), swapped(b, days), uint64(days), "a")
	}
}

func questions(b *testing.B, name string, db *DB, last uint64, path string) {
	check(b, db.Hold(bg))
	defer db.Release()
	b.Run(name+"/history", func(b *testing.B) {
		for b.Loop() {
			steps, err := db.Follow(bg, path)
			check(b, err)
			b.ReportMetric(float64(len(steps)), "steps")
		}
	})
	b.Run(name+"/diff", func(b *testing.B) {
		for b.Loop() {
			_, err := collect(db.Diff(bg, 1, last))
			check(b, err)
		}
	})
	b.Run(name+"/merge", func(b *testing.B) {
		for b.Loop() {
			h := record.Header{Seq: last, Name: fmt.Sprint("s", last)}
			_, err := collect(db.Merged(bg, 1, &h))
			check(b, err)
		}
	})
	b.Run(name+"/stats", func(b *testing.B) {
		for b.Loop() {
			_, err := db.Usage(bg)
			check(b, err)
		}
	})
}
