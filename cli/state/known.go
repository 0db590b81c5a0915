package state

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
	"unicode/utf8"

	"snap/internal/file"
	"snap/internal/quote"
)

// Known is a destination that this user has backed up to.
type Known struct {
	Path   string    `json:"path"` // absolute
	ID     string    `json:"id"`
	Source string    `json:"source"` // what was backed up last, absolute; several with ", " between them
	Last   time.Time `json:"last"`
	Index  string    `json:"index,omitempty"`  // the fingerprint of its index, if that is large and was proved
	Once   bool      `json:"once,omitempty"`   // one backup has named it, and nothing else
	System string    `json:"system,omitempty"` // the id of the file system that it is on, "" where there is none
	Mount  string    `json:"mount,omitempty"`  // the mount point that it is on, see MountOf
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

// Known are the known destinations. A list that another user than root may write is an error: he could say where this
// user's backups go.
func (u *User) Known() ([]Known, error) {
	if err := u.own(); err != nil {
		return nil, err
	}
	return Read(u.KnownFile())
}

// own refuses a list that another user may write.
func (u *User) own() error {
	name := u.KnownFile()
	if name == "" {
		return nil
	}
	if at := file.ReachOfOthersThan(name, os.Geteuid()); at != "" {
		return fmt.Errorf("another user may write to %s", quote.Name(at))
	}
	return nil
}

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

// How is how a destination came to be used.
type How uint8

// The ways.
const (
	Found How = iota // it was remembered
	Named            // somebody named it for a backup
	Made             // somebody made it a destination
)

// Remember puts a destination into the list of those that known tells, as the one used last. One that has moved is
// known by its id, and disks that take turns at one place by theirs. Where it was before is still known: there may be
// a copy of it, or what it was copied from. this.Source may be "" for none yet; what else this does not say is taken
// from what is known. Those that are gone, as is says, are forgotten. The list appears by rename and is for its owner
// alone.
func (u *User) Remember(known func() []Known, this Known, how How, is func(dir string) (bool, error)) error {
	name := u.KnownFile()
	if name == "" {
		return errNoHome
	}
	if err := u.own(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	this.Last, this.Once = this.Last.UTC(), how == Named
	var list, same []Known // in the order of their last use
	for _, k := range known() {
		if there, err := is(k.Path); err == nil && !there && u.gone(&k) {
			continue
		}
		if k.ID == this.ID {
			same = append(same, k)
		} else {
			list = append(list, k)
		}
	}
	if n := len(same); n > 0 {
		before := same[n-1]
		if i := slices.IndexFunc(same, func(k Known) bool { return k.Path == this.Path }); i >= 0 {
			before = same[i]
			same = slices.Delete(same, i, i+1)
		}
		this.Index, this.Source = before.Index, cmp.Or(this.Source, before.Source)
		this.Once = before.Once && how == Found
	}
	list = append(list, same[max(0, len(same)-MaxPlaces+1):]...)
	return Write(name, append(list, this))
}

// Forget takes the destination in the folder dest out of the list; false if it is not in it.
func (u *User) Forget(dest string) (bool, error) {
	list, err := u.Known()
	if err != nil {
		return false, err
	}
	left := slices.DeleteFunc(slices.Clone(list), func(k Known) bool { return k.Path == dest })
	if len(left) == len(list) {
		return false, nil
	}
	return true, Write(u.KnownFile(), left)
}

// Write replaces the list of known destinations.
func Write(name string, list []Known) error {
	all := make([]*Known, len(list)) // json asks pointers only how to write them
	for i := range list {
		all[i] = &list[i]
	}
	return write(name, all)
}

// write puts v, as JSON, into a file of the state folder: it appears by rename and is for its owner alone.
func write(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "\t")
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
