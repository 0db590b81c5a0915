package treeless

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"snap/destination"
	"snap/internal/progress"
)

// setsFile says what the index was made of.
const setsFile = "sets"

// name is the name of the snapshot's change set in changes: its number, and what says which bytes it has.
func (s *Snapshot) name() string {
	sum := sha256.Sum256([]byte(s.Set))
	return fmt.Sprintf("%s-%x", destination.ChangeSetName(s.Header.Seq), sum[:8])
}

func names(all []Snapshot) []string {
	list := make([]string, len(all))
	for i := range all {
		list[i] = all[i].name()
	}
	return list
}

// fetch brings the change sets that are not here. want are the snapshots that can be answered for, lost the others.
func (c *cache) fetch(ctx context.Context, all []Snapshot) (want []Snapshot, lost []Lost, err error) {
	for i := range all {
		s := &all[i]
		if len(lost) > 0 && s.Header.Parent != newest(want) {
			lost = append(lost, Lost{s.Header.Name, errFollows})
			continue
		}
		if _, err := os.Lstat(filepath.Join(c.sets, s.name())); err != nil {
			if c.report != nil {
				c.report(progress.State{Stage: progress.Reading, Path: s.Header.Name, Files: int64(i), TotalFiles: int64(len(all))})
			}
			err = c.fetchOne(ctx, s)
			if errors.Is(err, ErrLost) {
				lost = append(lost, Lost{s.Header.Name, err})
				continue
			}
			if err != nil {
				return nil, nil, fmt.Errorf("the change set of snapshot %s: %w", s.Header.Name, err)
			}
		}
		want = append(want, *s)
	}
	return want, lost, nil
}

// newest is the number of the last snapshot, 0 for none.
func newest(all []Snapshot) uint64 {
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].Header.Seq
}

func (c *cache) fetchOne(ctx context.Context, s *Snapshot) error {
	r, err := c.from.ChangeSet(ctx, s.Header.Seq)
	if err != nil {
		return err
	}
	defer r.Close()
	return write(filepath.Join(c.sets, s.name()), func(f *os.File) error {
		_, err := io.Copy(f, r)
		return err
	})
}

// write makes a file that appears whole.
func write(path string, fill func(f *os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	err = errors.Join(fill(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// indexed is what the index was made of, nil if nobody knows.
func (c *cache) indexed() (*made, error) {
	text, err := os.ReadFile(filepath.Join(c.meta, setsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m := &made{}
	if json.Unmarshal(text, m) != nil {
		return nil, nil
	}
	return m, nil
}

// note writes what the index is made of.
func (c *cache) note(want []Snapshot) error {
	text, err := json.Marshal(made{c.from.ID(), names(want)})
	if err != nil {
		return err
	}
	return write(filepath.Join(c.meta, setsFile), func(f *os.File) error {
		_, err := f.Write(text)
		return err
	})
}

// drop removes what the far copy does not have any more, and what killed runs have left.
func (c *cache) drop(want []Snapshot) error {
	stay := names(want)
	entries, err := os.ReadDir(c.sets)
	for _, e := range entries {
		if !slices.Contains(stay, e.Name()) {
			err = errors.Join(err, remove(filepath.Join(c.sets, e.Name())))
		}
	}
	return err
}
