package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"snap/cli/report"
	"snap/cli/text"
	"snap/cli/wire"
)

// On a terminal several versions stand below their path, and what has no room beside a line below it.
func TestVersionsOnATerminal(t *testing.T) {
	w := mustWorld(t)
	deep := "docs/reports/2024/quarterly/annual-report-with-a-long-name.odt"
	for _, dir := range []string{"docs", "docs/reports", "docs/reports/2024", "docs/reports/2024/quarterly"} {
		w.mkdir(dir)
	}
	w.put(deep, "a")
	w.put("notes.txt", "n")
	w.snapshot(t)
	w.put(deep, "bb")
	w.snapshot(t)
	w.move("docs/reports", "docs/papers")
	w.remove("notes.txt")
	w.snapshot(t)
	for _, c := range []struct {
		width int
		args  string
		want  string
	}{
		{0, "find *.txt", `
+ 20261119-100700-00..20261119-110900-01    2       1 B  2026-11-19 10:06  notes.txt (then deleted)
`},
		{0, "find *.odt --in oldest", `
+ 20261119-100700-00                        1       1 B  2026-11-19 10:05  docs/reports/2024/quarterly/annual-report-with-a-long-name.odt
`},
		{140, "find *.txt", `
  Snapshots                                In      Size  Modified          Path
+ 20261119-100700-00..20261119-110900-01    2       1 B  2026-11-19 10:06  notes.txt (then deleted)
`},
		{140, "find *.odt", `
  Snapshots                                In      Size  Modified          Path
R 20261119-121200-02                        1       2 B  2026-11-19 11:08  docs/papers/2024/quarterly/annual-report-with-a-long-name.odt
      from docs/reports/2024/quarterly/annual-report-with-a-long-name.odt
+ 20261119-100700-00                        1       1 B  2026-11-19 10:05  docs/reports/2024/quarterly/annual-report-with-a-long-name.odt
M 20261119-110900-01                        1       2 B  2026-11-19 11:08  docs/reports/2024/quarterly/annual-report-with-a-long-name.odt
      moved to docs/papers/2024/quarterly/annual-report-with-a-long-name.odt
`},
		{120, "find --in oldest *.odt", `
  Snapshots                                In      Size  Modified          Path
+ 20261119-100700-00                        1       1 B  2026-11-19 10:05  docs/reports/2…al-report-with-a-long-name.odt
`},
		{90, "find *.txt", `
    Snapshots                                In      Size  Modified
notes.txt
  + 20261119-100700-00..20261119-110900-01    2       1 B  2026-11-19 10:06  deleted
`},
		{80, "find *.txt", `
    Snapshots                                In      Size  Modified
notes.txt
  + 20261119-100700-00..20261119-110900-01    2       1 B  2026-11-19 10:06
      deleted
`},
		{80, "history " + deep, `
    Snapshot            Time                Age      Size
docs/reports/2024/quarterly/annual-report-with-a-long-name.odt
  + 20261119-100700-00  2026-11-19 10:07     2d       1 B
  M 20261119-110900-01  2026-11-19 11:09     2d       2 B
docs/papers/2024/quarterly/annual-report-with-a-long-name.odt
  R 20261119-121200-02  2026-11-19 12:12     2d       2 B
`},
		{80, "history --no-follow " + deep, `
    Snapshot            Time                Age      Size
docs/reports/2024/quarterly/annual-report-with-a-long-name.odt
  + 20261119-100700-00  2026-11-19 10:07     2d       1 B
  M 20261119-110900-01  2026-11-19 11:09     2d       2 B
  R 20261119-121200-02  2026-11-19 12:12     2d         -
      to docs/papers/2024/quarterly/annual-report-with-a-long-name.odt
`},
		{80, "history --no-follow docs/papers/2024/quarterly/annual-report-with-a-long-name.odt", `
    Snapshot            Time                Age      Size
docs/papers/2024/quarterly/annual-report-with-a-long-name.odt
  R 20261119-121200-02  2026-11-19 12:12     2d       2 B
      from docs/reports/2024/quarterly/annual-report-with-a-long-name.odt
`},
		{60, "history --no-follow docs/papers/2024/quarterly/annual-report-with-a-long-name.odt", `
    Snapshot            Time                Age      Size
docs/papers/2024/qu…terly/annual-report-with-a-long-name.odt
  R 20261119-121200-02  2026-11-19 12:12     2d       2 B
      from docs/reports…y/annual-report-with-a-long-name.odt
`},
		{80, "history notes.txt", `
  Snapshot            Time                Age      Size  Path
+ 20261119-100700-00  2026-11-19 10:07     2d       1 B  notes.txt
- 20261119-121200-02  2026-11-19 12:12     2d         -  notes.txt
`},
	} {
		var out, errs bytes.Buffer
		env := testEnv(w.dest, &out, &errs)
		env.Width = c.width
		if code := Run(context.Background(), env, append([]string{"snap"}, strings.Fields(c.args)...)); code != 0 ||
			"\n"+out.String() != c.want {
			t.Errorf("%s at width %d: exit code %d %s\ngot\n%swant%s", c.args, c.width, code, errs.String(),
				out.String(), c.want)
		}
	}
}

