package backup

import (
	"context"
	"slices"

	"snap/index"
)

// Decide says which of the destination's snapshots stay by the rules of r, oldest first, and how much the
// removal of each of the others frees. short is how many bytes of the space to be free will be lacking even then.
func (d *Destination) Decide(ctx context.Context, r *Retention) (list []Decision, short int64, err error) {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return nil, 0, err
	}
	all = slices.DeleteFunc(all, func(h index.Header) bool { return h.State != index.Complete })
	var failed error
	list = r.Decide(all, func(h *index.Header) bool {
		there, err := folderAt(d.root, h.Name)
		if err != nil {
			failed = err
		}
		return err == nil && !there
	})
	if failed != nil {
		return nil, 0, failed
	}
	short, err = d.weigh(ctx, list, r.MinFree)
	return list, short, err
}

// Select is Decide for snapshots that are named: those go, the others stay.
func (d *Destination) Select(ctx context.Context, names []string) ([]Decision, error) {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	var list []Decision
	for i := range all {
		if all[i].State == index.Complete {
			e := Decision{Header: &all[i], Keep: !slices.Contains(names, all[i].Name)}
			e.Reasons = []string{map[bool]string{true: "not named", false: "named"}[e.Keep]}
			list = append(list, e)
		}
	}
	_, err = d.weigh(ctx, list, MinFree{})
	return list, err
}

// weigh makes room, and finds how much each removal frees and how much room is lacking then.
func (d *Destination) weigh(ctx context.Context, list []Decision, room MinFree) (short int64, err error) {
	going := func(d Decision) bool { return !d.Keep }
	if room.IsZero() && !slices.ContainsFunc(list, going) {
		return 0, nil
	}
	var seqs, stay []uint64 // of the trees that are there: what the user removed frees nothing any more
	for i := range list {
		there, err := folderAt(d.root, list[i].Header.Name)
		if err != nil {
			return 0, err
		}
		if there {
			seqs = append(seqs, list[i].Header.Seq)
		}
		if there && list[i].Keep {
			stay = append(stay, list[i].Header.Seq)
		}
	}
	var usage index.Usage
	if room.IsZero() {
		usage, err = d.DB.Freeable(ctx, stay)
	} else { // more may have to go
		usage, err = d.DB.Usage(ctx)
	}
	if err != nil {
		return 0, err
	}
	freed := func(list []Decision) (total int64) {
		for _, a := range usage.Freed(seqs, victims(list)) {
			total += a.Bytes
		}
		return total
	}
	if !room.IsZero() {
		info, err := d.root.System()
		if err != nil {
			return 0, err
		}
		need := room.target(info.TotalBytes) - int64(info.FreeBytes)
		if !MakeRoom(list, need, freed, "to have space free") {
			short = need - freed(list)
		}
	}
	each := usage.Freed(seqs, victims(list))
	for i := range list {
		if !list[i].Keep {
			list[i].Freed, each = each[0].Bytes, each[1:]
		}
	}
	return short, nil
}

// victims are the snapshots that go, in the order in which they do.
func victims(list []Decision) (seqs []uint64) {
	for i := range list {
		if !list[i].Keep {
			seqs = append(seqs, list[i].Header.Seq)
		}
	}
	return seqs
}

// Prune removes the snapshots that the decisions do not keep.
func (d *Destination) Prune(ctx context.Context, list []Decision, jobs int, report Reporter) error {
	if seqs := victims(list); len(seqs) > 0 {
		return d.Delete(ctx, seqs, jobs, report)
	}
	return nil
}
