package job

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// LabelOptions say which labels of which snapshots become others.
type LabelOptions struct {
	Snapshots []string // by their names
	Add       []string // tags
	Remove    []string
	Note      *string // nil: it stays; "": there is none any more
}

// LabelResult are the snapshots with their labels as they are now.
type LabelResult struct{ Snapshots []*record.Header }

// Label changes tags and notes, as `snap tag` and `snap note` do. The snapshots are looked up under the lock, so that
// two runs that add a tag each both have their way.
func (p *Place) Label(ctx context.Context, _ *Watcher, o LabelOptions) (*LabelResult, error) {
	if err := settings.CheckTags(o.Add, o.Remove); err != nil {
		return nil, err
	}
	d, err := p.openToWrite(ctx, destination.Options{Holder: destination.NewHolder(string(Label), p.Now())})
	if err != nil {
		return nil, err
	}
	res, err := label(ctx, d, &o)
	if err != nil {
		err = exit.Hint(err, p.Dest)
	}
	p.User.Proved(ctx, p.Dest, d.DB)
	return res, errors.Join(err, d.Close())
}

func label(ctx context.Context, d *destination.Destination, o *LabelOptions) (*LabelResult, error) {
	all, err := query.ReadSnapshots(ctx, d.DB)
	if err != nil {
		return nil, err
	}
	res := &LabelResult{}
	for _, name := range o.Snapshots {
		i := slices.IndexFunc(all, func(h record.Header) bool { return h.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s: no such snapshot", quote.Name(name))
		}
		res.Snapshots = append(res.Snapshots, &all[i])
	}
	for _, h := range res.Snapshots {
		tags, note := settings.ChangedTags(h.Tags, o.Add, o.Remove), h.Note
		if o.Note != nil {
			note = validNote(*o.Note)
		}
		if slices.Equal(tags, h.Tags) && note == h.Note {
			continue
		}
		if err := d.SetLabels(ctx, h.Name, tags, note); err != nil {
			return nil, err
		}
		h.Tags, h.Note = tags, note
	}
	return res, nil
}

// openToWrite opens the destination for a run that writes, if it is the one that is meant.
func (p *Place) openToWrite(ctx context.Context, o destination.Options) (*destination.Destination, error) {
	if p.ID != "" {
		r, err := p.open(ctx)
		if err == nil {
			err = r.Close()
		}
		if err != nil {
			return nil, err
		}
	}
	o.Trust = p.User.Trusted(p.Dest)
	d, err := destination.Open(ctx, p.Dest, o)
	if err != nil {
		return nil, exit.Hint(err, p.Dest)
	}
	if p.ID != "" && d.ID != p.ID { // since then
		return nil, errors.Join(exit.With(exit.Refused, hint.With(
			fmt.Errorf("destination %s: another one than before", quote.Name(p.Dest)), "connect the right disk")), d.Close())
	}
	return d, nil
}
