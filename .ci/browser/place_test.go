package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestNamesHaveTheWidth: on a telephone the columns that are not shown take none, also where entries are gone.
func TestNamesHaveTheWidth(t *testing.T) {
	p := story(t)
	b := open(t, 390, 844)
	b.signIn(p.serve())
	for _, at := range []string{"/s/latest/docs", "/s/latest/docs/letters", "/s/latest/"} {
		b.visit(at)
		b.ready()
		// what is left of the table at its right, and the narrowest name
		got := eval[[]float64](b, `(() => {
			const table = document.querySelector(".files").getBoundingClientRect();
			const cells = [...document.querySelectorAll(".files tbody td:last-child")], names =
				[...document.querySelectorAll(".files tbody td.name")];
			return [table.right - Math.max(...cells.map(e => e.getBoundingClientRect().right)),
				Math.min(...names.map(e => e.getBoundingClientRect().width))];
		})()`)
		if got[0] > 1 || got[1] < 180 {
			t.Errorf("%s: %.0f pixels are empty, names have %.0f", at, got[0], got[1])
		}
	}
}

// TestHandlesStandAtTheirColumns: that of a folder, and both of a comparison, at every snapshot and width.
func TestHandlesStandAtTheirColumns(t *testing.T) {
	p := newPlace(t)
	for i := range 5 {
		p.write("docs/diary.txt", fmt.Sprint(i))
		p.snap("backup", "-q", "--utc", "--time", fmt.Sprintf("2026-0%d-15 12:00:00", i+1), p.dest, p.src)
	}
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	// A handle is as wide as said, and between the ends of its bar.
	const off = `((slider, thumb, column) => {
		const r = slider.getBoundingClientRect(), c = column.getBoundingClientRect();
		const at = r.left + thumb / 2 + (r.width - thumb) * slider.value / slider.max;
		return at - (c.left + c.width / 2);
	})`
	for _, width := range []int64{390, 1280} {
		b.do(chromedp.EmulateViewport(width, 860))
		for _, name := range []string{"oldest", "latest~3", "latest~2", "latest~1", "latest"} {
			b.visit("/s/" + name + "/docs")
			b.ready()
			got := eval[float64](b, off+`(document.querySelector("#slider"), 3, document.querySelector("#columns .here"))`)
			if got < -1 || got > 1 {
				t.Errorf("%s at %d: the handle is %.1f pixels beside its column", name, width, got)
			}
		}
		b.visit("/diff/latest~1/latest/docs") // of which the last column alone is what B brought
		b.ready()
		got := eval[float64](b, off+`(document.querySelector("#slider-b"), 9, document.querySelector("#span .in"))`)
		if got < -1 || got > 1 {
			t.Errorf("handle B at %d: %.1f pixels beside its column", width, got)
		}
	}
	b.do(chromedp.EmulateViewport(1280, 860))
	b.visit("/s/oldest/docs")
	b.ready()
	got := eval[float64](b, `(() => {
		const m = document.querySelector(".months text").getBoundingClientRect(), c =
			document.querySelector("#columns .here").getBoundingClientRect();
		return m.left + m.width / 2 - c.left - c.width / 2;
	})()`)
	if got < -1 || got > 1 {
		t.Errorf("the first month is %.1f pixels beside its column", got)
	}
}

// TestWhyHasTheWidth: what becomes of a snapshot is told in a column that is wide enough, and its time is not cut.
func TestWhyHasTheWidth(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	for _, size := range sizes {
		b.do(chromedp.EmulateViewport(size[0], size[1]))
		b.visit("/keep?keep_daily=3")
		b.ready()
		got := eval[[]float64](b, `(() => {
			const row = document.querySelector(".fates tbody tr"), at = row.querySelector(".name bdi");
			return [row.querySelector(".why").offsetWidth, row.querySelector(".fate").offsetWidth,
				at.scrollWidth - at.offsetWidth];
		})()`)
		if got[0] < 120 || got[1] > 90 || got[2] > 0 {
			t.Errorf("at %d: why has %.0f pixels, fate %.0f, and %.0f of the time are cut", size[0], got[0], got[1], got[2])
		}
	}
}
