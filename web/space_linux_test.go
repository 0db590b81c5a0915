package web

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/record"
)

// TestTreemapLaws: rectangles have the areas of their values, lie in the frame and beside each other, and the worst
// is no worse than slices side by side.
func TestTreemapLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frame := rect{rapid.Float64Range(0, 50).Draw(t, "x"), rapid.Float64Range(0, 50).Draw(t, "y"),
			rapid.Float64Range(1, 900).Draw(t, "w"), rapid.Float64Range(1, 900).Draw(t, "h")}
		values := rapid.SliceOfN(rapid.Float64Range(0.001, 1000), 1, 60).Draw(t, "values")
		for i := 1; i < len(values); i++ { // the largest first
			values[i] = min(values[i], values[i-1])
		}
		sum := 0.0
		for _, v := range values {
			sum += v
		}
		all := squarify(values, frame)
		const little = 1e-6
		worst, sliced := 0.0, 0.0
		for i, r := range all {
			want := values[i] / sum * frame.W * frame.H
			if math.Abs(r.W*r.H-want) > little*(1+want) {
				t.Fatalf("%d: %v is %g, not %g", i, r, r.W*r.H, want)
			}
			if r.X < frame.X-little || r.Y < frame.Y-little || r.X+r.W > frame.X+frame.W+little ||
				r.Y+r.H > frame.Y+frame.H+little {
				t.Fatalf("%d: %v is not in %v", i, r, frame)
			}
			for k, o := range all[:i] {
				if min(r.X+r.W, o.X+o.W)-max(r.X, o.X) > little && min(r.Y+r.H, o.Y+o.H)-max(r.Y, o.Y) > little {
					t.Fatalf("%d and %d overlap: %v %v", k, i, o, r)
				}
			}
			worst = max(worst, r.W/r.H, r.H/r.W)
			slice := want / min(frame.W, frame.H)
			sliced = max(sliced, min(frame.W, frame.H)/slice, slice/min(frame.W, frame.H))
		}
		if worst > sliced*(1+little)+little {
			t.Fatalf("the worst is %g to 1, slices %g to 1", worst, sliced)
		}
	})
	for _, none := range [][]float64{nil, {0}, {0, 0}} {
		if got := squarify(none, rect{0, 0, 10, 10}); len(got) != len(none) {
			t.Errorf("%v", got)
		}
	}
}

func TestGrowthHasAStepForEach(t *testing.T) {
	for _, n := range []int{0, 1, 2, 1000} {
		heads, brought := []*record.Header{}, []int64{}
		for i := range n {
			heads = append(heads, &record.Header{Time: time.Date(2020, 1, 1+i, 0, 0, 0, 0, time.UTC)})
			brought = append(brought, int64(i%3)*100+1)
		}
		g := newGrowth(heads, brought, time.UTC)
		if got := strings.Count(g.Line, "H"); got != n {
			t.Errorf("%d snapshots: %d steps", n, got)
		}
		if got := strings.Count(g.Bars, "M"); got != n {
			t.Errorf("%d snapshots: %d bars", n, got)
		}
		if n == 1000 && len(g.Line+g.Area+g.Bars) > 80_000 {
			t.Errorf("%d bytes", len(g.Line+g.Area+g.Bars))
		}
	}
}

// weights is a destination in which much is kept that is no longer in the newest snapshot.
func weights(t testing.TB) *backuptest.Place {
	p := backuptest.NewPlace(t)
	p.Write("vm/disk", strings.Repeat("a", 50_000))
	p.Write("videos/raw/old.mov", strings.Repeat("b", 90_000))
	p.Write("videos/clip", strings.Repeat("c", 20_000))
	p.Write("notes", strings.Repeat("d", 3_000))
	snapshot(p, "20261117-100000")
	p.Write("vm/disk", strings.Repeat("e", 50_001))
	snapshot(p, "20261118-100000")
	p.Do(os.RemoveAll(p.Path("videos/raw")))
	p.Write("vm/disk", strings.Repeat("f", 50_002))
	p.Write("only/in/one", strings.Repeat("g", 7_000))
	snapshot(p, "20261119-100000")
	p.Do(os.RemoveAll(p.Path("only")))
	p.Write("vm/disk", strings.Repeat("h", 50_003))
	snapshot(p, "20261120-100000")
	return p
}

