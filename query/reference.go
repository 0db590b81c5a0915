package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/record"
)

// A reference names a snapshot:
//
//	REF     = name | unique prefix of a name | latest | latest~N | oldest | REF~N | tag:T
//	        | @DATE | @AGE | @WORDS newest at or before
//	        | DAY                   the same as @DAY, for today, yesterday, monday, …
//	        | FOLDER                that of the snapshot, as a path on the disk
//	PATHREF = REF[:PATH]
//	RANGE   = REF | [REF]..[REF]    where several snapshots are meant (ranges.go)
//
// Names, tags and dates may hold colons themselves. REF therefore ends at the last colon before which
// there is, in this order: an existing name, or latest or oldest; a date, after "@"; an existing tag,
// after "tag:"; the beginning of a name, or a day. A date may stand in double quotes. Nothing is guessed: a
// beginning of several names is an error, and so is a name that nothing has. A name, or its beginning, comes before a
// day; a day that is a tag or a path too is an error.

// maxReference is the longest REF: no name of a folder is half as long, and what is longer is not looked into.
const maxReference = 1000

// Resolver finds snapshots by reference.
type Resolver struct {
	Snapshots Snapshots
	Now       time.Time // its location is the zone of dates without one
	Exact     bool      // for what deletes: a day without @ is only a suggestion
	// Holds reports whether the newest snapshot has a path of this name, so that a day without @ may be meant for it.
	// Default: it has none.
	Holds func(name string) bool
	// Folder is the snapshot whose folder a path on the disk leads to, which is a reference, too, but where Exact is set.
	// Default: none is.
	Folder func(path string) (pos int, ok bool)
}

// Resolve is the position of the snapshot that s names.
func (r Resolver) Resolve(s string) (int, error) {
	if len(s) > maxReference {
		return 0, hint.Usagef("a reference of %d bytes", len(s))
	}
	if len(r.Snapshots) == 0 {
		return 0, hint.With(fmt.Errorf("%s: the destination holds no complete snapshot", quote.Name(s)),
			"to make one: snap backup DEST SRC")
	}
	if pos := r.named(s); pos >= 0 {
		return pos, nil
	}
	if tag, ok := strings.CutPrefix(s, "tag:"); ok { // a tag may end as REF~N does
		if pos := r.tagged(tag); pos >= 0 {
			return pos, nil
		}
	}
	if base, back, ok := stepsBack(s); ok {
		pos, err := r.Resolve(base)
		if err == nil && back > pos {
			err = fmt.Errorf("%s: %s before %s", quote.Name(s), howMany(pos), quote.Name(base))
		}
		return pos - min(back, pos), err
	}
	switch {
	case s == "":
		return 0, hint.With(hint.Usagef("the name of a snapshot is missing"),
			"latest is the newest; to see the names: snap list")
	case s[0] == '@':
		return r.moment(s)
	case strings.HasPrefix(s, "tag:"):
		return 0, hint.With(fmt.Errorf("%s: no snapshot has this tag", quote.Name(s)), "%s", r.TagHint())
	}
	return r.prefix(s)
}

// resolvePath is the position of the snapshot in s, and the path after it: "" if there is none, not yet
// judged by SourcePath.
func (r Resolver) resolvePath(s string) (pos int, path string, err error) {
	head, path := r.Split(s)
	pos, err = r.Resolve(head)
	return pos, path, err
}

// named is the position of the snapshot with this very name or folder, or of latest or oldest; -1 if there is none.
func (r Resolver) named(s string) int {
	if pos := r.Snapshots.byName(s); pos >= 0 || len(r.Snapshots) == 0 {
		return pos
	}
	switch s {
	case "latest":
		return r.Snapshots.Newest()
	case "oldest":
		return 0
	}
	if r.Folder != nil && !r.Exact {
		if pos, ok := r.Folder(s); ok {
			return pos
		}
	}
	return -1
}

func (r Resolver) holds(name string) bool { return r.Holds != nil && r.Holds(name) }

