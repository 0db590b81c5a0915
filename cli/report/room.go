package report

import (
	"fmt"

	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination/retention"
	"snap/internal/quote"
)

// Room is what would make room in dest for want MiB. known says that the rules are all known, else none counts.
func (p *Printer) Room(r *retention.Room, dest string, want int64, known bool) string {
	in := quote.Word(dest)
	switch {
	case r.Rules > 0 && known:
		return fmt.Sprintf("the rules of %s would delete %s now, and free %s, which is enough\nto do it: snap prune -d %s",
			settings.OptionsFile, text.Plural(r.Rules, "snapshot", "snapshots"), p.Size(r.RulesFree), in)
	case r.Tagged != nil:
		return fmt.Sprintf("deleting the %s would free enough, but %s among them is tagged as keep_tag says\nto see "+
			"what each frees: snap stats -d %s", text.Plural(len(r.Oldest), "oldest snapshot", "oldest snapshots"),
			quote.Name(r.Tagged.Name), in)
	case len(r.Oldest) > 0:
		which := "the oldest snapshot, "
		if n := len(r.Oldest); n > 1 {
			which = fmt.Sprintf("the %d oldest snapshots that may go, up to ", n)
		}
		flags := fmt.Sprintf("--min-free %dM", want)
		if r.Policy.FloorDaily != settings.DefaultRules().FloorDaily {
			flags += fmt.Sprintf(" --min-free-keep-daily %d", r.Policy.FloorDaily)
		}
		if r.Most {
			flags += " --allow-most"
		}
		return fmt.Sprintf("deleting %s%s, frees %s, which is enough\nto do it: snap prune -d %s %s", which,
			quote.Name(r.Oldest[len(r.Oldest)-1].Name), p.Size(r.OldestFree), in, flags)
	}
	return fmt.Sprintf("deleting all snapshots that may go would free %s, which is not enough", p.Size(r.All))
}
