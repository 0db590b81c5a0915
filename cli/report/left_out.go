package report

import (
	"snap/cli/wire"
	"snap/internal/quote"
	"snap/scan"
)

// LeftOut says in words why a walk of the source leaves a path out, as it is decided at the folder or file at. larger
// is the size above which files are left out.
func (p *Printer) LeftOut(cause scan.Cause, at string, larger int64, sources []string) string {
	shown, _ := wire.Name(at)
	if at == "" {
		shown = "the source"
	}
	switch cause {
	case scan.MarkedCache:
		return shown + " is marked by its CACHEDIR.TAG"
	case scan.MarkedByName:
		return shown + " holds a file of such a name"
	case scan.TooLarge:
		return "it is larger than " + p.Size(larger)
	case scan.OtherSystem:
		return shown + " is another file system"
	case scan.PseudoSystem:
		return shown + " is made up by the system: there is nothing to back up"
	case scan.NeverEntered:
		return shown + " is the destination"
	case scan.OwnFile:
		return shown + " is written by snap itself"
	case scan.OutsideSources:
		return shown + " is in none of the sources: " + quote.All(sources)
	}
	return ""
}

// Spared says in words why something at a target would not be in a backup, "" where it would be.
func (p *Printer) Spared(cause scan.Cause, larger int64) string {
	switch cause {
	case scan.MarkedCache:
		return "exclude_caches: its folder is marked by a CACHEDIR.TAG"
	case scan.MarkedByName:
		return "exclude_if_present: its folder holds a file of such a name"
	case scan.TooLarge:
		return "exclude_larger_than: it is larger than " + p.Size(larger)
	case scan.PseudoSystem:
		return "it is made up by the system"
	case scan.OwnFile:
		return "it is written by snap itself"
	}
	return ""
}