// stepsBack takes REF~N apart.
func stepsBack(s string) (base string, n int, ok bool) {
	i := strings.LastIndexByte(s, '~')
	if i <= 0 || len(s)-i > 10 || strings.Trim(s[i+1:], "0123456789") != "" {
		return "", 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil
}

// howMany says that there are only n snapshots.
func howMany(n int) string {
	switch n {
	case 0:
		return "there is no snapshot"
	case 1:
		return "only 1 snapshot"
	}
	return "only " + humanize.Comma(int64(n)) + " snapshots"
}

// moment is the snapshot of the latest time at or before a date or an age. Mostly those are in the order in which they
// were made; where --time or a wrong clock says otherwise, their times count.
func (r Resolver) moment(s string) (int, error) {
	text := unquoteDate(s[1:])
	_, end, err := when.Parse(text, r.Now)
	if err != nil {
		err = hint.Usagef("%s: %s", quote.Name(s), err)
		if near := hint.Nearest(strings.ToLower(text), slices.Concat(when.Days, when.Periods)); near != "" {
			err = hint.With(err, "did you mean @%s?", near)
		}
		return 0, err
	}
	if pos := r.Snapshots.before(end); pos >= 0 {
		return pos, nil
	}
	first := 0
	for pos := range r.Snapshots {
		if r.Snapshots[pos].Time.Before(r.Snapshots[first].Time) {
			first = pos
		}
	}
	oldest, ref := &r.Snapshots[first], "oldest"
	if first > 0 { // made later, of an earlier time
		ref = quote.Word(oldest.Name)
	}
	return 0, hint.With(fmt.Errorf("%s: no snapshot is that old", quote.Name(s)),
		"the oldest is %s of %s\nto take that one: %s", quote.Name(oldest.Name), r.time(oldest), ref)
}

func (r Resolver) time(h *record.Header) string {
	return h.Time.In(r.Now.Location()).Format("2006-01-02 15:04:05")
}

func unquoteDate(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// tagged is the newest snapshot with the tag, -1 if there is none.
func (r Resolver) tagged(tag string) int {
	for pos := r.Snapshots.Newest(); pos >= 0; pos-- {
		if slices.Contains(r.Snapshots[pos].Tags, tag) {
			return pos
		}
	}
	return -1
}

// prefix is the only snapshot whose name begins with s, else that of the day that s names.
func (r Resolver) prefix(s string) (int, error) {
	var names []string
	found := -1
	for pos, h := range r.Snapshots {
		if strings.HasPrefix(h.Name, s) {
			names, found = append(names, h.Name), pos
		}
	}
	slices.Sort(names)
	switch {
	case len(names) == 1:
		return found, nil
	case len(names) > 1:
		way := "it may be " + quote.List(names)
		if at := r.asTime(s); at != "" {
			way += "\nor, by time, " + at
		}
		return 0, hint.With(fmt.Errorf("%s: %d snapshots have names that begin so", quote.Name(s), len(names)), "%s", way)
	case when.IsDay(s) && r.tagged(s) < 0 && !r.Exact && !r.holds(s):
		return r.moment("@" + s)
	}
	return 0, r.unknown(s)
}

// Split parts a PATHREF at the colon that ends its REF.
func (r Resolver) Split(s string) (head, path string) {
	if strings.HasPrefix(s, `@"`) { // a quoted date ends at its quote
		if end := strings.IndexByte(s[2:], '"'); end >= 0 {
			quoted := s[:2+end+1]
			head, path, _ = strings.Cut(s[len(quoted):], ":")
			return quoted + head, path
		}
	}
	var is func(base string) bool
	switch {
	case strings.HasPrefix(s, "@"):
		is = func(base string) bool {
			_, _, err := when.Parse(strings.TrimPrefix(base, "@"), r.Now)
			return err == nil
		}
	case strings.HasPrefix(s, "tag:"):
		is = func(base string) bool {
			tag, ok := strings.CutPrefix(base, "tag:")
			return ok && r.tagged(tag) >= 0
		}
	default:
		is = func(base string) bool {
			return when.IsDay(base) || base != "" &&
				slices.ContainsFunc(r.Snapshots, func(h record.Header) bool { return strings.HasPrefix(h.Name, base) })
		}
	}
	for _, is := range []func(string) bool{func(base string) bool { return r.named(base) >= 0 }, is} {
		end := len(s)
		if end > maxReference {
			end = strings.LastIndexByte(s[:maxReference], ':')
		}
		for ; end >= 0; end = strings.LastIndexByte(s[:end], ':') {
			base := s[:end]
			for {
				if is(base) {
					return s[:end], strings.TrimPrefix(s[end:], ":")
				}
				b, _, ok := stepsBack(base)
				if !ok {
					break
				}
				base = b
			}
		}
	}
	if tag, ok := strings.CutPrefix(s, "tag:"); ok {
		head, path, _ = strings.Cut(tag, ":")
		return "tag:" + head, path
	}
	head, path, _ = strings.Cut(s, ":")
	return head, path
}
