package scan

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

// everyRule is each rule alone, and at the end all of them together.
var everyRule = []Rules{none, checksum, trustMoves, ignoreInode, ignoreCtime, {true, true, true, true}}

func TestFolders(t *testing.T) {
	dir := func(edits ...edit) *record.Record { return recordOf(file.Folder, edits...) }
	for _, j := range []judgement{
		{"new", Facts{New: dir()}, none, Verdict{Make, record.Added, record.NewPath, ""}},
		{"nothing happened", Facts{Old: dir(), New: dir()}, none, learn},
		{"an entry came: new times", Facts{Old: dir(), New: dir(mtime(200), ctime(200))}, none,
			Verdict{Make, record.Silent, record.TimeOnly, ""}},
		{"a new ctime", Facts{Old: dir(), New: dir(ctime(200))}, none, learn},
		{"another inode", Facts{Old: dir(), New: dir(inode(8))}, none, learn},
		{"more folders in it", Facts{Old: dir(), New: dir(names(5))}, none, learn},
		{"chmod", Facts{Old: dir(), New: dir(mode(0o700))}, none, Verdict{Make, record.Metadata, record.OwnerOrMode, ""}},
		{"setfattr", Facts{Old: dir(), New: dir(xattr)}, none, Verdict{Make, record.Metadata, record.OwnerOrMode, ""}},
		{"not to be read any more", Facts{Old: dir(), New: dir(flags(record.Unreadable))}, none,
			Verdict{Make, record.Modified, record.UnreadableNow, ""}},
		{"to be read again", Facts{Old: dir(flags(record.Unreadable)), New: dir()}, none,
			Verdict{Make, record.Modified, record.UnreadableNow, ""}},
		{"renamed", Facts{New: dir(ctime(200)), Known: at("was", dir()), KnownGone: true}, none,
			Verdict{Make, record.Moved, record.SameIdentity, "was"}},
		{"no birth time, renamed", Facts{New: dir(btime(0), ctime(200)), Known: at("was", dir(btime(0))), KnownGone: true},
			none, Verdict{Make, record.Moved, record.SameIdentity, "was"}},
		{"no birth time, an inode used again", Facts{New: dir(btime(0), mtime(200), ctime(200)),
			Known: at("was", dir(btime(0))), KnownGone: true}, none, Verdict{Make, record.Added, record.NewPath, ""}},
		{"no birth time, made in the tick of the last change",
			Facts{New: dir(btime(0), ctime(200)), Known: at("was", dir(btime(0), flags(record.Racy))), KnownGone: true}, none,
			Verdict{Make, record.Added, record.NewPath, ""}},
		{"no birth time, renamed with what is in it",
			Facts{New: dir(btime(0), mtime(200), ctime(200)), Known: at("was", dir(btime(0))), KnownGone: true, Together: true},
			none, Verdict{Make, record.Moved, record.SameIdentity, "was"}},
		{"mounted twice", Facts{New: dir(), Known: at("was", dir())}, none, Verdict{Make, record.Added, record.NewPath, ""}},
		{"the inode of a file that is gone", Facts{New: dir(), Known: at("was", recordOf(file.Regular)), KnownGone: true},
			none, Verdict{Make, record.Added, record.NewPath, ""}},
	} {
		for _, rules := range everyRule {
			j.rules = rules
			j.check(t)
		}
	}
}

