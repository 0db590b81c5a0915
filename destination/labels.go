package destination

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"snap/index"
	"snap/record"
)

// The labels of a snapshot, tags and note, stand in its change set as they were when it was made. When they
// are changed later they stand in a file beside it, .snap/changes/<seq>.labels, which then is the truth:
//
//	{"name":"20261122-134510","seq":7,"tags":["pin"],"note":"before the move"}
//	1f3a9c02
//
// The second line is the CRC-32C of the first, in hex.
type labels struct {
	Name string   `json:"name"`
	Seq  uint64   `json:"seq"`
	Tags []string `json:"tags"`
	Note string   `json:"note"`
}

const (
	labelsSuffix = ".labels"
	labelsMax    = 1 << 20 // bytes of a file that is looked into
)

func labelsFile(seq uint64) string { return ChangeSetName(seq) + labelsSuffix }

// SetLabels gives the snapshot called name these tags and this note in place of those it has. They are durable before
// the index shows them; the next recovery repairs an index that a crash left behind. index.ErrNotFound: there is no
// such complete snapshot.
func (d *Destination) SetLabels(ctx context.Context, name string, tags []string, note string) error {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(h record.Header) bool { return h.Name == name && h.State == record.Complete })
	if i < 0 {
		return fmt.Errorf("snapshot %s: %w", name, index.ErrNotFound)
	}
	h := &all[i]
	l := labels{Name: name, Seq: h.Seq, Tags: tags, Note: note}
	if err := l.valid(h); err != nil {
		return err
	}
	if err := ClearPlace(d.ChangesDir, labelsFile(l.Seq)); err != nil {
		return err
	}
	if err := d.writeSealed(d.ChangesDir, labelsFile(l.Seq), &l); err != nil {
		return err
	}
	h.Tags, h.Note = tags, note
	return d.DB.SetHeader(ctx, h)
}

// readLabels reads the labels that were given to a snapshot after it was made: fs.ErrNotExist if none were,
// record.ErrDamaged for a file that is not what was written.
func (d *Destination) readLabels(h *record.Header) (*labels, error) {
	f, err := openFile(d.ChangesDir, labelsFile(h.Seq))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, labelsMax+1))
	if err != nil {
		return nil, err
	}
	l, err := parseLabels(text, h)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", filepath.Join(d.ChangesDir.Path(), labelsFile(h.Seq)), record.ErrDamaged, err)
	}
	return l, nil
}

func parseLabels(text []byte, h *record.Header) (*labels, error) {
	body, ok := unsealed(text)
	if len(text) > labelsMax || !ok {
		return nil, errors.New("the labels do not match their checksum")
	}
	var l labels
	if err := json.Unmarshal(body, &l); err != nil {
		return nil, err
	}
	return &l, l.valid(h)
}

// valid says why l cannot be the labels of the snapshot h.
func (l *labels) valid(h *record.Header) error {
	if l.Name != h.Name || l.Seq != h.Seq {
		return errors.New("the labels of another snapshot")
	}
	size := len(l.Note)
	for _, t := range l.Tags {
		if t == "" {
			return errors.New("an empty tag")
		}
		size += len(t) + 16
	}
	if !utf8.ValidString(l.Note + strings.Join(l.Tags, "")) {
		return errors.New("labels that are not UTF-8")
	}
	if size > labelsMax/8 { // JSON may take six bytes for one
		return fmt.Errorf("labels of %d bytes: too many", size)
	}
	return nil
}

// ApplyLabels enters the labels that a snapshot was given later into its header, and reports whether that
// changed it.
func (d *Destination) ApplyLabels(h *record.Header) (changed bool, err error) {
	l, err := d.readLabels(h)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	changed = l.Note != h.Note || !slices.Equal(l.Tags, h.Tags)
	h.Tags, h.Note = l.Tags, l.Note
	return changed, nil
}

// mendLabels brings the index in line with labels that a run wrote and died before it could show them. A
// damaged file changes nothing: what the index shows is all that is left of it.
func (d *Destination) mendLabels(ctx context.Context) error {
	entries, err := d.ChangesDir.Entries()
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for i := range entries {
		has[entries[i].Name] = strings.HasSuffix(entries[i].Name, labelsSuffix)
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		h := &all[i]
		if !has[labelsFile(h.Seq)] || h.State != record.Complete {
			continue
		}
		changed, err := d.ApplyLabels(h)
		if err != nil && !errors.Is(err, record.ErrDamaged) {
			return err
		}
		if changed {
			if err := d.DB.SetHeader(ctx, h); err != nil {
				return err
			}
		}
	}
	return nil
}
