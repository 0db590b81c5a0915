package cli

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"snap/cli/exit"
)

func manCommand() *command {
	return &command{
		name: "man", short: "the manual page", group: groupOther,
		long:     "Prints the manual page in the format of man(1).",
		examples: "snap man | man -l -",
		run: func(c *call) error {
			return c.printf("%s", manPage(c.all, c.env.program))
		},
	}
}

// What the manual page says and no help does.
const manAbout = `
snap makes backups of a folder. Every backup, a snapshot, is a plain folder with everything in it, while only
new and changed files take space: unchanged, moved and renamed files are hard links into the snapshot before. An
index beside the snapshots answers what changed, where a file went, and which versions of it there are.

Do not edit files in a snapshot: what is written to one is written to all that share it.
`

var manEnvironment = [][2]string{
	{"SNAP_DEST", "the destination, where -d does not name one"},
	{"XDG_STATE_HOME", "where snap/destinations.json is kept, by default ~/.local/state: the destinations that this " +
		"user has backed up to, by which a disk that is not mounted, or another in its place, is noticed"},
	{"NO_COLOR", "no colours, if it is set"},
}

var manFiles = [][2]string{
	{"DEST/BackupOptions.txt", "settings, with comments"},
	{"DEST/Blacklist.txt, DEST/Whitelist.txt", "what to leave out, and what to take in even so"},
	{"DEST/20261122-134510/", "a snapshot"},
	{"DEST/.snap/", "index and change sets"},
}

// manPage is the manual page, in the macros of man(7).
func manPage(all []*command, name program) string {
	m := manual{name: name}
	fmt.Fprintf(&m, ".TH %s 1 \"%s\" \"snap %s\" \"User Commands\"\n", strings.ToUpper(name.String()), builtOn(),
		buildInfo().Version)
	m.section("NAME")
	fmt.Fprintf(&m, "%s \\- incremental backups as plain folders\n", name)
	m.section("SYNOPSIS")
	fmt.Fprintf(&m, ".B %s\n.I COMMAND\n[\\fIFLAG\\fR…] [\\fIARGUMENT\\fR…]\n", name)
	m.section("DESCRIPTION")
	m.text(manAbout + "\n" + aboutDest)
	m.section("NAMING A SNAPSHOT")
	m.text(aboutRefs)
	m.section("COMMANDS")
	for _, cmd := range all {
		if !cmd.hidden {
			m.command(cmd)
		}
	}
	m.section("FLAGS OF ALL COMMANDS")
	m.text("They may stand anywhere on the line; -- ends them.")
	m.flags(globalFlags())
	m.section("EXIT STATUS")
	for _, code := range exit.Codes {
		m.item(strconv.Itoa(code), exit.Texts[code])
	}
	m.section("ENVIRONMENT")
	for _, e := range manEnvironment {
		m.item(e[0], e[1])
	}
	m.section("FILES")
	for _, f := range manFiles {
		m.item(f[0], f[1])
	}
	return m.String()
}

// builtOn is the day of the commit that this program was built of, "" when that is not known.
func builtOn() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			day, _, _ := strings.Cut(s.Value, "T")
			return day
		}
	}
	return ""
}

// manual is a page that is being written.
type manual struct {
	strings.Builder
	name  program
	begun bool // something stands below the heading
}

func (m *manual) section(title string) { m.heading(".SH", title) }

func (m *manual) heading(macro, title string) {
	fmt.Fprintf(m, "%s %s\n", macro, troff(title))
	m.begun = false
}

func (m *manual) item(tag, text string) {
	fmt.Fprintf(m, ".TP\n.B %s\n%s\n", troff(tag), troff(m.name.typed(text)))
	m.begun = true
}

// text writes paragraphs; indented lines stay as they are.
func (m *manual) text(text string) {
	if m.begun {
		m.WriteString(".PP\n")
	}
	m.begun = true
	indented := false
	for line := range strings.SplitSeq(strings.TrimSpace(m.name.typed(text)), "\n") {
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

func (m *manual) command(cmd *command) {
	m.heading(".SS", m.name.typed(cmd.usage()))
	m.text(cmd.long)
	if len(cmd.aliases) > 0 {
		m.text("Also called: " + strings.Join(cmd.aliases, ", "))
	}
	m.flags(cmd.flags)
	if cmd.examples != "" {
		m.text("Examples:\n  " + strings.ReplaceAll(strings.TrimSpace(cmd.examples), "\n", "\n  "))
	}
}

func (m *manual) flags(flags []cli.Flag) {
	for _, f := range flags {
		if d, ok := f.(cli.DocGenerationFlag); ok {
			names, value, text := flagParts(d)
			m.item(strings.TrimSpace(names+" "+value), text)
		}
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
