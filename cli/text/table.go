package text

import (
	"bytes"
	"io"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"
)

// Column is a column of a table.
type Column struct {
	Head     string
	Right    bool // numbers stand to the right
	Cut      bool // cut to fit the terminal: for names and texts, never for what identifies
	Path     bool // and in the middle: a path
	Optional bool // left out when it is empty or the terminal too narrow
}

// Table is a short table without boxes, wrapped around tablewriter so that it can be replaced. All of it
// is kept in memory: long listings are printed line by line instead.
type Table struct {
	Columns []Column
	Rows    [][]string
}

const columnGap = 2

// leastRoom is how far a column can be cut and still tell something.
const leastRoom = 10

// Add appends a row. Cells are harmless already.
func (t *Table) Add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Write prints the table, fitted to width columns; 0 is any width.
func (t *Table) Write(w io.Writer, width int) error {
	t.fit(width)
	var b bytes.Buffer
	align := make(tw.Alignment, len(t.Columns))
	heads := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		align[i], heads[i] = tw.AlignLeft, c.Head
		if c.Right {
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
	for _, row := range t.Rows {
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
func (t *Table) fit(width int) {
	for i := len(t.Columns) - 1; i >= 0; i-- {
		if t.Columns[i].Optional && t.empty(i) {
			t.drop(i)
		}
	}
	if width <= 0 {
		return
	}
	for i := len(t.Columns) - 1; i >= 0; i-- {
		if c := t.Columns[i]; c.Optional && !c.Cut && t.width() > width {
			t.drop(i)
		}
	}
	for i := len(t.Columns) - 1; i >= 0; i-- {
		over, c := t.width()-width, t.Columns[i]
		if over <= 0 || !c.Cut {
			continue
		}
		room := t.columnWidth(i) - over
		if c.Optional && room < leastRoom {
			t.drop(i)
			continue
		}
		room = max(room, leastRoom)
		for _, row := range t.Rows {
			if c.Path {
				row[i] = Shorten(row[i], room)
			} else {
				row[i] = displaywidth.TruncateString(row[i], room, "…")
			}
		}
	}
}

// Pad is s with blanks behind it up to width columns.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-displaywidth.String(s)))
}

func (t *Table) width() int {
	sum := columnGap * (len(t.Columns) - 1)
	for i := range t.Columns {
		sum += t.columnWidth(i)
	}
	return sum
}

func (t *Table) columnWidth(i int) int {
	widest := displaywidth.String(t.Columns[i].Head)
	for _, row := range t.Rows {
		widest = max(widest, displaywidth.String(row[i]))
	}
	return widest
}

func (t *Table) empty(i int) bool {
	for _, row := range t.Rows {
		if row[i] != "" {
			return false
		}
	}
	return true
}

func (t *Table) drop(i int) {
	t.Columns = append(t.Columns[:i:i], t.Columns[i+1:]...)
	for r, row := range t.Rows {
		t.Rows[r] = append(row[:i:i], row[i+1:]...)
	}
}
