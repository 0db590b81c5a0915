package retention

import (
	"context"
	"slices"

	"snap/destination"
	"snap/index"
	"snap/internal/progress"
	"snap/record"
)

// PlanFor says which of the destination's snapshots stay by the rules of r, oldest first, how much the removal of
// each of the others frees, and what the rules do not do.
func PlanFor(ctx context.Context, d *destination.Destination, r *Policy) (*Plan, error) {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(h record.Header) bool { return h.State != record.Complete })
	var failed error
	p := r.Plan(all, func(h *record.Header) bool {
		there, err := destination.FolderAt(d.Root, h.Name)
		if err != nil {
			failed = err
		}
		return err == nil && !there
	})
	if failed != nil {
		return nil, failed
	}
	renamed, err := p.renamed(ctx, d)
	if err != nil {
		return nil, err
	}
	for i, as := range renamed { // whoever has renamed a folder means to keep it
		p.List[i].Keep, p.List[i].Safe, p.List[i].Reasons = true, true, []string{"its folder is called " + as.Folder + " now"}
	}
	return p, weigh(ctx, d, p, r)
}

// PlanNamed is a plan for snapshots that are named: those go, the others stay.
func PlanNamed(ctx context.Context, d *destination.Destination, names []string) (*Plan, error) {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	for i := range all {
		if all[i].State == record.Complete {
			there, err := destination.FolderAt(d.Root, all[i].Name)
			if err != nil {
				return nil, err
			}
			e := Decision{Header: &all[i], Keep: !slices.Contains(names, all[i].Name), gone: !there}
			e.Reasons = []string{map[bool]string{true: "not named", false: "named"}[e.Keep]}
			p.List = append(p.List, e)
		}
	}
	renamed, err := p.renamed(ctx, d)
	if err != nil {
		return nil, err
	}
	for i := range p.List {
		if as, ok := renamed[i]; ok {
			p.Renamed = append(p.Renamed, as)
		}
	}
	return p, weigh(ctx, d, p, &Policy{})
}

// renamed are those that go and whose folders are not gone but have other names, by their positions in the list.
func (p *Plan) renamed(ctx context.Context, d *destination.Destination) (map[int]destination.Renamed, error) {
	var names []string
	for i := range p.List {
		if e := &p.List[i]; e.gone && !e.Keep {
			names = append(names, e.Header.Name)
		}
	}
	all, err := destination.FindRenamed(ctx, d.Root, d.DB, names)
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
func weigh(ctx context.Context, d *destination.Destination, p *Plan, r *Policy) error {
	room := !r.MinFree.IsZero() && !p.halted(r)
	if !room && len(victims(p.List)) == 0 {
		return nil
	}
	var seqs, stay []uint64 // of the trees that are there: what the user removed frees nothing any more
	var heads []*record.Header
	for i := range p.List {
		there, err := destination.FolderAt(d.Root, p.List[i].Header.Name)
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
	apart, err := destination.Apart(ctx, d.Root, d.DB, heads)
	if err != nil {
		return err
	}
	var usage index.Usage
	if room || apart > 0 { // more may have to go, or goes than the records say
		usage, err = d.DB.Usage(ctx)
	} else {
		usage, err = d.DB.Freeable(ctx, stay)
	}
	if err != nil {
		return err
	}
	if apart > 0 {
		usage = usage.Apart(seqs, apart)
	}
	if room {
		info, err := d.Root.System()
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
