package destination

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"snap/internal/file"
	"snap/record"
)

// A replica is a destination that follows another, with its id and the numbers of its snapshots. The sealed file
// .snap/replica marks it. A backup to it would give one number to two snapshots: it is refused until the replica is
// promoted, which removes the mark.
const replicaName = "replica"

// replica is what stands in the mark.
type replica struct {
	Of       string            `json:"of"`       // what it was copied from last, for people
	Settings map[string]string `json:"settings"` // of the settings files that came along, their SHA-256
}

// ErrReplica: the destination follows another one, and is backed up to when it was promoted.
var ErrReplica = errors.New("a replica")

// IsReplica reports whether the destination follows another. A damaged mark is one.
func (d *Destination) IsReplica() (bool, error) {
	if d.Root == nil {
		return false, nil
	}
	switch _, err := d.replica(); {
	case err == nil, errors.Is(err, record.ErrDamaged):
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, err
	}
}

func (d *Destination) replica() (m replica, err error) {
	meta, err := d.Root.OpenDir(MetaName)
	if err != nil {
		return m, err
	}
	defer meta.Close()
	return m, readSealed(meta, replicaName, &m)
}

// CheckNotReplica refuses a replica, with ErrReplica.
func (d *Destination) CheckNotReplica() error {
	is, err := d.IsReplica()
	if err != nil || !is {
		return err
	}
	of := "another destination"
	if m, err := d.replica(); err == nil {
		of = m.Of
	}
	return &GuardError{
		Why: fmt.Sprintf("%s is a replica of %s: a backup to it would part the two", d.Path, of),
		Hint: "back up to that one and copy; if it is lost, or this one is to take its place: " +
			"snap promote " + d.Path,
		Err: ErrReplica,
	}
}

// MarkReplica marks the destination as one that follows that at the place of.
func (d *Destination) MarkReplica(of string) error {
	m, err := d.replica()
	if err == nil && m.Of == of {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, record.ErrDamaged) {
		return err
	}
	m.Of = of
	return d.writeSealed(d.Meta, replicaName, &m)
}

// Promote makes a replica a destination that is backed up to. One that is no replica is refused.
func (d *Destination) Promote() error {
	is, err := d.IsReplica()
	if err != nil {
		return err
	}
	if !is {
		return &GuardError{
			Why:  d.Path + " is no replica: it is backed up to, or was promoted before",
			Hint: "nothing is to be done",
		}
	}
	if err := remove(d.Meta, replicaName); err != nil {
		return err
	}
	return d.Meta.Sync()
}

// Settings are the settings files in the folder of a destination, by name.
func Settings(root *file.Dir) (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, name := range settingsNames {
		text, err := readSettings(root, name)
		if err != nil {
			return nil, err
		}
		if text != nil {
			all[name] = text
		}
	}
	return all, nil
}

// CopySettings brings the settings files of the destination that d follows, by name; others than settings files are
// left. A file that was changed in the replica stays: it may have rules of its own.
func (d *Destination) CopySettings(from map[string][]byte) error {
	m, err := d.replica()
	if err != nil {
		return err
	}
	now := map[string]string{}
	for _, name := range settingsNames {
		theirs := from[name]
		if len(theirs) > labelsMax {
			return fmt.Errorf("%s: more than %d bytes of settings", name, labelsMax)
		}
		ours, err := readSettings(d.Root, name)
		if err != nil {
			return err
		}
		switch has := sumOf(ours); {
		case has == sumOf(theirs):
		case has != m.Settings[name]:
			continue // its own
		case theirs == nil:
			err = remove(d.Root, name)
		default:
			err = remove(d.Tmp, name)
			if err == nil {
				err = replaceBy(d.Tmp, name, theirs, d.Root, name)
			}
		}
		if err != nil {
			return err
		}
		now[name] = sumOf(theirs)
	}
	same := len(now) == len(m.Settings)
	for name, sum := range now {
		same = same && m.Settings[name] == sum
	}
	if same {
		return nil
	}
	m.Settings = now
	return d.writeSealed(d.Meta, replicaName, &m)
}

// readSettings is what a settings file holds, nil if it is not there.
func readSettings(dir *file.Dir, name string) ([]byte, error) {
	f, err := openFile(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, labelsMax+1))
	if err == nil && len(text) > labelsMax {
		err = fmt.Errorf("%s: more than %d bytes of settings", f.Name(), labelsMax)
	}
	if text == nil {
		text = []byte{}
	}
	return text, err
}

// sumOf is the SHA-256 of a settings file, "" for none.
func sumOf(text []byte) string {
	if text == nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
