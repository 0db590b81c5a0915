package cmdline

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Manual is what the manual page says and no help does.
type Manual struct {
	Summary     string    // what the program is, in half a line
	Version     string    // the program and its version
	Date        string    // the day of this version, "" if it is not known
	Description string    // paragraphs
	Sections    []Section // before the commands
	Environment []Item    // the variables that the program looks at
	Files       []Item
}

// Section is a heading and the paragraphs below it. Indented lines stay as they are.
type Section struct{ Title, Text string }

// Item is a name and what it is.
type Item struct{ Name, Text string }

// ManPage is the manual page of the program, in the macros of man(7).
func (p *Program[C]) ManPage(about Manual) string {
	m := page{typed: p.Typed}
	fmt.Fprintf(&m, ".TH %s 1 \"%s\" \"%s\" \"User Commands\"\n", strings.ToUpper(p.String()), about.Date, about.Version)
	m.section("NAME")
	fmt.Fprintf(&m, "%s \\- %s\n", p, about.Summary)
	m.section("SYNOPSIS")
	fmt.Fprintf(&m, ".B %s\n.I COMMAND\n[\\fIFLAG\\fR…] [\\fIARGUMENT\\fR…]\n", p)
	m.section("DESCRIPTION")
	m.text(about.Description)
	for _, s := range about.Sections {
		m.section(s.Title)
		m.text(s.Text)
	}
	m.section("COMMANDS")
	for _, cmd := range p.Commands {
		if !cmd.Hidden {
			p.manCommand(&m, cmd)
		}
	}
	m.section("FLAGS OF ALL COMMANDS")
	m.text("They may stand anywhere on the line; -- ends them.")
	manFlags(&m, p.Flags)
	m.section("EXIT STATUS")
	for _, code := range slices.Sorted(maps.Keys(p.Codes)) {
		m.item(strconv.Itoa(code), p.Codes[code])
	}
	m.section("ENVIRONMENT")
	for _, e := range about.Environment {
		m.item(e.Name, e.Text)
	}
	m.section("FILES")
	for _, f := range about.Files {
		m.item(f.Name, f.Text)
	}
	return m.String()
}

func (p *Program[C]) manCommand(m *page, cmd *Command[C]) {
	m.heading(".SS", p.Typed(p.usage(cmd)))
	m.text(cmd.Long)
	if len(cmd.Aliases) > 0 {
		m.text("Also called: " + strings.Join(cmd.Aliases, ", "))
	}
	manFlags(m, cmd.Flags)
	if cmd.Examples != "" {
		m.text("Examples:\n  " + strings.ReplaceAll(strings.TrimSpace(cmd.Examples), "\n", "\n  "))
	}
}

func manFlags[C any](m *page, flags []Flag[C]) {
	for i := range flags {
		names, value, text := flags[i].parts()
		m.item(strings.TrimSpace(names+" "+value), text)
	}
}

// page is a manual page that is being written.
type page struct {
	strings.Builder
	typed func(string) string
	begun bool // something stands below the heading
}

func (m *page) section(title string) { m.heading(".SH", title) }

func (m *page) heading(macro, title string) {
	fmt.Fprintf(m, "%s %s\n", macro, troff(title))
	m.begun = false
}

func (m *page) item(tag, text string) {
	fmt.Fprintf(m, ".TP\n.B %s\n%s\n", troff(tag), troff(m.typed(text)))
	m.begun = true
}

// text writes paragraphs; indented lines stay as they are.
func (m *page) text(text string) {
	if m.begun {
		m.WriteString(".PP\n")
	}
	m.begun = true
	indented := false
	for line := range strings.SplitSeq(strings.TrimSpace(m.typed(text)), "\n") {
		if now := strings.HasPrefix(line, " "); now != indented {
			indented = now
			m.WriteString(map[bool]string{true: ".EX\n", false: ".EE\n"}[now])
		}
		if line == "" {
			line = ".PP"
		} else {
			line = troff(line)
		}
		m.WriteString(line + "\n")
	}
	if indented {
		m.WriteString(".EE\n")
	}
}

// troff is a line of text as man(7) takes it: what could be typed stays what it is.
func troff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(line)
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}