func TestLinksAndSpecialFiles(t *testing.T) {
	for _, kind := range []file.Kind{file.Symlink, file.FIFO, file.Socket, file.CharDevice, file.BlockDevice} {
		r := func(edits ...edit) *record.Record { return recordOf(kind, edits...) }
		was, old := at("was", r()), r(inode(9), target("elsewhere"), device(9))
		table := []judgement{
			{"new", Facts{New: r()}, none, Verdict{Make, record.Added, record.NewPath, ""}},
			{"a new ctime", Facts{Old: r(), New: r(ctime(200), inode(8))}, none, learn},
			{"another target", Facts{Old: old, New: r()}, none, Verdict{Make, record.Modified, record.TargetDiffers, ""}},
			{"chown", Facts{Old: r(), New: r(owner(0))}, none, Verdict{Make, record.Metadata, record.OwnerOrMode, ""}},
			{"touched", Facts{Old: r(), New: r(mtime(200))}, none, Verdict{Make, record.Metadata, record.OwnerOrMode, ""}},
			{"renamed", Facts{New: r(ctime(200)), Known: was, KnownGone: true}, none, linked(record.SameIdentity, "was")},
			{"renamed over another", Facts{Old: old, New: r(ctime(200)), Known: was, KnownGone: true}, none,
				linked(record.SameIdentity, "was")},
			{"renamed and its owner changed", Facts{New: r(owner(0)), Known: was, KnownGone: true}, none,
				Verdict{Make, record.Moved, record.MovedAndEdited, "was"}},
			{"renamed and its owner changed, no birth time",
				Facts{New: r(owner(0), btime(0)), Known: at("was", r(btime(0))), KnownGone: true}, none,
				Verdict{Make, record.Added, record.NewPath, ""}},
			{"its inode used again, no birth time",
				Facts{New: r(mtime(200), btime(0)), Known: at("was", r(btime(0))), KnownGone: true}, none,
				Verdict{Make, record.Added, record.NewPath, ""}},
			{"its inode used again for another target", Facts{New: r(target("x"), device(9)), Known: was, KnownGone: true}, none,
				Verdict{Make, record.Added, record.NewPath, ""}},
			{"its inode used again over another", Facts{Old: old, New: r(target("x"), device(8)), Known: was, KnownGone: true},
				none, Verdict{Make, record.Modified, record.TargetDiffers, ""}},
			{"another hard link", Facts{New: r(names(2)), Known: was}, none,
				Verdict{Link, record.Added, record.HardLink, "was"}},
			{"a hard link made of it", Facts{Old: r(), New: r(names(2))}, none,
				Verdict{Link, record.Silent, record.Regrouped, ""}},
			{"an inode used again", Facts{New: r(), Known: at("was", recordOf(file.Folder)), KnownGone: true}, none,
				Verdict{Make, record.Added, record.NewPath, ""}},
		}
		chmod := judgement{"chmod", Facts{Old: r(), New: r(mode(0o600))}, none,
			Verdict{Make, record.Metadata, record.OwnerOrMode, ""}}
		if kind == file.Symlink {
			chmod.want = learn // the mode of a link means nothing
		}
		for _, j := range append(table, chmod) {
			j.name = fmt.Sprint(kind, ": ", j.name)
			for _, rules := range everyRule {
				j.rules = rules
				j.check(t)
			}
		}
	}
}

func TestAnotherKindAtAPath(t *testing.T) {
	for from := file.Regular; from < file.Kinds; from++ {
		for to := file.Regular; to < file.Kinds; to++ {
			if from == to {
				continue
			}
			want := Verdict{Make, record.TypeChanged, record.OtherKind, ""}
			if to == file.Regular {
				want.Do = Copy
			}
			for _, rules := range everyRule {
				j := judgement{fmt.Sprint(from, " to ", to), Facts{Old: recordOf(from), New: recordOf(to), SizeKnown: true},
					rules, want}
				j.check(t)
			}
			if to == file.Folder {
				continue
			}
			j := judgement{fmt.Sprint(from, " replaced by a renamed ", to),
				Facts{Old: recordOf(from, inode(9)), New: recordOf(to), Known: at("was", recordOf(to)), KnownGone: true}, none,
				linked(record.SameIdentity, "was")}
			j.check(t)
		}
	}
}

// drawVariant draws a record that differs from the plain one in a few ways that matter.
func drawVariant(t *rapid.T, kind file.Kind, label string) *record.Record {
	r := recordOf(kind)
	for _, e := range rapid.SliceOfN(rapid.SampledFrom([]edit{
		size(6), mtime(200), ctime(200), btime(91), btime(0), inode(8), mode(0o600), owner(0), names(2), volume(2), xattr,
		target("x"), device(4), content(1), unhashed, unreadableThen, flags(record.Racy), flags(record.Inconsistent),
		stored(record.Linked),
	}), 0, 3).Draw(t, label) {
		e(r)
	}
	return r
}

// near draws this kind as a rule.
func near(k file.Kind) *rapid.Generator[file.Kind] {
	return rapid.SampledFrom([]file.Kind{k, k, k, k, k, file.Regular, file.Folder, file.Symlink, file.FIFO,
		file.CharDevice})
}

