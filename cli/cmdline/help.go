package cmdline

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Help writes the help of a command, or that of the program if it is nil.
func (p *Program[C]) Help(w io.Writer, cmd *Command[C]) error {
	var out strings.Builder
	if cmd != nil {
		out.WriteString(fill(p.Typed(p.helpText(cmd))))
		if len(cmd.Flags) > 0 {
			out.WriteString("\nFlags:\n")
			printFlags(&out, cmd.Flags)
		}
		fmt.Fprintf(&out, "\nThe flags that all commands take: %s --help\n", p.Name)
	} else {
		p.overview(&out)
	}
	_, err := io.WriteString(w, p.Typed(out.String()))
	return err
}

// helpText is the help of a command but for its flags.
func (p *Program[C]) helpText(cmd *Command[C]) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n", p.usage(cmd), strings.TrimSpace(cmd.Long))
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(&b, "\nAlso called: %s\n", strings.Join(cmd.Aliases, ", "))
	}
	if cmd.Examples != "" {
		b.WriteString("\nExamples:\n")
		for line := range strings.SplitSeq(strings.TrimSpace(cmd.Examples), "\n") {
			fmt.Fprintf(&b, "  %s\n", strings.TrimSpace(line))
		}
	}
	b.WriteString("\nExit codes:\n")
	p.printCodes(&b, p.exitCodes(cmd))
	return b.String()
}

// usage is how a command is called.
func (p *Program[C]) usage(cmd *Command[C]) string {
	s := p.Name + " " + cmd.Name
	if len(cmd.Flags) > 0 {
		s += " [FLAG…]"
	}
	if cmd.Args != "" {
		s += " " + cmd.Args
	}
	return s
}

// exitCodes are the codes that a command can end in, in their order.
func (p *Program[C]) exitCodes(cmd *Command[C]) []int {
	codes := slices.Concat(p.Always, cmd.Codes)
	if cmd.Effect {
		codes = append(codes, p.WithEffect...)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

func (p *Program[C]) printCodes(w io.Writer, codes []int) {
	for _, code := range codes {
		fmt.Fprintf(w, "  %3d  %s\n", code, strings.Join(wrap(p.Codes[code], Width-7), "\n       "))
	}
}

// overview writes the help of the program.
func (p *Program[C]) overview(out io.Writer) {
	fmt.Fprintf(out, "%s\n\nUsage: %s COMMAND [FLAG…] [ARGUMENT…]\n", p.About, p.Name)
	for _, group := range p.groups() {
		fmt.Fprintf(out, "\n%s:\n", group)
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, cmd := range p.Commands {
			if cmd.Group == group && !cmd.Hidden {
				fmt.Fprintf(w, "  %s\t%s\n", strings.Join(append([]string{cmd.Name}, cmd.Aliases...), ", "), cmd.Short)
			}
		}
		w.Flush()
	}
	fmt.Fprint(out, "\nFlags, anywhere on the line (-- ends them):\n")
	printFlags(out, p.Flags)
	for _, topic := range p.Topics {
		fmt.Fprintf(out, "\n%s", topic)
	}
	fmt.Fprint(out, "\nExit codes:\n")
	p.printCodes(out, slices.Sorted(maps.Keys(p.Codes)))
	fmt.Fprintf(out, "\n%s COMMAND --help says more.\n", p.Name)
}

// groups are the headings in the order of the commands.
func (p *Program[C]) groups() (names []string) {
	for _, cmd := range p.Commands {
		if !cmd.Hidden && !slices.Contains(names, cmd.Group) {
			names = append(names, cmd.Group)
		}
	}
	return names
}

// printFlags prints flags with the short name first, as they are typed, and what they do beside them.
func printFlags[C any](out io.Writer, flags []Flag[C]) {
	var rows [][2]string
	widest := 0
	for i := range flags {
		names, value, text := flags[i].parts()
		if value != "" {
			names += " " + value
		}
		rows = append(rows, [2]string{names, text})
		widest = max(widest, len(names))
	}
	for _, row := range rows {
		names := row[0]
		for _, line := range wrap(row[1], Width-widest-4) {
			fmt.Fprintf(out, "  %-*s  %s\n", widest, names, line)
			names = ""
		}
	}
}
