package cli

import (
	"bytes"
	"io"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
)

// column is a column of a table.
type column struct {
	head     string
	right    bool // numbers stand to the right
	cut      bool // cut to fit the terminal: for names and texts, never for what identifies
	path     bool // and at the beginning: what tells long paths apart is at the end
	optional bool // left out when it is empty or the terminal too narrow
}

// table is a short table without boxes, wrapped around tablewriter so that it can be replaced. All of it
// is kept in memory: long listings are printed line by line instead.
type table struct {
	columns []column
	rows    [][]string
}

const columnGap = 2

// leastRoom is how far a column can be cut and still tell something.
const leastRoom = 10

// add appends a row. Cells are harmless already.
func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write prints the table, fitted to width columns; 0 is any width.
func (t *table) write(w io.Writer, width int) error {
	t.fit(width)
	var b bytes.Buffer
	align := make(tw.Alignment, len(t.columns))
	heads := make([]string, len(t.columns))
	for i, c := range t.columns {
		align[i], heads[i] = tw.AlignLeft, c.head
		if c.right {
			align[i] = tw.AlignRight
		}
	}
	// Without the settings below tablewriter changes the case of headings, centres them, wraps cells,
	// trims blanks and guesses widths from the locale.
	tab := tablewriter.NewTable(&b,
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithHeaderAlignmentConfig(tw.CellAlignment{PerColumn: align}),
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithTrimSpace(tw.Off), tablewriter.WithEastAsian(tw.Off), tablewriter.WithAlignment(align),
		tablewriter.WithPadding(tw.Padding{Right: strings.Repeat(" ", columnGap), Overwrite: true}),
		tablewriter.WithRendition(tw.Rendition{
			Borders: tw.BorderNone, Symbols: tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{Lines: tw.LinesNone, Separators: tw.SeparatorsNone},
		}))
	tab.Header(heads)
	for _, row := range t.rows {
		if err := tab.Append(row); err != nil {
			return err
		}
	}
	if err := tab.Render(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// fit leaves out empty and optional columns and cuts cells until the table is no wider than width.
func (t *table) fit(width int) {
	for i := len(t.columns) - 1; i >= 0; i-- {
		if t.columns[i].optional && t.empty(i) {
			t.drop(i)
		}
	}
	if width <= 0 {
		return
	}
	for i := len(t.columns) - 1; i >= 0; i-- {
		if c := t.columns[i]; c.optional && !c.cut && t.width() > width {
			t.drop(i)
		}
	}
	for i := len(t.columns) - 1; i >= 0; i-- {
		over, c := t.width()-width, t.columns[i]
		if over <= 0 || !c.cut {
			continue
		}
		room := t.columnWidth(i) - over
		if c.optional && room < leastRoom {
			t.drop(i)
			continue
		}
		room = max(room, leastRoom)
		for _, row := range t.rows {
			if c.path {
				row[i] = cutFront(row[i], room)
			} else {
				row[i] = displaywidth.TruncateString(row[i], room, "…")
			}
		}
	}
}

// cutFront is s without so much of its beginning that it fits width columns.
func cutFront(s string, width int) string {
	over := displaywidth.String(s) - width
	if over <= 0 {
		return s
	}
	g := displaywidth.StringGraphemes(s)
	for over++; over > 0 && g.Next(); { // one more for the mark
		over -= g.Width()
		s = s[len(g.Value()):]
	}
	return "…" + s
}

// pad is s with blanks behind it up to width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-displaywidth.String(s)))
}

func (t *table) width() int {
	sum := columnGap * (len(t.columns) - 1)
	for i := range t.columns {
		sum += t.columnWidth(i)
	}
	return sum
}

func (t *table) columnWidth(i int) int {
	widest := displaywidth.String(t.columns[i].head)
	for _, row := range t.rows {
		widest = max(widest, displaywidth.String(row[i]))
	}
	return widest
}

func (t *table) empty(i int) bool {
	for _, row := range t.rows {
		if row[i] != "" {
			return false
		}
	}
	return true
}

func (t *table) drop(i int) {
	t.columns = append(t.columns[:i:i], t.columns[i+1:]...)
	for r, row := range t.rows {
		t.rows[r] = append(row[:i:i], row[i+1:]...)
	}
}
