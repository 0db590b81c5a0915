package web

import "snap/cli/text"

// tile is a rectangle of the map: a folder, or one in it.
type tile struct {
	rect
	URL   string // "" for files, and for what is too small to be told apart
	Name  string
	Label string // a whole sentence
	Size  int64
	Level int  // of colour, 1 to 4: its part of the whole
	Inner bool // in another one
	Wide  bool // there is room for the name,
	Long  bool // and for the size beside it
	Small bool // but not on a narrow screen
}

const (
	mapWidth, mapHeight = 660.0, 400.0
	tilesOuter          = 40
	tilesInner          = 24 // in one
	tileHead            = 26.0
	tileEdge            = 3.0
)

// tiles lay out the rows, the largest first, and what is in the larger ones.
func (q *question) tiles(p *spacePage, rows []spaceRow) (all []tile, err error) {
	var values []float64
	var rest int64
	shown := rows
	for i := range rows {
		if len(values) == tilesOuter || rows[i].Shown <= 0 {
			shown = rows[:i]
			for k := range rows[i:] {
				rest += rows[i+k].Shown
			}
			break
		}
		values = append(values, float64(rows[i].Shown))
	}
	if rest > 0 {
		values = append(values, float64(rest))
	}
	for i, r := range squarify(values, rect{0, 0, mapWidth, mapHeight}) {
		t := tile{rect: r, Level: levelOf(values[i], float64(p.Whole.Shown))}
		if i == len(shown) {
			t.Name, t.Size = "others", rest
			t.Label = text.Plural(int64(len(rows)-len(shown)), "smaller folder", "smaller folders") + ", " + q.style().Size(rest)
			all = append(all, t.roomy())
			continue
		}
		row := &shown[i]
		t.Size, t.URL = row.Shown, row.URL
		if t.Name = nameText(row.Name); row.Name == "" {
			t.Name = "files here"
		}
		t.Label = t.Name + ", " + q.style().Size(t.Size) + ", " + text.Plural(row.Files(), "file", "files")
		all = append(all, t.roomy())
		if row.Name != "" && r.W > 110 && r.H > 80 {
			inner, err := q.innerTiles(p, row, r)
			if err != nil {
				return nil, err
			}
			all = append(all, inner...)
		}
	}
	return all, nil
}

// innerTiles are the folders in one of the map's.
func (q *question) innerTiles(p *spacePage, row *spaceRow, frame rect) (all []tile, err error) {
	if p.By == "copied" { // what was copied is known by folder at once, but not worth another look-up each
		return nil, nil
	}
	uses, err := q.d.FolderUse(q.ctx, row.Path)
	if err != nil || len(uses.In) == 0 {
		return nil, err
	}
	in := &spacePage{Path: row.Path, By: p.By}
	rows := q.spaceRows(in, uses, nil)
	var values []float64
	for i := range rows {
		if rows[i].Shown > 0 {
			values = append(values, float64(rows[i].Shown))
		}
	}
	frame = rect{frame.X + tileEdge, frame.Y + tileHead, frame.W - 2*tileEdge, frame.H - tileHead - tileEdge}
	for i, r := range squarify(values, frame) {
		if i == tilesInner || r.W < 6 || r.H < 6 {
			break
		}
		if rows[i].Name == "" {
			continue
		}
		t := tile{rect: r, Inner: true, Level: levelOf(values[i], float64(p.Whole.Shown)), Size: rows[i].Shown,
			URL: rows[i].URL, Name: nameText(rows[i].Name)}
		t.Label = nameText(row.Name) + "/" + t.Name + ", " + q.style().Size(t.Size)
		all = append(all, t.roomy())
	}
	return all, nil
}

// roomy says what there is room for.
func (t tile) roomy() tile {
	need := 18 + 7.4*float64(min(len([]rune(t.Name)), 14))
	t.Wide = t.W > need && t.H > 24
	t.Long = t.Wide && t.W > need+64 && !t.Inner
	t.Small = t.W < 150 || t.H < 52 || t.Inner
	return t
}

// levelOf is 1 to 4: how large a part of the whole it is.
func levelOf(part, whole float64) int {
	switch share := part / max(1, whole); {
	case share >= 0.4:
		return 4
	case share >= 0.15:
		return 3
	case share >= 0.04:
		return 2
	}
	return 1
}
