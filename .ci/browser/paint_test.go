package browser

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// TestPaint says how soon something is seen, medians of 20 loads, and how long from a step of the handle until the
// folder as it was then is painted: docs/scale.md has the figures. No time decides. Of a page of one's own, whose link
// is $SNAP_LINK, it takes the folder $SNAP_FOLDER.
func TestPaint(t *testing.T) {
	link, folder := os.Getenv("SNAP_LINK"), os.Getenv("SNAP_FOLDER")
	if link == "" {
		link, folder = year(t).serve(), "Documents"
	}
	b := open(t, 1280, 860)
	b.signIn(link)
	middle := func(all []float64) float64 { slices.Sort(all); return all[len(all)/2] }
	for _, at := range []string{"/", "/s/latest/" + folder} {
		var first, largest []float64
		for range 20 {
			b.visit(at)
			got := eval[[]float64](b, `new Promise(done => new PerformanceObserver(l => done([
				performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0, l.getEntries().at(-1).startTime]))
				.observe({type: "largest-contentful-paint", buffered: true}))`)
			first, largest = append(first, got[0]), append(largest, got[1])
		}
		t.Logf("%s: first paint %.0f ms, largest %.0f ms", at, middle(first), middle(largest))
	}
	b.visit("/s/latest/" + folder)
	b.until(`document.querySelector("#slider")`)
	b.ready()
	last := eval[int](b, `+document.querySelector("#slider").max`)
	var steps []float64
	for step := range 40 {
		steps = append(steps, eval[float64](b, fmt.Sprintf(`new Promise(done => {
			const s = document.querySelector("#slider"), begin = performance.now(), before = location.pathname;
			s.value = %d; s.dispatchEvent(new Event("input", {bubbles: true}));
			const look = () => location.pathname === before ? requestAnimationFrame(look)
				: requestAnimationFrame(() => done(performance.now() - begin));
			look();
		})`, (step*37+1)%(last+1))))
	}
	slices.Sort(steps)
	t.Logf("a step of the handle: %.0f ms until it is painted, 95 of 100 within %.0f ms", steps[20], steps[37])
	b.quiet()
}
