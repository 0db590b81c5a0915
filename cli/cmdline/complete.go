package cmdline

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"snap/internal/quote"
)

// MaxCandidates bounds an answer: more is not read by anyone who pressed TAB.
const MaxCandidates = 2000

// Complete writes how the last word of line, which is being typed, may go on: a candidate a line, with a tab and what
// it is. What a shell or a terminal could take for its own is left out, and so is what stands up to the last of breaks
// in the word, because bash takes what follows for a word. with makes what the completers are given from the last
// values of the flags that stand before the word.
func (p *Program[C]) Complete(w io.Writer, line, breaks string, with func(value func(flag string) string) C) error {
	words, done, ok := splitLine(line, breaks)
	if !ok || len(words) < 2 {
		return nil
	}
	last := words[len(words)-1]
	for i, cand := range p.candidates(words[1:len(words)-1], last, with) {
		if i == MaxCandidates {
			break
		}
		if !quote.Harmless(cand.Word) {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s\t%s\n", cand.Word[done:], quote.Clean(cand.About)); err != nil {
			return err
		}
	}
	return nil
}

// candidates are the ways to go on with the word last, after the words before it.
func (p *Program[C]) candidates(before []string, last string, with func(func(string) string) C) []Candidate {
	a, err := p.arrange(append([]string{p.Name}, before...))
	var missing *valueMissing
	if errors.As(err, &missing) {
		a, _ = p.arrange(append([]string{p.Name}, before[:len(before)-1]...))
	}
	c := with(a.value)
	find := (&arranger[C]{program: p, line: a}).find
	var all []Candidate
	dashed := slices.Contains(before, "--")
	switch flag, value, joined := strings.Cut(last, "="); {
	case missing != nil:
		all = find(strings.TrimLeft(missing.flag, "-")).candidates(c, last)
	case err != nil:
	case joined && strings.HasPrefix(flag, "--") && !dashed:
		for _, v := range find(flag[2:]).candidates(c, value) {
			all = append(all, Candidate{flag + "=" + v.Word, v.About})
		}
	case strings.HasPrefix(last, "-") && !dashed:
		if a.command != nil {
			all = flagNames(a.command.Flags)
		}
		all = append(all, flagNames(p.Flags)...)
	case a.command == nil:
		all = p.CommandNames()
	case a.command.Complete != nil:
		all = a.command.Complete(c, last)
	}
	return slices.DeleteFunc(all, func(cand Candidate) bool { return !strings.HasPrefix(cand.Word, last) })
}

// candidates are the values of a flag that may be nil.
func (f *Flag[C]) candidates(c C, word string) []Candidate {
	switch {
	case f == nil:
		return nil
	case f.Complete != nil:
		return f.Complete(c, word)
	}
	return Words(f.OneOf...)
}

// Words are candidates that say what they are.
func Words(words ...string) (all []Candidate) {
	for _, w := range words {
		all = append(all, Candidate{Word: w})
	}
	return all
}

func flagNames[C any](flags []Flag[C]) (all []Candidate) {
	for i := range flags {
		_, _, about := flags[i].parts()
		for _, n := range flags[i].names() {
			if len(n) > 1 {
				all = append(all, Candidate{"--" + n, about})
			}
		}
	}
	return all
}

// CommandNames are the commands as candidates.
func (p *Program[C]) CommandNames() (all []Candidate) {
	for _, cmd := range p.Commands {
		if !cmd.Hidden {
			all = append(all, Candidate{cmd.Name, cmd.Short})
		}
	}
	return all
}
