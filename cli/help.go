package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"snap/cli/exit"
)

func helpCommand() *command {
	return &command{
		name: "help", args: "[COMMAND]", short: "this text, or that of a command", group: groupOther, max: 1,
		long: "Shows what snap, or one of its commands, does.",
		complete: func(c *call, word string) []candidate {
			return commandNames(c.all)
		},
		run: func(c *call) error {
			app := newApp(c.all, c.env.program, nil)
			if len(c.args) == 0 {
				return printHelp(c.out, app, c.all, nil)
			}
			a := arranger{app: app}
			if err := a.enter(c.args[0]); err != nil {
				return err
			}
			return printHelp(c.out, app, c.all, a.line.command)
		},
	}
}

// The headings that commands stand under.
const (
	groupMake  = "Making snapshots"
	groupLook  = "Asking the snapshots"
	groupKeep  = "Keeping a destination"
	groupOther = "Other"
)

const aboutDest = `Which destination: -d DIR, else $SNAP_DEST, else the current folder or a parent
that holds .snap/, else the one that you backed up to last, among those that
snap init made or two backups have named: see snap destinations.
`

const aboutRefs = `Naming a snapshot (REF):
  20261122-134510   its name, or a beginning that no other name has
  latest, oldest    the newest, the first; latest~2 is two before the newest
  tag:weekly        the newest with this tag
  @2026-11-20       the newest of that day or before; also @"2026-11-20 13:00",
                    with seconds, or with a zone as in @2026-11-20T13:00Z
  @7d               the newest that is so old: @30s @5min @2h @3w @2mo @1y2mo,
                    @"3 days ago"
  @yesterday        the newest of that day, week, month or year, or before:
                    @monday @last-monday @last-week @this-month @october
                    @2026-10 @2025, @"yesterday 18:00"; - may be a space
  yesterday         @yesterday: the days, today to monday, do without the @,
                    but not where snapshots are deleted
  REF~N             N snapshots before REF
  REF:PATH          a path in it, from the source down, or absolute

Where names hold colons, REF ends at the last colon before which one is named.
`

// usage is how the command is called.
func (cmd *command) usage() string {
	s := "snap " + cmd.name
	if len(cmd.flags) > 0 {
		s += " [FLAG…]"
	}
	if cmd.args != "" {
		s += " " + cmd.args
	}
	return s
}

// text is the help of the command but for its flags.
func (cmd *command) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", cmd.usage(), strings.TrimSpace(cmd.long))
	if len(cmd.aliases) > 0 {
		fmt.Fprintf(&b, "\nAlso called: %s\n", strings.Join(cmd.aliases, ", "))
	}
	if cmd.examples != "" {
		b.WriteString("\nExamples:\n")
		for line := range strings.SplitSeq(strings.TrimSpace(cmd.examples), "\n") {
			fmt.Fprintf(&b, "  %s\n", strings.TrimSpace(line))
		}
	}
	b.WriteString("\nExit codes:\n")
	printCodes(&b, cmd.exitCodes())
	return b.String()
}

func printCodes(w io.Writer, codes []int) {
	for _, code := range codes {
		fmt.Fprintf(w, "  %3d  %s\n", code, strings.Join(wrap(exit.Texts[code], helpWidth-7), "\n       "))
	}
}

// printHelp prints the help of a command, or that of snap if it is nil.
func printHelp(to *output, app *cli.App, all []*command, u *cli.Command) error {
	var out strings.Builder
	if u != nil {
		out.WriteString(fill(program(app.Name).typed(u.UsageText)))
		if len(u.Flags) > 0 {
			out.WriteString("\nFlags:\n")
			printFlags(&out, u.Flags)
		}
		out.WriteString("\nThe flags that all commands take: snap --help\n")
	} else {
		printOverview(&out, app, all)
	}
	_, err := io.WriteString(to, program(app.Name).typed(out.String()))
	return err
}

// printOverview prints the help of snap.
func printOverview(out io.Writer, app *cli.App, all []*command) {
	fmt.Fprint(out, "snap makes incremental backups as plain folders with hard links.\n\nUsage: snap COMMAND [FLAG…] "+
		"[ARGUMENT…]\n")
	for _, group := range groups(all) {
		fmt.Fprintf(out, "\n%s:\n", group)
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, cmd := range all {
			if cmd.group == group && !cmd.hidden {
				fmt.Fprintf(w, "  %s\t%s\n", strings.Join(append([]string{cmd.name}, cmd.aliases...), ", "), cmd.short)
			}
		}
		w.Flush()
	}
	fmt.Fprint(out, "\nFlags, anywhere on the line (-- ends them):\n")
	printFlags(out, app.Flags)
	fmt.Fprintf(out, "\n%s\n%s\nExit codes:\n", aboutDest, aboutRefs)
	printCodes(out, exit.Codes)
	fmt.Fprint(out, "\nsnap COMMAND --help says more.\n")
}

// groups are the headings in the order of the commands.
func groups(all []*command) (names []string) {
	seen := map[string]bool{}
	for _, cmd := range all {
		if !cmd.hidden && !seen[cmd.group] {
			seen[cmd.group] = true
			names = append(names, cmd.group)
		}
	}
	return names
}

// helpWidth is how wide a help text may be: the terminal of the least.
const helpWidth = 80

// printFlags prints flags with the short name first, as they are typed, and what they do beside them.
func printFlags(out io.Writer, flags []cli.Flag) {
	var rows [][2]string
	widest := 0
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if v, isVisible := f.(cli.VisibleFlag); !ok || isVisible && !v.IsVisible() {
			continue
		}
		names, value, text := flagParts(d)
		if value != "" {
			names += " " + value
		}
		rows = append(rows, [2]string{names, text})
		widest = max(widest, len(names))
	}
	for _, row := range rows {
		names := row[0]
		for _, line := range wrap(row[1], helpWidth-widest-4) {
			fmt.Fprintf(out, "  %-*s  %s\n", widest, names, line)
			names = ""
		}
	}
}

// fill breaks the paragraphs of a text anew, so that they fit whatever snap is called; indented lines stay.
func fill(text string) string {
	var b strings.Builder
	paragraph := ""
	for line := range strings.Lines(text) {
		if line != "\n" && line[0] != ' ' {
			paragraph += line
			continue
		}
		b.WriteString(filled(paragraph) + line)
		paragraph = ""
	}
	return b.String() + filled(paragraph)
}

func filled(paragraph string) string {
	if paragraph == "" {
		return ""
	}
	return strings.Join(wrap(paragraph, helpWidth), "\n") + "\n"
}

// wrap breaks text into lines at spaces.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// flagParts are the names of a flag, "-l, --long", its value's name and what it does with its default.
func flagParts(f cli.DocGenerationFlag) (names, value, text string) {
	var short, long []string
	for _, n := range f.Names() {
		if len(n) == 1 {
			short = append(short, "-"+n)
		} else {
			long = append(long, "--"+n)
		}
	}
	names = strings.Join(append(short, long...), ", ")
	if len(short) == 0 {
		names = "    " + names
	}
	text = f.GetUsage()
	if before, rest, ok := strings.Cut(text, "`"); ok {
		if name, after, ok := strings.Cut(rest, "`"); ok {
			value, text = name, before+name+after
		}
	}
	if f.TakesValue() && value == "" {
		value = "VALUE"
	}
	if d := strings.Trim(f.GetValue(), `"`); f.TakesValue() && d != "" && d != "[]" && d != strconv.Itoa(0) {
		text += " (default " + d + ")"
	}
	return names, value, text
}
