package cli

import (
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"snap/index"
	"snap/record"
)

// BenchmarkScaleWeb asks for pages of a large destination, over HTTP as a browser does: see docs/scale.md. What the
// first request takes, which finds out what is kept then, is ms-first, and not in the time of the others; cpu-ms/op is
// computing time, also that of the client; bytes/op is the size of the page. Last comes the memory of the process, with nothing of the benchmark in it.
func BenchmarkScaleWeb(b *testing.B) {
	files, snapshots := scale(b)
	s := newScaled(b, files, snapshots)
	s.files = nil
	get, _ := webPage(b, s.dest)
	path := scaledPath(files / 2)
	folder, name := record.Split(path)
	project, _ := record.Split(folder)
	// Addresses with names, for any other word for a snapshot is answered with one of these.
	oldest, before, newest := s.named(1), s.named(snapshots-1), s.named(snapshots)
	for _, c := range []struct{ name, address string }{
		{"overview", "/"},
		{"snapshots", "/snapshots"},
		{"folder of 50", "/s/" + before + "/" + folder},
		{"folder of 20 folders", "/s/" + before + "/" + project},
		{"folder of projects, each of 1,000 files", "/s/" + before + "/home"},
		{"root", "/s/" + before + "/"},
		{"time bar of a folder", "/api/touched?path=" + folder},
		{"time bar of the root", "/api/touched?path="},
		{"sizes of folders", "/api/weigh?at=" + before + "&path=home"},
		{"file", "/f/" + path},
		{"find path", "/find?q=" + path},
		{"find name", "/find?q=" + name},
		{"find many", "/find?q=*.pdf"},
		{"find regexp", "/find?regex=1&q=folder-07/.*999%5C."},
		{"diff of neighbours", "/diff/" + before + "/" + newest + "/"},
		{"diff of the ends", "/diff/" + oldest + "/" + newest + "/"},
		{"diff of the ends, counted", "/diff/" + oldest + "/" + newest + "/?count=1"},
		{"space", "/space/?count=1"},
		{"space, what to delete", "/space/?count=1&free=1G"},
		{"keep", "/keep?keep_daily=7&keep_monthly=12&count=1"},
		{"keep, while numbers change", "/keep?keep_daily=8"},
		{"health", "/health"},
		{"list", "/api/list"},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkPage(b, get, c.address) })
	}
	b.Run("memory", func(b *testing.B) {
		for b.Loop() { // it is what was asked before that took it
		}
		debug.FreeOSMemory()
		status, err := os.ReadFile("/proc/self/status")
		m := regexp.MustCompile(`RssAnon:\s+(\d+) kB`).FindSubmatch(status)
		if err != nil || m == nil {
			b.Skip("the system does not tell")
		}
		var kib float64
		if _, err := fmt.Sscan(string(m[1]), &kib); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(kib/1024, "MiB")
	})
}

// BenchmarkScaleWebFolder asks for the pages of a folder of 100,000 files.
func BenchmarkScaleWebFolder(b *testing.B) {
	s := &scaled{rand: rand.New(rand.NewPCG(1, 2)), snapshots: 3, dest: filepath.Join(b.TempDir(), "folder")}
	for i := range 100_000 {
		s.files = append(s.files, scaledFile{path: fmt.Sprintf("many/document-%06d%s", i, scaledEndings[i*7%20]),
			ino: uint64(i) + 1000, size: int64(s.rand.IntN(100_000))})
	}
	err := os.MkdirAll(filepath.Dir(index.Path(s.dest)), 0o700)
	if err == nil {
		err = index.Create(index.Path(s.dest), "scale")
	}
	if err == nil {
		err = s.build()
	}
	if err != nil {
		b.Fatal(err)
	}
	get, _ := webPage(b, s.dest)
	at := "/s/" + s.named(2) + "/many"
	page, _ := get(at)
	next := regexp.MustCompile(`href="([^"]*` + regexp.QuoteMeta(at) + `\?[^"]*after=[^"]*)"`).FindStringSubmatch(page)
	if next == nil {
		b.Fatalf("no way leads on: %.500s", page)
	}
	_, more, _ := strings.Cut(html.UnescapeString(next[1]), "/many")
	for _, c := range []struct{ name, address string }{
		{"first rows", at}, {"next rows", at + more}, {"by size", at + "?sort=size"}, {"by time", at + "?sort=time"},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkPage(b, get, c.address) })
	}
}

// named is the name of the snapshot with this number.
func (s *scaled) named(seq int) string {
	return worldStart.Add(-time.Duration(s.snapshots-seq) * time.Hour).Format("20060102-150405")
}

func benchmarkPage(b *testing.B, get func(address string) (string, int), address string) {
	ask := func() int {
		page, status := get(address)
		if status != http.StatusOK {
			b.Fatalf("%s: %d %.300s", address, status, page)
		}
		return len(page)
	}
	begin := time.Now()
	size := ask()
	first, cpu := time.Since(begin), cpuTime()
	for b.Loop() {
		ask()
	}
	b.ReportMetric((cpuTime()-cpu).Seconds()*1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(first.Seconds()*1000, "ms-first")
	b.ReportMetric(float64(size), "bytes/op")
}
