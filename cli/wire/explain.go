package wire

import (
	"snap/filter"
	"snap/query"
	"snap/record"
	"snap/scan"
)

// Explained is the document of `explain --json`.
type Explained struct {
	Path      string `json:"path"`
	PathB64   string `json:"path_b64,omitempty"`
	Source    string `json:"source"`
	SourceB64 string `json:"source_b64,omitempty"`
	Exists    bool   `json:"exists"` // in the source now
	Included  bool   `json:"included"`
	// left out, but for what Whitelist.txt takes in below it, and it itself for that
	Partly  bool             `json:"partly"`
	Rule    *Rule            `json:"rule"`    // null: no line matches
	Last    *ExplainedRecord `json:"last"`    // null: not in the newest snapshot
	Seen    *string          `json:"seen"`    // the last snapshot that holds it; null: none does
	Setting *Setting         `json:"setting"` // that leaves it out whatever the lists say; null: none
	Shared  []SharedName     `json:"shared"`  // all names of its inode, this one too; none for a folder
}

// SharedName is a name of an inode.
type SharedName struct {
	Path      string `json:"path"`
	PathB64   string `json:"path_b64,omitempty"`
	First     string `json:"first"` // the snapshots that have it there
	Last      string `json:"last"`
	Snapshots int    `json:"snapshots"`
}

// Rule is the line of a list, or the flag, that decides about a path.
type Rule struct {
	File    string `json:"file"`
	FileB64 string `json:"file_b64,omitempty"`
	Line    int    `json:"line"`
	Text    string `json:"text"`
	TextB64 string `json:"text_b64,omitempty"`
	At      string `json:"at"` // the path it matched: this one or a folder above
	AtB64   string `json:"at_b64,omitempty"`
}

// ExplainedRecord is what the newest snapshot holds of a path.
type ExplainedRecord struct {
	Snapshot string  `json:"snapshot"` // the newest
	Since    string  `json:"since"`    // the snapshot that stored this version
	Change   string  `json:"change"`   // what that snapshot did
	Reason   string  `json:"reason"`
	Stored   string  `json:"stored"`
	Size     int64   `json:"size"`
	OnDisk   int64   `json:"allocated"` // without holes
	Patched  *Patch  `json:"patched,omitempty"`
	From     *string `json:"from"`
	FromB64  string  `json:"from_b64,omitempty"`
}

// Setting is what leaves a path out besides the lists.
type Setting struct {
	Key   string `json:"key"` // in BackupOptions.txt; "" where none can change it
	At    string `json:"at"`  // the folder or file that it is about
	AtB64 string `json:"at_b64,omitempty"`
	Why   string `json:"why"`
}

// NewSetting is why a walk of the source leaves a path out, and at which folder or file that is decided; why says it in
// words.
func NewSetting(cause scan.Cause, at, why string) *Setting {
	s := &Setting{Why: why}
	s.At, s.AtB64 = Name(at)
	switch cause {
	case scan.MarkedCache, scan.MarkedByName, scan.TooLarge, scan.OtherSystem:
		s.Key = cause.Option()
	}
	return s
}

// NewExplained is what is known of a path; setting is nil where none leaves it out.
func NewExplained(e *query.Explained, setting *Setting) Explained {
	v := &e.Verdict
	j := Explained{Exists: e.Exists, Included: v.Included && setting == nil, Partly: !v.Included && v.Walk,
		Setting: setting, Shared: []SharedName{}}
	j.Path, j.PathB64 = Name(e.Path)
	j.Source, j.SourceB64 = Name(e.Source)
	if v.Rule != nil {
		j.Rule = newRule(v)
	}
	if e.Seen != nil {
		j.Seen = &e.Seen.Name
	}
	if e.Record != nil {
		j.Last = newExplainedRecord(e.Record, e.Newest, e.Since)
	}
	for _, n := range e.Names {
		s := SharedName{First: e.Snapshots[n.First].Name, Last: e.Snapshots[n.Last].Name, Snapshots: n.Last - n.First + 1}
		s.Path, s.PathB64 = Name(n.Path)
		j.Shared = append(j.Shared, s)
	}
	return j
}

func newRule(v *filter.Verdict) *Rule {
	j := &Rule{Line: v.Rule.Line}
	j.File, j.FileB64 = Name(v.Rule.File)
	j.Text, j.TextB64 = Name(v.Rule.Text)
	j.At, j.AtB64 = Name(v.By)
	return j
}

func newExplainedRecord(r *record.Record, newest, since string) *ExplainedRecord {
	j := &ExplainedRecord{Snapshot: newest, Since: since, Change: r.Change.String(), Reason: r.Reason.String(),
		Stored: r.Stored.String(), Size: r.Size, OnDisk: r.OnDisk(), Patched: newPatch(r)}
	if r.From != "" {
		var from string
		from, j.FromB64 = Name(r.From)
		j.From = &from
	}
	return j
}
