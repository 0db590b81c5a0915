package state

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
	"unicode/utf8"

	"snap/internal/file"
)

// Known is a destination that this user has backed up to.
type Known struct {
	Path   string    `json:"path"` // absolute
	ID     string    `json:"id"`
	Source string    `json:"source"` // what was backed up last, absolute; several with ", " between them
	Last   time.Time `json:"last"`
	Index  string    `json:"index,omitempty"` // the fingerprint of its index, if that is large and was proved
}

// knownJSON is a Known as it is stored. JSON knows no strings that are not UTF-8: the bytes of such paths stand beside.
type knownJSON struct {
	*plainKnown
	PathBytes   []byte `json:"path_b64,omitempty"`
	SourceBytes []byte `json:"source_b64,omitempty"`
}

type plainKnown Known

func (k *Known) MarshalJSON() ([]byte, error) {
	j := knownJSON{plainKnown: (*plainKnown)(k)}
	if !utf8.ValidString(k.Path) {
		j.PathBytes = []byte(k.Path)
	}
	if !utf8.ValidString(k.Source) {
		j.SourceBytes = []byte(k.Source)
	}
	return json.Marshal(&j)
}

func (k *Known) UnmarshalJSON(b []byte) error {
	j := knownJSON{plainKnown: (*plainKnown)(k)}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	if len(j.PathBytes) > 0 {
		k.Path = string(j.PathBytes)
	}
	if len(j.SourceBytes) > 0 {
		k.Source = string(j.SourceBytes)
	}
	return nil
}

// maxKnown bounds the file of known destinations: more is no list of disks.
const maxKnown = 1 << 20

// knownName is the file of known destinations in the state folder.
const knownName = "destinations.json"

// KnownFile is where the known destinations are listed, "" where there is no home.
func (u *User) KnownFile() string {
	state := u.folder()
	if state == "" {
		return ""
	}
	return filepath.Join(state, knownName)
}

// Known are the known destinations.
func (u *User) Known() ([]Known, error) { return Read(u.KnownFile()) }

// Read reads the list of known destinations; none where there is no file.
func Read(name string) ([]Known, error) {
	if name == "" {
		return nil, nil
	}
	if err := file.RefusePipe(name); err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // the home may be none, as /dev/null is
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxKnown))
	if err != nil {
		return nil, err
	}
	return parse(b)
}

// parse reads the text of the list.
func parse(b []byte) (list []Known, err error) {
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(k Known) bool { return !filepath.IsAbs(k.Path) }), nil
}

// errNoHome: there is no place for the list.
var errNoHome = errors.New("HOME is not set, and the system knows no home folder of this user: a disk that is not " +
	"mounted will not be noticed")

// MaxPlaces is how many paths of one id are remembered, the last ones: a disk that is mounted at a new place each
// time must not make the list grow without end.
const MaxPlaces = 8

// Remember puts, at the time now, the destination dest with this id into the list of those that known tells, as the
// one used last. One that has moved is known by its id, and disks that take turns at one place by theirs. Where it
// was before is still known: there may be a copy of it, or what it was copied from. source may be "" for none yet.
// The list appears by rename and is for its owner alone.
func (u *User) Remember(known func() []Known, dest, id, source string, now time.Time) error {
	name := u.KnownFile()
	if name == "" {
		return errNoHome
	}
	this := Known{Path: dest, ID: id, Source: source, Last: now.UTC()}
	var list, same []Known // in the order of their last use
	for _, k := range known() {
		if k.ID == id {
			same = append(same, k)
		} else {
			list = append(list, k)
		}
	}
	if n := len(same); n > 0 {
		before := same[n-1]
		if i := slices.IndexFunc(same, func(k Known) bool { return k.Path == dest }); i >= 0 {
			before = same[i]
			same = slices.Delete(same, i, i+1)
		}
		this.Index, this.Source = before.Index, cmp.Or(source, before.Source)
	}
	list = append(list, same[max(0, len(same)-MaxPlaces+1):]...)
	return Write(name, append(list, this))
}

// Write replaces the list of known destinations.
func Write(name string, list []Known) error {
	all := make([]*Known, len(list)) // json asks pointers only how to write them
	for i := range list {
		all[i] = &list[i]
	}
	b, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "destinations-*.tmp") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is there after the rename
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