// TestSpaceSaysWhatStatsSays: the page has for each folder what `snap stats --folders` has, and sums up what is
// ticked as `snap stats REF…` does.
func TestSpaceSaysWhatStatsSays(t *testing.T) {
	s := show(t, weights(t), func(o *Options) { o.Units = "bytes" })
	for _, path := range []string{"", "videos", "vm", "only"} {
		var stats struct {
			Folders []struct {
				Path, Type string
				Bytes      int64
				NewestB    int64 `json:"newest_bytes"`
				OldB       int64 `json:"old_bytes"`
			}
			NewestB int64 `json:"newest_bytes"`
			OldB    int64 `json:"old_bytes"`
		}
		at := s.base + "/api/stats?folders=1&path=" + path
		if err := json.Unmarshal([]byte(s.get(t, at)), &stats); err != nil {
			t.Fatal(err)
		}
		page := told(t, s.get(t, s.site.Space(path, "count", "1")))
		size := s.style().Size
		says(t, path, page, "All on disk "+size(stats.NewestB+stats.OldB), "In the newest "+size(stats.NewestB),
			"Only in older ones "+size(stats.OldB))
		for _, f := range stats.Folders {
			old := size(f.OldB)
			if f.OldB == 0 {
				old = "–"
			}
			name := f.Path[strings.LastIndexByte(f.Path, '/')+1:]
			if f.Type == "dir" {
				says(t, path, page, fmt.Sprintf("%s %s %s %s", name, size(f.NewestB), old, size(f.Bytes)))
			}
		}
	}
	var freed struct {
		Bytes int64 `json:"freed_bytes"`
	}
	if err := json.Unmarshal([]byte(s.get(t, s.base+"/api/stats?at=20261117-100000&at=20261118-100000")),
		&freed); err != nil || freed.Bytes < 90_000 {
		t.Fatal(err, freed)
	}
	page := told(t, s.get(t, s.site.Space("", "count", "1", "d", "1-2")))
	says(t, "two", page, "Deleting these 2 frees "+s.style().Size(freed.Bytes),
		"snap delete -n 20261117-100000 20261118-100000")
}

// TestWhatToDeleteToFreeSoMuch: the oldest that suffice, never the newest or one that is pinned; and folders that are
// in older snapshots only.
func TestWhatToDeleteToFreeSoMuch(t *testing.T) {
	p := weights(t)
	s := show(t, p)
	ask := func(free string) string {
		t.Helper()
		return told(t, s.get(t, s.site.Space("", "count", "1", "free", free)))
	}
	for free, want := range map[string]string{
		"40k":  "The oldest 1 snapshot that may go frees 49 KiB",
		"120k": "The oldest 2 snapshots that may go free 186 KiB , from 17 Nov 2026 to 18 Nov 2026",
		"1G":   "All 3 snapshots that may go free no more than",
		"x":    "How much is that?",
		"-3":   "How much is that?",
	} {
		says(t, free, ask(free), want)
	}
	says(t, "the fewest", ask("55k"), "The oldest 2 snapshots",
		"The fewest that free so much is one, of 19 Nov 2026: 56 KiB")
	if got := ask("40k"); strings.Contains(got, "The fewest") {
		t.Errorf("one is as few as it gets: %s", got)
	}
	if got := ask("40k"); !strings.Contains(got, "no longer has: videos/raw 88 KiB, only 6.8 KiB") || strings.Contains(got,
		"vm 49 KiB. ") {
		t.Errorf("%s", got)
	}
	d, err := destination.Open(t.Context(), p.Dest, destination.Options{})
	p.Do(err)
	p.Do(d.SetLabels(t.Context(), "20261117-100000", []string{"pin"}, ""))
	p.Do(d.Close())
	if got := ask("40k"); !strings.Contains(got, "The oldest 1 snapshot that may go frees") || strings.Contains(got,
		"from 17 Nov") {
		t.Errorf("%s", got)
	}
	for _, bad := range []string{"d=x", "d=1-", "d=-1", "by=colour", "d=1-2-3"} {
		if a := s.do(http.MethodGet, s.site.Space("")+"?count=1&"+bad); a.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, a.Code)
		}
	}
}

// TestSpaceComesAfterItsPage: what takes long is not waited for, and asked for by the page itself.
func TestSpaceComesAfterItsPage(t *testing.T) {
	s := show(t, weights(t))
	if page := s.get(t, s.site.Space("")); !strings.Contains(page, `data-part="space"`) || !strings.Contains(page,
		"?count=1") {
		t.Error("the page does not ask")
	}
	if part := s.get(t, s.site.Space(""), head("Snap-Fragment", "counted")); part != `{"done":0,"total":0}` {
		t.Error(part)
	}
	if part := s.get(t, s.site.Space(""), head("Snap-Fragment", "space")); !strings.Contains(part, "videos") ||
		strings.Contains(part, "<html") {
		t.Errorf("%.300s", part)
	}
	if page := s.get(t, s.site.Space("")); strings.Contains(page, `data-part="space"`) || !strings.Contains(page,
		"videos") {
		t.Error("what is known is not shown at once")
	}
	if a := s.do(http.MethodGet, s.site.Space("nothing", "count", "1")); a.Code != http.StatusNotFound {
		t.Errorf("%d", a.Code)
	}
}
