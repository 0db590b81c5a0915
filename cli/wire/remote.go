package wire

import (
	"time"

	"snap/cli/settings"
	"snap/destination"
	"snap/destination/retention"
	"snap/remote"
	"snap/remote/vault"
	"snap/remote/vault/seal"
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

// RemoteShown is what `remote show --json` tells.
type RemoteShown struct {
	Name      string `json:"name"`
	URL       string `json:"url"`
	Vault     string `json:"vault"` // its id
	Encrypted bool   `json:"encrypted"`
	Opens     bool   `json:"opens_contents"` // a key that is here does
	Snapshots int    `json:"snapshots"`
	Newest    string `json:"newest"` // snapshot; "" for none
}

// NewRemoteShown is a remote that is open.
func NewRemoteShown(r *remote.Place) RemoteShown {
	s := RemoteShown{Name: r.Name, URL: r.URL, Vault: r.Vault.ID(), Encrypted: r.Keys.Sealed(),
		Opens: !r.Keys.Sealed() || r.Keys.CanRestore()}
	all := r.Vault.Snapshots()
	if s.Snapshots = len(all); len(all) > 0 {
		s.Newest = all[len(all)-1].Header.Name
	}
	return s
}

// Sheet is a recovery sheet: what `remote add --json` and `remote key --json` print.
type Sheet struct {
	URL        string `json:"url"`
	Vault      string `json:"vault"`
	Passphrase string `json:"passphrase"` // "": the user's own key opens the vault, or it is not encrypted
	VerifyKey  string `json:"verify_key"`
}

// NewSheet is a recovery sheet as JSON.
func NewSheet(s *seal.Sheet) Sheet { return Sheet{s.URL, s.ID, s.Passphrase, s.VerifyKey()} }

// Extended is what `remote extend --json` did.
type Extended struct {
	Type     string `json:"message_type"` // "summary"
	Remote   string `json:"remote"`
	Objects  int64  `json:"objects"`
	Extended int64  `json:"objects_extended"`
}

// NewExtended is a result as JSON.
func NewExtended(name string, r *vault.ExtendResult) Extended {
	return Extended{"summary", name, r.Objects, r.Extended}
}

// RemoteRemoved is a snapshot of a remote in `prune -d REMOTE --json`.
type RemoteRemoved struct {
	Type    string   `json:"message_type"` // "change"
	Name    string   `json:"name"`
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
}

// NewRemoteRemoved is a decision as JSON.
func NewRemoteRemoved(e *retention.Decision) RemoteRemoved {
	return RemoteRemoved{"change", e.Header.Name, e.Keep, e.Reasons}
}

// RemotePruned is the last line of `prune -d REMOTE --json`.
type RemotePruned struct {
	Type      string   `json:"message_type"` // "summary"
	Remote    string   `json:"remote"`
	DryRun    bool     `json:"dry_run"`
	Kept      int      `json:"kept"`
	Removed   int      `json:"removed"`
	Condemned int64    `json:"objects_condemned"`
	Deleted   int64    `json:"objects_deleted"`
	Repacked  int64    `json:"packs_rewritten"`
	Freed     int64    `json:"bytes_freed"`
	Later     int64    `json:"bytes_later"`
	Young     int64    `json:"bytes_young"` // of those that go, younger than min_storage
	Locked    int64    `json:"objects_locked"`
	Requests  int64    `json:"requests"`
	Stopped   []string `json:"rules_stopped"` // why rules did not run
	NeedsMost bool     `json:"needs_allow_most"`
	Seconds   float64  `json:"seconds"`
}

// NewRemotePruned is a result as JSON; stopped says why rules did not run.
func NewRemotePruned(name string, plan *retention.Plan, r *vault.PruneResult, dry bool, stopped []string,
	took time.Duration) RemotePruned {
	return RemotePruned{Type: "summary", Remote: name, DryRun: dry, Kept: len(plan.List) - len(r.Removed),
		Removed: len(r.Removed), Condemned: r.Condemned, Deleted: r.Deleted, Repacked: r.Repacked, Freed: r.Freed,
		Later: r.Later, Young: r.Young, Locked: r.Locked, Requests: r.Requests, Stopped: append([]string{}, stopped...),
		NeedsMost: plan.Most() != nil, Seconds: took.Seconds()}
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

// CopyFailed is the last copy to a remote, which did not go well, in `status`.
type CopyFailed struct {
	Remote string `json:"remote"`
	Time   Time   `json:"time"`
	Error  string `json:"error"`
}

func newCopiesFailed(failed []destination.CopyFailure) (all []CopyFailed) {
	for i := range failed {
		all = append(all, CopyFailed{failed[i].Remote, Time(failed[i].Time), failed[i].Why})
	}
	return all
}
