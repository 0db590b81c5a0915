package wire

import (
	"time"

	"snap/cli/settings"
	"snap/destination"
	"snap/remote/vault"
)

// Copied is what `copy --json` did, or with dry_run would do.
type Copied struct {
	Type        string   `json:"message_type"` // "summary"
	Remote      string   `json:"remote"`
	DryRun      bool     `json:"dry_run"`
	Snapshots   int      `json:"snapshots"`
	Files       int64    `json:"files"`
	BytesRead   int64    `json:"bytes_read"`
	BytesStored int64    `json:"bytes_stored"`
	Objects     int64    `json:"objects"`
	Requests    int64    `json:"requests"`
	Missing     []string `json:"missing"` // paths of files that are damaged here
	Seconds     float64  `json:"seconds"`
}

// NewCopied is a result as JSON.
func NewCopied(name string, r *vault.CopyResult, dry bool, took time.Duration) Copied {
	c := Copied{Type: "summary", Remote: name, DryRun: dry, Snapshots: len(r.Snapshots), Files: r.Files,
		BytesRead: r.BytesRead, BytesStored: r.BytesStored, Objects: r.Objects, Requests: r.Requests, Missing: []string{},
		Seconds: took.Seconds()}
	for i := range r.Missing {
		c.Missing = append(c.Missing, r.Missing[i].Path)
	}
	return c
}

// Promoted is what `promote --json` did.
type Promoted struct {
	Type        string `json:"message_type"` // "summary"
	Destination string `json:"destination"`
}

// NewPromoted is a destination that is no replica any more.
func NewPromoted(dest string) Promoted { return Promoted{"summary", dest} }

// Remote is one of `remote list --json`.
type Remote struct {
	Name   string     `json:"name"`
	URL    string     `json:"url"`
	Newest string     `json:"newest"` // snapshot; "" for none
	Copied *time.Time `json:"copied"`
}

// NewRemotes are the remotes of a destination.
func NewRemotes(all []settings.Remote, holds []destination.Hold) []Remote {
	list := []Remote{}
	for i := range all {
		r := Remote{Name: all[i].Name, URL: all[i].URL}
		for k := range holds {
			if holds[k].Remote == r.Name {
				r.Newest, r.Copied = holds[k].Name, &holds[k].Copied
			}
		}
		list = append(list, r)
	}
	return list
}

// RemotePruned is what `prune -d REMOTE --json` did, or with dry_run would do.
type RemotePruned struct {
	Type      string  `json:"message_type"` // "summary"
	Remote    string  `json:"remote"`
	DryRun    bool    `json:"dry_run"`
	Removed   int     `json:"removed"`
	Condemned int64   `json:"objects_condemned"`
	Deleted   int64   `json:"objects_deleted"`
	Repacked  int64   `json:"packs_rewritten"`
	Freed     int64   `json:"bytes_freed"`
	Later     int64   `json:"bytes_later"`
	Locked    int64   `json:"objects_locked"`
	Requests  int64   `json:"requests"`
	Seconds   float64 `json:"seconds"`
}

// NewRemotePruned is a result as JSON.
func NewRemotePruned(name string, r *vault.PruneResult, dry bool, took time.Duration) RemotePruned {
	return RemotePruned{"summary", name, dry, len(r.Removed), r.Condemned, r.Deleted, r.Repacked, r.Freed, r.Later,
		r.Locked, r.Requests, took.Seconds()}
}

// RemoteChecked is what `check -d REMOTE --json` found.
type RemoteChecked struct {
	Type     string      `json:"message_type"` // "summary"
	Remote   string      `json:"remote"`
	Objects  int64       `json:"objects"`
	Bytes    int64       `json:"bytes_read"`
	Missing  int64       `json:"contents_missing"`
	Bad      []BadObject `json:"damaged"`
	Requests int64       `json:"requests"`
	Seconds  float64     `json:"seconds"`
}

// BadObject is an object that is gone or not what it should be.
type BadObject struct {
	Name string `json:"name"`
	Why  string `json:"error"`

	Files int64 `json:"files_lost"` // contents of files that nothing else in the remote has
}

// NewRemoteChecked is a result as JSON.
func NewRemoteChecked(name string, r *vault.CheckResult, took time.Duration) RemoteChecked {
	c := RemoteChecked{Type: "summary", Remote: name, Objects: r.Objects, Bytes: r.Bytes, Missing: r.Missing,
		Bad: []BadObject{}, Requests: r.Requests, Seconds: took.Seconds()}
	for i := range r.Bad {
		c.Bad = append(c.Bad, BadObject{r.Bad[i].Name, r.Bad[i].Why.Error(), r.Bad[i].Files})
	}
	return c
}

// CopyThere is what a remote has, in `status`.
type CopyThere struct {
	Remote string `json:"remote"`
	Newest string `json:"newest"`
	Copied Time   `json:"copied"`
}

func newCopies(holds []destination.Hold) (all []CopyThere) {
	for i := range holds {
		all = append(all, CopyThere{holds[i].Called(), holds[i].Name, Time(holds[i].Copied)})
	}
	return all
}
