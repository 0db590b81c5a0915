package web

import (
	"strconv"
	"strings"

	"snap/cli/settings"
	"snap/cli/text"
)

// flagsOf are the rules as flags; those in force need none.
func flagsOf(rules *settings.Rules, asked bool) string {
	if !asked {
		return ""
	}
	var b strings.Builder
	for _, line := range rules.Lines() {
		key, value, _ := strings.Cut(line, " = ")
		flag := " --" + strings.ReplaceAll(key, "_", "-") + " "
		if key != "keep_tag" {
			b.WriteString(flag + shellWord(value))
			continue
		}
		for tag := range strings.SplitSeq(value, ", ") {
			b.WriteString(flag + shellWord(tag))
		}
	}
	if rules.FloorDaily != settings.DefaultRules().FloorDaily {
		b.WriteString(" --min-free-keep-daily " + strconv.Itoa(rules.FloorDaily))
	}
	return b.String()
}

// Headline says in a few words what the rules come to.
func (p *keepPage) Headline() string {
	switch {
	case p.None:
		return "Keeps all " + text.Plural(p.Kept, "snapshot", "snapshots")
	case p.Going == 0:
		return "Keeps all " + text.Plural(p.Kept, "snapshot", "snapshots") + ": nothing goes"
	}
	return "Keeps " + strconv.Itoa(p.Kept) + " of " + text.Plural(p.Kept+p.Going, "snapshot", "snapshots")
}
