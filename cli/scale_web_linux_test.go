package cli

import (
	"net/http"
	"testing"

	"snap/record"
)

// BenchmarkScaleWeb asks for pages of a large destination, over HTTP as a browser does: see docs/scale.md. The first
// request of each kind, which finds out what is kept, is not measured. bytes/op is the size of the page.
func BenchmarkScaleWeb(b *testing.B) {
	files, snapshots := scale(b)
	s := newScaled(b, files, snapshots)
	get, _ := webPage(b, s.dest)
	path := scaledPath(files / 2)
	folder, name := record.Split(path)
	for _, c := range []struct{ name, address string }{
		{"overview", "/"},
		{"snapshots", "/snapshots"},
		{"folder", "/s/latest~1/" + folder},
		{"root", "/s/latest~1/"},
		{"file", "/f/" + path},
		{"find path", "/find?q=" + path},
		{"find name", "/find?q=" + name},
		{"diff of neighbours", "/diff/latest~1/latest/"},
		{"space", "/space/?count=1"},
		{"keep", "/keep?keep_daily=7&keep_monthly=12&count=1"},
		{"keep, while numbers change", "/keep?keep_daily=8"},
		{"health", "/health"},
		{"list", "/api/list"},
	} {
		ask := func(b *testing.B) int {
			page, status := get(c.address)
			if status != http.StatusOK {
				b.Fatalf("%s: %d %.300s", c.address, status, page)
			}
			return len(page)
		}
		b.Run(c.name, func(b *testing.B) {
			size := ask(b)
			for b.Loop() {
				ask(b)
			}
			b.ReportMetric(float64(size), "bytes/op")
		})
	}
}
