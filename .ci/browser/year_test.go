package browser

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// year is the home of somebody who has made backups for a year: what is seen on the pictures. The same seed makes the
// same one.
func year(t *testing.T) *place {
	p := newPlace(t)
	r := rand.New(rand.NewPCG(16, 4))
	p.write("Documents/recipes.md",
		"# Recipes\n\n## Pancakes\n\n- 200 g flour\n- 2 eggs\n- 300 ml milk\n\nFry in butter until golden.\n")
	p.write("Documents/landlord.txt", "Dear Mr Brown,\n\nthe heating is cold again.\n")
	p.write("Documents/thesis/introduction.md", prose(r, 40))
	for i := range 6 {
		p.write(fmt.Sprintf("Documents/thesis/chapter-%d.md", i+1), prose(r, 60))
	}
	p.write("Documents/budget.csv", "month,rent,food\n")
	p.write("Documents/letters/bank.txt", prose(r, 8))
	p.write("Documents/letters/insurance.txt", prose(r, 9))
	for i := range 8 {
		p.picture(fmt.Sprintf("Photos/2025-rome/rome-%02d.png", i+1), i, 0)
	}
	p.picture("Photos/portrait.png", 9, 0)
	p.write("Code/garden/main.go", "package main\n\nfunc main() {\n\tprintln(\"water the beans\")\n}\n")
	p.write("Code/garden/go.mod", "module garden\n")
	p.write("Code/garden/notes.txt", prose(r, 5))
	p.write("Music/tape.ogg", strings.Repeat(prose(r, 100), 40))

	now := time.Now().UTC()
	begin := now.AddDate(-1, 0, 5)
	n := 0
	for day := begin; day.Before(now.Add(-24 * time.Hour)); day = day.AddDate(0, 0, []int{1, 2, 3, 5, 7}[r.IntN(5)]) {
		at := time.Date(day.Year(), day.Month(), day.Day(), 18, r.IntN(20), 0, 0, time.UTC)
		p.written = at.Add(-time.Hour)
		p.oneDay(r, n, p.written)
		args := []string{"backup", "-q", "--time", at.Format("2006-01-02 15:04:05"), "--utc", p.dest, p.src}
		if n == 40 {
			args = append(args, "--tag", "pin", "--note", "before the move")
		}
		p.snap(args...)
		n++
	}
	p.written = now.Add(-3 * time.Hour)
	p.write("Documents/recipes.md", recipes(6))
	p.write("Documents/thesis/chapter-3.md", prose(r, 70))
	p.snap("backup", "-q", "--utc", "--time", now.Add(-100*time.Minute).Format("2006-01-02 15:04:05"), p.dest, p.src)
	p.snap("check", "-q", "-d", p.dest, "--read-data")
	return p
}

// oneDay is what changes before the n-th backup, at that time.
func (p *place) oneDay(r *rand.Rand, n int, at time.Time) {
	p.t.Helper()
	switch n {
	case 8:
		p.must(os.Remove(filepath.Join(p.src, "Documents/landlord.txt")))
	case 20:
		p.write("Documents/recipes.md", recipes(2))
	case 35:
		p.must(os.Rename(filepath.Join(p.src, "Photos/2025-rome"), filepath.Join(p.src, "Photos/italy")))
	case 50:
		p.picture("Photos/portrait.png", 9, 1)
	case 60:
		p.write("Documents/recipes.md", recipes(4))
	}
	if r.IntN(3) > 0 {
		p.write(fmt.Sprintf("Documents/thesis/chapter-%d.md", 1+r.IntN(6)), prose(r, 50+r.IntN(40)))
	}
	if r.IntN(4) == 0 {
		p.write("Code/garden/notes.txt", prose(r, 5+r.IntN(9)))
	}
	if r.IntN(6) == 0 {
		p.picture(fmt.Sprintf("Photos/walks/%03d.png", n), n, 0)
	}
	if n%9 == 0 {
		p.write("Documents/budget.csv", "month,rent,food\n"+strings.Repeat("2026-01,900,310\n", n/9+1))
	}
	if n == 0 {
		p.must(filepath.WalkDir(p.src, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Chtimes(path, at, at))
		}))
	}
}

func recipes(eggs int) string {
	return fmt.Sprintf("# Recipes\n\n## Pancakes\n\n- 200 g flour\n- %d eggs\n- 300 ml milk, warm\n- a pinch of "+
		"salt\n\nFry in butter until golden.\n"+
		"\n## Bread\n\n- 500 g flour\n- 350 g water\n- %d g salt\n", eggs, 8+eggs)
}

// prose is so many lines of a text.
func prose(r *rand.Rand, lines int) string {
	words := strings.Fields("the garden of an old house in spring was what we remembered when rain came over hills and " +
		"slowly light went out")
	var b strings.Builder
	for range lines {
		for range 6 + r.IntN(8) {
			b.WriteString(words[r.IntN(len(words))] + " ")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// picture draws a landscape.
func (p *place) picture(path string, hue, sun int) {
	p.t.Helper()
	const w, h = 480, 320
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			sky := float64(y) / h
			c := color.RGBA{uint8(120 + 100*sky), uint8(160 + 60*sky), uint8(230 - 40*sky), 255}
			if hill := 200 + 40*math.Sin(float64(x+hue*70)/80) + 14*math.Sin(float64(x)/23); float64(y) > hill {
				c = color.RGBA{uint8(60 + hue*9%60), uint8(110 + (y-200)/3), uint8(70 + hue*13%50), 255}
			}
			if dx, dy := x-330+sun*190, y-80; dx*dx+dy*dy < 1100 {
				c = color.RGBA{255, 232, 160, 255}
			}
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	p.must(png.Encode(&b, m))
	p.write(path, b.String())
}
