package report

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/filter"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
	"snap/restore"
	"snap/restore/parts"
)

// RestoreParts says from which snapshot what will come, and where it goes.
func (p *Printer) RestoreParts(all []*parts.Part) {
	for _, part := range all {
		o := &part.Options
		where := o.Target
		if len(o.Items) == 1 {
			where = filepath.Join(where, filepath.FromSlash(o.Items[0].To))
		}
		names := make([]string, 0, len(o.Items))
		for _, it := range o.Items {
			if it.Path == "" {
				names = append(names, "all")
			} else {
				names = append(names, it.Path)
			}
		}
		h := part.Header
		p.Note("restore: %s from snapshot %s (%s, %s) to %s", someOf(names), quote.Name(h.Name), p.When(h.Time),
			p.Since(h.Time), quote.Name(where))
	}
}

// someOf names a few of the names.
func someOf(names []string) string {
	const few = 3
	if n := len(names) - few; n > 0 {
		return quote.All(names[:few]) + fmt.Sprintf(" and %d more", n)
	}
	return quote.All(names)
}

// restoreMarks are the marks of what a restore does to a file.
var restoreMarks = map[string]string{"restored": text.Letter(record.Added), "metadata": text.Letter(record.Metadata),
	"deleted": text.Letter(record.Removed)}

// RestoredFile prints what is done to a file: the action is one of wire.RestoreFile. to is where it would go, in a dry
// run; else "".
func (p *Printer) RestoredFile(action, path, to string) error {
	mark := restoreMarks[action]
	if mark == "" {
		mark = " "
	}
	switch name := text.Path(path, file.None); {
	case to == "":
		return p.printf("%s %s\n", mark, name)
	case action == "deleted":
		return p.printf("%s %s\n", mark, text.Path(to, file.None))
	default:
		return p.printf("%s\n", p.Arrow(mark, name, text.Path(to, file.None)))
	}
}

// IdleChoices says which patterns of a restore fit nothing.
func (p *Printer) IdleChoices(rules []*filter.Rule) {
	for _, r := range rules {
		if strings.HasPrefix(r.File, "--") {
			p.Note("restore: nothing fits %s %s", r.File, quote.Word(r.Text))
		} else {
			p.Note("restore: nothing fits %s:%d: %s", quote.Name(r.File), r.Line, quote.Name(r.Text))
		}
	}
}

// RestoreEnd prints how a restore ended.
func (p *Printer) RestoreEnd(t *restore.Result, dryRun bool, took time.Duration) error {
	verb, deletes := "restored", "deleted"
	if dryRun {
		verb, deletes = "would restore", "to be deleted"
	}
	text := fmt.Sprintf("%s %s, %s", verb, text.Plural(t.FilesRestored, "file", "files"), p.Size(t.BytesRestored))
	for _, n := range []struct {
		count int64
		what  string
	}{{t.MetadataSet, "given their metadata"}, {t.FilesSkipped, "left as they were"},
		{t.FilesBlocked, "not restored for want of their folder"}, {t.FilesDeleted, deletes}, {t.FilesSpared, "not deleted"},
		{t.Errors, "with problems, named above"}} {
		if n.count > 0 {
			text += fmt.Sprintf(", %s %s", humanize.Comma(n.count), n.what)
		}
	}
	return p.printf("%s\n", p.Wrap(fmt.Sprintf("%s, %s", text, seconds(took)), "  "))
}

// RestoreLost says in one line what this user or the target's file system could not set; named: each was named.
func (p *Printer) RestoreLost(l *restore.Lost, named bool) {
	var lost []string
	for _, n := range []struct {
		count int64
		what  string
	}{{l.Owner, "the owner"}, {l.Mode, "the mode"}, {l.Xattrs, "extended attributes"}, {l.Times, "the times"}} {
		if n.count > 0 {
			lost = append(lost, fmt.Sprintf("%s of %s", n.what, humanize.Comma(n.count)))
		}
	}
	if len(lost) == 0 {
		return
	}
	text := "restore: this user or file system could not set " + strings.Join(lost, ", ")
	if n := l.Setuid; n > 0 {
		text += fmt.Sprintf("; setuid and setgid of %s were dropped, because the owner is another", humanize.Comma(n))
	}
	if !named {
		text += "; -v names each"
	}
	p.Warn("%s", text)
}
