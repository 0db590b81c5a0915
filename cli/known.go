package cli

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

// knownDest is a destination that this user has backed up to.
type knownDest struct {
	Path   string    `json:"path"` // absolute
	ID     string    `json:"id"`
	Source string    `json:"source"` // what was backed up last, absolute; several with ", " between them
	Last   time.Time `json:"last"`
	Index  string    `json:"index,omitempty"` // the fingerprint of its index, if that is large and was proved
}

// knownJSON is a knownDest as it is stored. JSON knows no strings that are not UTF-8: the bytes of such paths stand beside.
type knownJSON struct {
	*plainKnown
	PathBytes   []byte `json:"path_b64,omitempty"`
	SourceBytes []byte `json:"source_b64,omitempty"`
}

type plainKnown knownDest

func (k *knownDest) MarshalJSON() ([]byte, error) {
	j := knownJSON{plainKnown: (*plainKnown)(k)}
	if !utf8.ValidString(k.Path) {
		j.PathBytes = []byte(k.Path)
	}
	if !utf8.ValidString(k.Source) {
		j.SourceBytes = []byte(k.Source)
	}
	return json.Marshal(&j)
}

func (k *knownDest) UnmarshalJSON(b []byte) error {
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

// knownFile is where the known destinations are listed, "" where there is no home.
func (c *call) knownFile() string {
	state := c.stateFolder()
	if state == "" {
		return ""
	}
	return filepath.Join(state, knownName)
}

// known are the known destinations. A file that cannot be read is ignored, which is said unless -q asks for silence: it
// is a convenience, and a wrong one must not stop a restore.
func (c *call) known() []knownDest {
	list, err := readKnown(c.knownFile())
	if err != nil {
		c.note("%s: ignored: %v", c.knownFile(), err)
	}
	return list
}

// readKnown reads the list of known destinations; none where there is no file.
func readKnown(name string) ([]knownDest, error) {
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
	return parseKnown(b)
}

// parseKnown reads the text of the list.
func parseKnown(b []byte) (list []knownDest, err error) {
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(k knownDest) bool { return !filepath.IsAbs(k.Path) }), nil
}

// errNoHome: there is no place for the list.
var errNoHome = errors.New("there is no HOME, and the system knows none of this user: a disk that is not mounted will not be noticed")

// maxPlaces is how many paths of one id are remembered, the last ones: a disk that is mounted at a new place each
// time must not make the list grow without end.
const maxPlaces = 8

// remember puts the destination dest with this id into the list of known ones, as the one used last.
// One that has moved is known by its id, and disks that take turns at one place by theirs. Where it was before is
// still known: there may be a copy of it, or what it was copied from. source may be "" for none yet. The list
// appears by rename and is for its owner alone.
func (c *call) remember(dest, id, source string) error {
	name := c.knownFile()
	if name == "" {
		return errNoHome
	}
	now := knownDest{Path: dest, ID: id, Source: source, Last: c.env.Now().UTC()}
	var list, same []knownDest // in the order of their last use
	for _, k := range c.known() {
		if k.ID == id {
			same = append(same, k)
		} else {
			list = append(list, k)
		}
	}
	if n := len(same); n > 0 {
		before := same[n-1]
		if i := slices.IndexFunc(same, func(k knownDest) bool { return k.Path == dest }); i >= 0 {
			before = same[i]
			same = slices.Delete(same, i, i+1)
		}
		now.Index, now.Source = before.Index, cmp.Or(source, before.Source)
	}
	list = append(list, same[max(0, len(same)-maxPlaces+1):]...)
	return writeKnown(name, append(list, now))
}

// writeKnown replaces the list of known destinations.
func writeKnown(name string, list []knownDest) error {
	all := make([]*knownDest, len(list)) // json asks pointers only how to write them
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