// drawFacts draws what may be known of one path.
func drawFacts(t *rapid.T) (f Facts) {
	kind := near(file.Regular).Draw(t, "kind")
	f = Facts{Path: "p", New: drawVariant(t, kind, "new")}
	f.New.Flags &^= record.Racy | record.Inconsistent
	if rapid.Bool().Draw(t, "has old") {
		f.Old = drawVariant(t, near(kind).Draw(t, "old kind"), "old")
	}
	if rapid.Bool().Draw(t, "is known") {
		f.Known = at("known", drawVariant(t, near(kind).Draw(t, "known kind"), "known"))
		f.Known.Ino, f.Known.Volume, f.Known.Btime = f.New.Ino, f.New.Volume, f.New.Btime
		f.KnownGone = rapid.Bool().Draw(t, "gone")
	}
	if kind == file.Regular && f.Known == nil && f.Old == nil && rapid.Bool().Draw(t, "was here") {
		f.Before = drawVariant(t, kind, "before")
	}
	f.Together = f.KnownGone && kind == file.Folder && rapid.Bool().Draw(t, "together")
	f.HashKnown = kind == file.Regular && rapid.Bool().Draw(t, "hash known")
	f.SizeKnown = kind == file.Regular && rapid.Bool().Draw(t, "size known")
	if f.HashKnown && f.SizeKnown && f.Known == nil && rapid.Bool().Draw(t, "twin") {
		f.Twin = at("twin", f.New)
		f.Twin.Flags, f.Twin.Stored = record.Hashed, record.Copied
	}
	return f
}

// wrong says why a verdict cannot be, "" if it can.
func wrong(f Facts, rules Rules, v Verdict) string {
	kind := f.New.Kind
	base := f.Old // what the verdict would link or clone
	if v.Reason == record.Returned {
		base = f.Before
	}
	switch v.From {
	case "":
	case "known":
		base = &f.Known.Record
	case "twin":
		base = &f.Twin.Record
	default:
		return "from nowhere"
	}
	takes := v.Do == Keep || v.Do == Learn || v.Do == Link || v.Do == Clone
	regular := kind == file.Regular
	switch {
	case v.Do == Read && f.HashKnown:
		return "asks to read again"
	case (v.Do == Read || v.Do == Copy || v.Do == Clone) && !regular || v.Do == Make && regular:
		return "does not suit the kind"
	case (v.Change == 0) != (v.Do == Keep || v.Do == Learn || v.Do == Read):
		return "a change that is none, or none that is one"
	case v.Change == record.Moved && v.From == "", v.From != "" && v.Change != record.Moved && v.Do != Link &&
		v.Do != Clone:
		return "From is not as documented"
	case takes && (base == nil || base.Kind != kind || base.Stored == record.Absent):
		return "there is nothing to link"
	case takes && regular && f.HashKnown && base.Hash != f.New.Hash:
		return "the content is known to differ"
	case takes && regular && (base.Size != f.New.Size || base.Mtime != f.New.Mtime):
		return "size or time differ"
	case takes && !f.HashKnown && regular &&
		(rules.Checksum || base.Has(record.Racy) || !base.Has(record.Hashed) && v.Do != Keep):
		return "linked unread"
	case v.Do == Link && !base.SameOwnerMode(f.New):
		return "the inode has other metadata"
	case f.Old == nil && (v.Do == Keep || v.Do == Learn || v.Change == record.Modified || v.Change == record.Metadata):
		return "something happened to nothing"
	case v.Change == record.Moved && kind == file.Folder && f.New.Btime.IsZero() && f.New.Mtime != base.Mtime &&
		!f.Together:
		return "an inode number alone proves nothing"
	case !f.HashKnown && v.Do == Link && v.From == "known" && regular && f.New.Btime.IsZero():
		return "an inode number alone proves nothing"
	}
	return ""
}

// TestWhatJudgeNeverSays draws facts of all kinds and holds every verdict against what must be true of any.
func TestWhatJudgeNeverSays(t *testing.T) {
	seen := map[Action]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 50 {
			f := drawFacts(t)
			rules := rapid.SampledFrom(everyRule).Draw(t, "rules")
			v := Judge(f, rules)
			seen[v.Do]++
			if why := wrong(f, rules, v); why != "" {
				t.Fatalf("%s: %+v\nold   %+v\nnew   %+v\nknown %+v", why, v, f.Old, f.New, f.Known)
			}
		}
	})
	for a := Keep; a <= Make; a++ {
		if seen[a] == 0 {
			t.Errorf("action %d was never drawn", a)
		}
	}
}
