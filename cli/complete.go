package cli

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// candidate is one way to go on with a word, and a short text about it.
type candidate struct{ word, about string }

// completer lists candidates for the argument word of a command. It may fail by listing none.
type completer func(c *call, word string) []candidate

// maxCompletions bounds an answer: more is not read by anyone who pressed TAB.
const maxCompletions = 2000

func completeCommand() *command {
	return &command{
		name: "__complete", short: "candidates for the shell's completion", hidden: true, args: "LINE", min: 1, max: 1,
		long: "Prints the candidates for the last word of LINE, each with a tab and what it is.",
		flags: []cli.Flag{
			&cli.StringFlag{Name: "break", Usage: "leave out what stands up to the last of CHARS in the word"},
		},
		run: func(c *call) error {
			c.opts.quiet = true // a note would end up in the middle of the typed line
			words, done, ok := splitLine(c.args[0], c.flags.String("break"))
			if !ok || len(words) < 2 {
				return nil
			}
			last := words[len(words)-1]
			for i, cand := range c.candidates(words[1:len(words)-1], last) {
				if i == maxCompletions {
					break
				}
				if !quote.Harmless(cand.word) { // nothing that a shell or a terminal could take for its own
					continue
				}
				if err := c.printf("%s\t%s\n", cand.word[done:], quote.Clean(cand.about)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// candidates are the ways to go on with the word last, after the words before it.
func (c *call) candidates(before []string, last string) []candidate {
	app := newApp(c.all, c.env.program, nil)
	l, err := arrange(app, append([]string{"snap"}, before...))
	named := l
	if errors.As(err, new(*valueMissing)) {
		named, _ = arrange(app, append([]string{"snap"}, before[:len(before)-1]...))
	}
	c.opts.dest = c.destOf(named.args)
	var all []candidate
	cmd := c.commandOf(l.command)
	dashed := slices.Contains(before, "--")
	switch flag, _, joined := strings.Cut(last, "="); {
	case errors.As(err, new(*valueMissing)):
		all = c.flagValues(before[len(before)-1])
	case err != nil:
	case joined && strings.HasPrefix(flag, "--") && !dashed:
		for _, v := range c.flagValues(flag) {
			all = append(all, candidate{flag + "=" + v.word, v.about})
		}
	case strings.HasPrefix(last, "-") && !dashed:
		flags := app.Flags
		if l.command != nil {
			flags = append(slices.Clone(l.command.Flags), flags...)
		}
		all = flagNames(flags)
	case cmd == nil:
		all = commandNames(c.all)
	case cmd.complete != nil:
		all = cmd.complete(c, last)
	}
	return slices.DeleteFunc(all, func(cand candidate) bool { return !strings.HasPrefix(cand.word, last) })
}

func (c *call) commandOf(u *cli.Command) *command {
	for _, cmd := range c.all {
		if u != nil && cmd.name == u.Name {
			return cmd
		}
	}
	return nil
}

// destOf is the destination that an arranged line names with -d. The shell would put the home for ~.
func (c *call) destOf(args []string) (dest string) {
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, "--dest="); ok {
			dest = v
		}
	}
	if rest, ok := strings.CutPrefix(dest, "~/"); ok {
		dest = filepath.Join(c.home(), rest)
	}
	return dest
}

// flagValues are the values of a flag that has few. Others are left to the shell, which knows files.
func (c *call) flagValues(flag string) (all []candidate) {
	values := map[string]string{
		"--units": "iec si raw", "--color": "auto always never", "--sort": "name size time", "--type": "f d l",
		"--overwrite": "never skip if-changed if-newer always",
	}
	for v := range strings.FieldsSeq(values[flag]) {
		all = append(all, candidate{v, ""})
	}
	switch flag {
	case "--dest", "-d":
		for _, k := range c.known() {
			all = append(all, candidate{k.Path, "last of " + k.Source})
		}
	case "--in":
		all = completeRef(c, "")
	case "--add", "--remove":
		all = completeTags(c)
	}
	return all
}

// completeTags lists the tags that snapshots have, and the one that means something.
func completeTags(c *call) []candidate {
	all := []candidate{{"pin", "never prune it"}}
	_ = c.reading(func(d *query.Reader) error {
		for i := range d.Snapshots {
			for _, t := range d.Snapshots[i].Tags {
				if cand := (candidate{t, "a tag"}); t != "pin" && !slices.Contains(all, cand) {
					all = append(all, cand)
				}
			}
		}
		return nil
	})
	return all
}

func flagNames(flags []cli.Flag) (all []candidate) {
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		_, _, about := flagParts(d)
		for _, n := range f.Names() {
			if len(n) > 1 {
				all = append(all, candidate{"--" + n, about})
			}
		}
	}
	return all
}

func commandNames(commands []*command) (all []candidate) {
	for _, cmd := range commands {
		if !cmd.hidden {
			all = append(all, candidate{cmd.name, cmd.short})
		}
	}
	return all
}

// completeFiles leaves the word to the shell, which knows files.
func completeFiles(*call, string) []candidate { return nil }

// completeRef lists snapshots, the newest first.
func completeRef(c *call, _ string) (all []candidate) {
	_ = c.reading(func(d *query.Reader) error {
		all = append(all, candidate{"latest", "the newest snapshot"}, candidate{"oldest", "the first snapshot"})
		for i := d.Snapshots.Newest(); i >= 0; i-- {
			h := &d.Snapshots[i]
			all = append(all, candidate{h.Name, c.Age(h.Time) + " ago"})
		}
		return nil
	})
	return all
}

// completePathRef lists snapshots, and after the colon what is in one.
func completePathRef(c *call, word string) (all []candidate) {
	if !strings.Contains(word, ":") {
		for _, ref := range completeRef(c, word) {
			all = append(all, candidate{ref.word + ":", ref.about})
		}
		return all
	}
	_ = c.reading(func(d *query.Reader) error {
		r := d.Resolver()
		head, typed := r.Split(word)
		pos, err := r.Resolve(head)
		if err != nil {
			return err
		}
		all = folderCandidates(c, d, pos, head+":", typed)
		return nil
	})
	return all
}

// completePathOrRef lists snapshots and what is in one, and what is in the newest.
func completePathOrRef(c *call, word string) []candidate {
	all := completePathRef(c, word)
	if word == "" || strings.Contains(word, ":") {
		return all
	}
	return append(all, completeNewestPath(c, word)...)
}

// completeNewestPath lists what is in the newest snapshot.
func completeNewestPath(c *call, word string) (all []candidate) {
	_ = c.reading(func(d *query.Reader) error {
		all = folderCandidates(c, d, d.Snapshots.Newest(), "", word)
		return nil
	})
	return all
}

// completeGone lists what is gone from the source, and the folders that it may have been in.
func completeGone(c *call, word string) (all []candidate) {
	dir, before := "", ""
	if i := strings.LastIndexByte(word, '/'); i >= 0 {
		dir, before = word[:i], word[:i+1]
	}
	_ = c.reading(func(d *query.Reader) error {
		paths, err := d.Paths(cmp.Or(dir, "."))
		if err != nil {
			return err
		}
		for n, err := range d.GoneIn(c.ctx, paths[0]) {
			if err != nil || len(all) == maxCompletions {
				break
			}
			name, about := n.Name, n.Kind.String()
			if n.Kind == file.Folder {
				name += "/"
			}
			if n.Gone {
				about += ", gone"
			}
			all = append(all, candidate{before + name, about})
		}
		return nil
	})
	return all
}

// folderCandidates are the entries of the folder that typed has come to, after what stands before it.
func folderCandidates(c *call, d *query.Reader, pos int, before, typed string) (all []candidate) {
	if pos < 0 {
		return nil
	}
	dir := ""
	if i := strings.LastIndexByte(typed, '/'); i >= 0 {
		dir = typed[:i]
	}
	path, err := query.SourcePath(&d.Snapshots[pos], dir)
	if err != nil {
		return nil
	}
	if dir != "" {
		before += dir + "/"
	}
	for e, err := range d.List(c.ctx, &d.Snapshots[pos], path, false) {
		if err != nil || len(all) == maxCompletions {
			break
		}
		_, name := record.Split(e.Path)
		if e.Kind == file.Folder {
			name += "/"
		}
		all = append(all, candidate{before + name, e.Kind.String()})
	}
	return all
}

// splitLine takes a command line that is being typed apart as a shell does, without evaluating
// anything: quotes and backslashes are undone, what is open at the end is part of the last word. Not ok
// for a line with what only a shell can know ($, `, a pipe). broken is how much of the last word stands up to
// the last unquoted byte of breaks: bash takes what follows for a word.
func splitLine(line, breaks string) (words []string, broken int, ok bool) {
	var word strings.Builder
	open, quoted := false, byte(0)
	for i := 0; i < len(line); i++ {
		b := line[i]
		switch {
		case quoted != '\'' && (b == '$' || b == '`'), quoted == 0 && strings.IndexByte("|&;<>()\n", b) >= 0:
			return nil, 0, false
		case quoted != '\'' && b == '\\' && i+1 < len(line):
			if i++; quoted == '"' && strings.IndexByte(`\"$`+"`", line[i]) < 0 {
				word.WriteByte('\\')
			}
			word.WriteByte(line[i])
			open = true
		case quoted != 0 && b == quoted:
			quoted = 0
		case quoted == 0 && (b == '\'' || b == '"'):
			quoted, open = b, true
		case quoted == 0 && (b == ' ' || b == '\t'):
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open, broken = false, 0
		default:
			word.WriteByte(b)
			open = true
			if quoted == 0 && strings.IndexByte(breaks, b) >= 0 {
				broken = word.Len()
			}
		}
	}
	return append(words, word.String()), broken, true
}