// What the last backup did stands below the snapshots where there is no room beside them.
func TestExplainedOnATerminal(t *testing.T) {
	w := mustWorld(t)
	w.put("letter.txt", "a")
	w.put("bad\xff", "a")
	w.snapshot(t)
	w.move("letter.txt", "a-letter-to-somebody.txt")
	w.snapshot(t)
	w.put("other", "o")
	w.snapshot(t)
	for _, c := range []struct {
		width      int
		path, want string
	}{
		{0, "a-letter-to-somebody.txt", "as it is since 20261119-110500-01: ; copied from letter.txt"},
		{200, "a-letter-to-somebody.txt", "as it is since 20261119-110500-01: ; copied from letter.txt"},
		{80, "a-letter-to-somebody.txt", "as it is since 20261119-110500-01:\n              ; copied from letter.txt"},
		{80, "bad\xff", "\"bad\\xff\"\n  included"},
	} {
		var out, errs bytes.Buffer
		env := testEnv(w.dest, &out, &errs)
		env.Width = c.width
		if code := Run(context.Background(), env, []string{"snap", "explain", c.path}); code != 0 ||
			!strings.Contains(out.String(), c.want) {
			t.Errorf("%q at width %d: exit code %d %s\n%s", c.path, c.width, code, errs.String(), out.String())
		}
	}
}

// Totals of all kinds take two lines where one has no room for them.
func TestTotalsOnATerminal(t *testing.T) {
	for width, gap := range map[int]string{0: " ", 87: " ", 86: "\n"} {
		out := new(output)
		p := &report.Printer{Style: text.Style{Width: width}, Out: out}
		if err := p.DiffTotals(&wire.DiffSummary{Added: 1234, Modified: 3, Metadata: 1, Moved: 5, Removed: 14, Type: 1,
			BytesAfter: 7}); err != nil {
			t.Fatal(err)
		}
		if want := "1,234 added, 3 modified, 1 metadata, 5 moved, 14 removed, 1 of another type;" + gap +
			"0 B -> 7 B\n"; out.buf.String() != want {
			t.Errorf("width %d: %q, want %q", width, &out.buf, want)
		}
	}
}

// What became of a file under another name counts.
func TestDeletedUnderEveryName(t *testing.T) {
	w := mustWorld(t)
	for _, p := range []string{"a", "b", "c", "d", "e"} {
		w.put(p, "content of "+p)
	}
	w.snapshot(t)
	w.move("a", "a2") // deleted under its new name
	w.move("b", "b2") // still there
	w.move("c", "c2") // edited, renamed again, then deleted
	w.remove("d")     // deleted, and another comes
	w.move("e", "e2") // replaced by another file
	w.snapshot(t)
	w.put("c2", "edited")
	w.put("f", "takes the place of e2")
	w.snapshot(t)
	w.move("c2", "c3")
	w.snapshot(t)
	w.remove("a2")
	w.remove("c3")
	w.put("d", "new")
	w.move("f", "e2")
	w.snapshot(t)
	stdout, stderr, code := run(t, w.dest, "find", "-0", "--deleted", "--type", "f", "*")
	if want := "a\x00a2\x00c\x00c2\x00c3\x00e\x00"; code != 0 || stdout != want {
		t.Errorf("exit code %d, %q, want %q %s", code, stdout, want, stderr)
	}
}
