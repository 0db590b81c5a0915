package replica

import (
	"context"
	"fmt"
	"iter"
	"os"
	"slices"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// Here is a destination in a folder as what a replica follows. It is only read, without its lock.
type Here struct{ d *destination.Destination }

// OpenHere opens the destination in the folder path. trust: see index.DB.Trust.
func OpenHere(ctx context.Context, path string, trust ...string) (*Here, error) {
	d, err := destination.Open(ctx, path, destination.Options{Mode: destination.ReadOnly, AnyUser: true, Trust: trust})
	if err != nil {
		return nil, err
	}
	return &Here{d}, nil
}

// Close closes it.
func (x *Here) Close() error { return x.d.Close() }

// ID is the destination's id.
func (x *Here) ID() string { return x.d.ID }

// Name is its folder.
func (x *Here) Name() string { return x.d.Path }

// Snapshots are its complete snapshots.
func (x *Here) Snapshots(ctx context.Context) ([]record.Header, error) { return complete(ctx, x.d) }

// complete are the complete snapshots of a destination, oldest first.
func complete(ctx context.Context, d *destination.Destination) ([]record.Header, error) {
	all, err := d.DB.Snapshots(ctx)
	return slices.DeleteFunc(all, func(h record.Header) bool { return h.State != record.Complete }), err
}

// NextSeq is the number that its next snapshot gets, or a higher one.
func (x *Here) NextSeq(ctx context.Context) (uint64, error) { return x.d.NextSeq(ctx) }

// Holds reports whether the folder of a snapshot is there.
func (x *Here) Holds(_ context.Context, h *record.Header) (bool, error) {
	return destination.FolderAt(x.d.Root, h.Name)
}

// Changes are the records of a change set. One that is damaged, or was changed by a deletion just now, does not do.
func (x *Here) Changes(_ context.Context, h *record.Header) (iter.Seq2[*record.Entry, error], bool, error) {
	if set, err := x.d.ReadChangeSet(h.Seq); err != nil || set.Parent != h.Parent {
		return nil, false, nil
	}
	return destination.ReadChanges(x.d.ChangesDir.Path(), destination.ChangeSetName(h.Seq)), true, nil
}

// ChangeSet opens the file of a change set. of says which file it is: what replaces it has another.
func (x *Here) ChangeSet(seq uint64) (f *os.File, of string, err error) {
	f, err = x.d.OpenChangeSet(seq)
	if err != nil {
		return nil, "", err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, "", err
	}
	return f, fmt.Sprintf("%d %d %d", seq, info.Size(), info.ModTime().UnixNano()), nil
}

// Listing is all that a snapshot holds.
func (x *Here) Listing(ctx context.Context, h *record.Header) iter.Seq2[*record.Entry, error] {
	return x.d.DB.Entries(ctx, h.Seq, "")
}

// Contents are the files in the folder of a snapshot.
func (x *Here) Contents(_ context.Context, h *record.Header, _ Old) (Contents, error) {
	return x.OpenTree(h)
}

// Settings are the settings files.
func (x *Here) Settings(context.Context) (map[string][]byte, error) {
	return destination.Settings(x.d.Root)
}

// Is reports whether the destination is in the folder root.
func (x *Here) Is(root *file.Dir) (bool, error) {
	s, err := x.d.Root.Stat()
	return err == nil && root.Is(&s), err
}
