package report

import (
	"fmt"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/internal/quote"
	"snap/restore"
)

// Blocked counts what a restore leaves out because something stands where its folder belongs.
type Blocked struct {
	standing []string         // what stands there, in the target
	files    map[string]int64 // how many files were not restored for each
}

// Add counts a file that was not restored because of at.
func (b *Blocked) Add(at string) {
	if b.files == nil {
		b.files = map[string]int64{}
	}
	if b.files[at] == 0 {
		b.standing = append(b.standing, at)
	}
	b.files[at]++
}

// blockedMax is how many of what stands in the way are named.
const blockedMax = 20

// Blocked says what stands where folders belong.
func (p *Printer) Blocked(b *Blocked) {
	for i, at := range b.standing {
		if i == blockedMax {
			p.Note("restore: and %s more", text.Plural(int64(len(b.standing)-i), "such place", "such places"))
			return
		}
		p.Note("restore: %s stays, and stands where a folder belongs: %s of that folder not restored", quote.Name(at),
			text.Plural(b.files[at], "file", "files"))
	}
}

// NotDeleted counts what `restore --delete` leaves, by the rule that spares it.
type NotDeleted struct {
	reasons []string // in the order that they came up
	spared  map[string]*sparedByRule
}

// sparedByRule is what one rule has spared.
type sparedByRule struct {
	count int64
	first string
}

// Add counts a path that is spared, and why.
func (n *NotDeleted) Add(path, why string) {
	if n.spared == nil {
		n.spared = map[string]*sparedByRule{}
	}
	s := n.spared[why]
	if s == nil {
		s = &sparedByRule{first: path}
		n.spared[why], n.reasons = s, append(n.reasons, why)
	}
	s.count++
}

// NotDeleted says what was not deleted, once for each rule.
func (p *Printer) NotDeleted(n *NotDeleted) {
	asked := false
	for _, why := range n.reasons {
		s := n.spared[why]
		what := quote.Name(s.first)
		if s.count > 1 {
			what += fmt.Sprintf(" and %s more", humanize.Comma(s.count-1))
		}
		p.Note("restore: not deleted: %s: %s", what, why)
		asked = asked || why != restore.WhyDestination && why != restore.WhyMounted
	}
	if asked {
		p.Note("to delete what the backup leaves out, too: --delete-excluded")
	}
}
