package web

import (
	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
)

// fact is one thing that is known of both versions.
type fact struct {
	Name, A, B string
	Differs    bool
}

// Sheet are the facts of both.
func (p *filePage) Sheet() (all []fact) {
	of := func(l *life) map[string]string {
		if l == nil {
			return nil
		}
		r := l.Record
		m := map[string]string{"Kind": r.Kind.String(), "Path": quote.Path(l.Path),
			"Mode":  text.Permissions(&r.Stat),
			"Owner": text.Owner(l.First.Users, r.UID), "Group": text.Owner(l.First.Groups, r.GID),
			"Modified": r.Mtime.Time().In(p.zone).Format("2 Jan 2006, 15:04:05"),
			"In":       text.Plural(l.Count(), "snapshot", "snapshots"),
		}
		if l.Now {
			delete(m, "In")
		}
		if l.Is() {
			m["Size"], m["SHA-256"] = p.size(r.Size)+" ("+text.Plural(r.Size, "byte", "bytes")+")", l.Hash
		}
		if r.Kind == file.Symlink {
			m["Leads to"] = quote.Name(r.Target)
		}
		return m
	}
	a, b := of(p.A), of(p.B)
	for _, name := range []string{"Kind", "Path", "Size", "Leads to", "Modified", "Mode", "Owner", "Group", "SHA-256",
		"In"} {
		if a[name] == "" && b[name] == "" {
			continue
		}
		f := fact{name, a[name], b[name], p.A != nil && a[name] != b[name] && !(p.B.Now && b[name] == "")}
		all = append(all, f)
	}
	return all
}
