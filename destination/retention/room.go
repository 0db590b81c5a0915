package retention

import (
	"context"
	"slices"

	"snap/destination"
	"snap/record"
)

// Room is what deleting snapshots does for bytes that are lacking, as the index tells it.
type Room struct {
	Want, Free int64 // bytes that are to be free, and that are

	Rules     int   // how many snapshots the rules of the settings would delete now; 0 if that would not make room
	RulesFree int64 // what that frees

	Oldest     []*record.Header // the fewest of the oldest that make room; none if that cannot be had
	OldestFree int64            // what that frees
	Policy     *Policy          // that says so
	Most       bool             // they are more than half of all
	Tagged     *record.Header   // one of them has a tag of the rules of the settings, which prune does not count then

	All int64 // else what deleting all frees that may go
}

// Short is how many bytes are lacking.
func (r *Room) Short() int64 { return r.Want - r.Free }

// RoomFor finds what would make room for want bytes in d, of which free are: what the rules of the settings delete, but
// for those that make room themselves, and which of the oldest snapshots prune would delete for it.
func RoomFor(ctx context.Context, d *destination.Destination, rules *Policy, want, free int64) (*Room, error) {
	room := &Room{Want: want, Free: free}
	if keep := *rules; keep.keeps() {
		keep.MinFree = MinFree{}
		p, err := PlanFor(ctx, d, &keep)
		if err != nil {
			return nil, err
		}
		if n, freed := p.frees(); freed >= room.Short() {
			room.Rules, room.RulesFree = n, freed
		}
	}
	for _, floor := range []int{rules.FloorDaily, 0} {
		oldest := &Policy{MinFree: MinFree{Bytes: want}, FloorDaily: floor, Zone: rules.Zone, Now: rules.Now, Asked: true}
		p, err := PlanFor(ctx, d, oldest)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(p.Stops, func(s Stop) bool { return s.Reason == NoRoom }); i >= 0 {
			room.All = room.Short() - p.Stops[i].Short
			continue
		}
		_, room.OldestFree = p.frees()
		room.Oldest, room.Policy, room.Most = p.Going(), oldest, p.Most() != nil
		for _, h := range room.Oldest {
			if slices.ContainsFunc(h.Tags, func(t string) bool { return slices.Contains(rules.Tags, t) }) {
				room.Tagged = h
			}
		}
		break
	}
	return room, nil
}

// frees counts the snapshots whose trees go, and the bytes that go with them.
func (p *Plan) frees() (n int, bytes int64) {
	for i := range p.List {
		if d := &p.List[i]; !d.Keep {
			bytes = record.Plus(bytes, d.Freed)
		}
	}
	return len(p.Going()), bytes
}
