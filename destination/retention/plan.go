package retention

import (
	"context"
	"slices"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// Held is what plans are made of: the trees and the index of a destination.
type Held struct {
	Root *file.Dir
	DB   *index.DB
	// Usage is that of all complete snapshots, where somebody knows it; nil: the index is asked for what a plan needs.
	Usage func(ctx context.Context) (index.Usage, error)

	await func(ctx context.Context) error // waits for the space of what was deleted; nil where nothing is to be deleted
}

// PlanFor is Held.Plan for a destination that is open.
func PlanFor(ctx context.Context, d *destination.Destination, r *Policy) (*Plan, error) {
	h := Held{Root: d.Root, DB: d.DB}
	if d.Trash != nil { // it is open for writing
		h.await = d.AwaitRemoved
	}
	return h.Plan(ctx, r)
}

// PlanNamed is Held.PlanNamed for a destination that is open.
func PlanNamed(ctx context.Context, d *destination.Destination, names []string) (*Plan, error) {
	return Held{Root: d.Root, DB: d.DB}.PlanNamed(ctx, names)
}

// Plan says which of the destination's snapshots stay by the rules of r, oldest first, how much the removal of each of
// the others frees, and what the rules do not do.
func (h Held) Plan(ctx context.Context, r *Policy) (*Plan, error) {
	all, err := h.DB.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(h record.Header) bool { return h.State != record.Complete })
	var failed error
	p := r.Plan(all, func(s *record.Header) bool {
		there, err := destination.FolderAt(h.Root, s.Name)
		if err != nil {
			failed = err
		}
		return err == nil && !there
	})
	if failed != nil {
		return nil, failed
	}
	renamed, err := h.renamed(ctx, p)
	if err != nil {
		return nil, err
	}
	for i, as := range renamed { // whoever has renamed a folder means to keep it
		p.List[i].Keep, p.List[i].Safe, p.List[i].Reasons = true, true, []string{"its folder is called " + as.Folder + " now"}
	}
	return p, h.weigh(ctx, p, r)
}

// PlanNamed is a plan for snapshots that are named: those go, the others stay.
func (h Held) PlanNamed(ctx context.Context, names []string) (*Plan, error) {
	all, err := h.DB.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	for i := range all {
		if all[i].State == record.Complete {
			there, err := destination.FolderAt(h.Root, all[i].Name)
			if err != nil {
				return nil, err
			}
			e := Decision{Header: &all[i], Keep: !slices.Contains(names, all[i].Name), gone: !there}
			e.Reasons = []string{map[bool]string{true: "not named", false: "named"}[e.Keep]}
			p.List = append(p.List, e)
		}
	}
	renamed, err := h.renamed(ctx, p)
	if err != nil {
		return nil, err
	}
	for i := range p.List {
		if as, ok := renamed[i]; ok {
			p.Renamed = append(p.Renamed, as)
		}
	}
	return p, h.weigh(ctx, p, &Policy{})
}

// renamed are those that go and whose folders are not gone but have other names, by their positions in the list.
func (h Held) renamed(ctx context.Context, p *Plan) (map[int]destination.Renamed, error) {
	var names []string
	for i := range p.List {
		if e := &p.List[i]; e.gone && !e.Keep {
			names = append(names, e.Header.Name)
		}
	}
	all, err := destination.FindRenamed(ctx, h.Root, h.DB, names)
	at := make(map[int]destination.Renamed, len(all))
	for _, r := range all {
		at[slices.IndexFunc(p.List, func(e Decision) bool { return e.Header.Name == r.Snapshot })] = r
	}
	return at, err
}

// Last reports whether the plan takes what there is: a folder goes, and none is left. Entries of snapshots whose
// folders are gone do not count.
func (p *Plan) Last() bool {
	left := func(keep bool) bool {
		return slices.ContainsFunc(p.List, func(e Decision) bool { return e.Keep == keep && !e.gone })
	}
	return left(false) && !left(true)
}

// weigh makes room, and finds how much each removal frees.
func (h Held) weigh(ctx context.Context, p *Plan, r *Policy) error {
	room := !r.MinFree.IsZero() && !p.halted(r)
	if !room && len(victims(p.List)) == 0 {
		return nil
	}
	var seqs, stay []uint64 // of the trees that are there: what the user removed frees nothing any more
	var heads []*record.Header
	for i := range p.List {
		there, err := destination.FolderAt(h.Root, p.List[i].Header.Name)
		if err != nil {
			return err
		}
		if there {
			seqs, heads = append(seqs, p.List[i].Header.Seq), append(heads, p.List[i].Header)
		}
		if there && p.List[i].Keep {
			stay = append(stay, p.List[i].Header.Seq)
		}
	}
	apart, err := destination.Apart(ctx, h.Root, h.DB, heads)
	if err != nil {
		return err
	}
	var usage index.Usage
	switch {
	case h.Usage != nil:
		usage, err = h.Usage(ctx)
	case room || apart > 0: // more may have to go, or goes than the records say
		usage, err = h.DB.Usage(ctx)
	default:
		usage, err = h.DB.Freeable(ctx, stay)
	}
	if err != nil {
		return err
	}
	if apart > 0 {
		usage = usage.Apart(seqs, apart)
	}
	if room {
		if h.await != nil {
			if err := h.await(ctx); err != nil {
				return err
			}
		}
		info, err := h.Root.System()
		if err != nil {
			return err
		}
		r.makeRoom(p, r.MinFree.Short(int64(info.TotalBytes), int64(info.FreeBytes)), func(list []Decision) (total int64) {
			for _, a := range usage.Freed(seqs, victims(list)) {
				total = record.Plus(total, a.Bytes)
			}
			return total
		})
	}
	each := usage.Freed(seqs, victims(p.List))
	for i := range p.List {
		if !p.List[i].Keep {
			p.List[i].Freed, each = each[0].Bytes, each[1:]
		}
	}
	return nil
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

// Apply removes the snapshots that the plan does not keep. A TooManyError says that it removed none.
func Apply(ctx context.Context, d *destination.Destination, p *Plan, jobs int, report func(progress.State)) error {
	if err := p.Most(); err != nil {
		return err
	}
	if seqs := victims(p.List); len(seqs) > 0 {
		return d.Delete(ctx, seqs, jobs, report)
	}
	return nil
}
