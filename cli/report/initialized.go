package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination"
	"snap/destination/reindex"
	"snap/internal/quote"
)

// Initialized is what making a destination came to.
type Initialized struct {
	Dest  string
	Taken []string // see TakenOver
	Made  []string // settings files
	Can   destination.Capabilities
	Store destination.Store  // what snapshots are from now on
	Why   string             // why they are that
	Note  string             // of a backup that only does this
	Short bool               // it was one before: what it can do is not told again
	Used  bool               // it has snapshots that say of what they are
	Found *reindex.Strangers // folders there that may be snapshots, as long as it has none of its own; nil for none
}

// Initialized prints that a destination is one, and what it can do.
func (p *Printer) Initialized(i *Initialized) error {
	lines := slices.Clone(i.Taken)
	if len(i.Made) > 0 {
		lines = append(lines, "  made          "+strings.Join(i.Made, ", "))
	}
	lines = append([]string{quote.Name(i.Dest) + " is a snap destination"}, p.WrapAll(lines, 2)...)
	what := map[destination.Store]string{destination.HardLinks: "folders", destination.Subvolumes: "subvolumes, read-only"}
	lines = append(lines, p.WrapAll([]string{"  snapshots     " + what[i.Store] + ": " + i.Why}, 16)...)
	lines = append(lines, p.WrapAll(p.capabilityLines(i.Can), 16)...)
	if i.Short {
		lines = lines[:1]
	}
	if i.Note != "" {
		return p.printf("%s\n%s\n", i.Note, strings.Join(lines, "\n"))
	}
	if err := p.printf("%s\n", strings.Join(lines, "\n")); err != nil {
		return err
	}
	if i.Found != nil && len(i.Found.Snapshots()) > 0 { // else the backup would be refused
		return p.sayBelow(p.Typed("next: read %s; take those folders in, then snap backup %s SRC; or leave them alone: "+
			"snap backup --here %[2]s SRC"), settings.BlacklistFile, quote.Word(i.Dest))
	}
	if i.Used {
		return p.sayBelow(p.Typed("next: snap backup %s"), quote.Word(i.Dest))
	}
	return p.sayBelow(p.Typed("next: read %s, then snap backup %s SRC"), settings.BlacklistFile, quote.Word(i.Dest))
}

// TakenOver are lines that say whose dest was and that it is me's now, and what follows for its snapshots. t is nil
// where nothing was to be taken over.
func TakenOver(dest string, t *destination.Taken, me uint32, snapshots int) []string {
	to := text.User(me)
	if t == nil {
		return []string{fmt.Sprintf("%s is %s's already: there was nothing to take over", quote.Name(dest), to)}
	}
	from := text.User(t.From)
	first := fmt.Sprintf("%s was %s's and is %s's now: %s given to %s", quote.Name(dest), from, to,
		text.Plural(t.Entries, "file or folder of it was", "files and folders of it were"), to)
	if t.Entries == 0 {
		first = fmt.Sprintf("%s is %s's and would be %s's", quote.Name(dest), from, to)
	}
	if snapshots == 0 {
		return []string{first}
	}
	return []string{first,
		fmt.Sprintf("what is in its %s stays %s's, and nothing is linked to that: the next snapshot copies everything, once",
			text.Plural(snapshots, "snapshot", "snapshots"), from)}
}

// Strangers says which folders of dest may be snapshots, and how to take them in.
func (p *Printer) Strangers(s *reindex.Strangers, dest string) {
	switch names := s.Snapshots(); {
	case len(names) > 0:
		adopt := ""
		if len(s.Dated)+len(s.Others) > 0 {
			adopt = " --adopt"
		}
		p.Note("folders that look like snapshots: %s; to take them in, before the first backup: snap reindex -d %s%s "+
			"--source-dir SRC", quote.List(names), quote.Word(dest), adopt)
	case len(s.Others) > 0:
		p.Note("folders that snap has not made: %s; if they are snapshots of another program, take them in before the "+
			"first backup: snap reindex -d %s --adopt --source-dir SRC", quote.List(s.Others), quote.Word(dest))
	}
}

// namesText says which names a destination holds. Others are in the index alone.
func namesText(can destination.Capabilities) string {
	text := fmt.Sprintf("up to %d bytes", can.LongestName)
	if len(can.Refused) == 0 {
		return text + ", of any characters"
	}
	return text + ", not with " + strings.Join(can.Refused, " ") + ": such files are named by each backup, and not kept"
}

// capabilityLines say what a destination can do, a line each.
func (p *Printer) capabilityLines(can destination.Capabilities) []string {
	yes := func(ok bool, yes, no string) string {
		if ok {
			return "yes: " + yes
		}
		return "no: " + no
	}
	links := "unchanged files cost a name, not their bytes"
	if can.LinkLimit > 0 {
		links += fmt.Sprintf(" (%d names a file at most, then one more copy)", can.LinkLimit)
	}
	inodes := ""
	if can.HasInodes {
		inodes = ", " + humanize.Comma(int64(min(can.FreeInodes, math.MaxInt64))) + " inodes"
	}
	return []string{
		"  file system   " + can.System,
		"  hard links    " + yes(can.HardLinks, links, "every snapshot would be a full copy"),
		"  reflinks      " + yes(can.Reflinks, "a change of mode or owner costs no second copy of the bytes",
			"a change of mode or owner copies the file again"),
		"  attributes    " + yes(can.Xattrs, "xattrs and ACLs are kept in the tree",
			"xattrs and ACLs are kept in the index and come back by snap restore"),
		"  owners        " +
			yes(can.Owners, "files keep their owners", "this user cannot set them; they are kept in the index"),
		"  upper/lower   " + yes(can.CaseSensitive, "names that differ in case are different files",
			"names that differ only in case cannot both be kept"),
		"  names         " + namesText(can),
		"  time stamps   " + can.Timestamps,
		"  free          " + p.Size(int64(can.FreeBytes)) + inodes,
	}
}
