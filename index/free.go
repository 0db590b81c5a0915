package index

// freeList reads the list of free pages, after the trees have claimed theirs, and claims what is in it and what it
// takes itself: afterwards pages that were not claimed are lost. A page in it that is in use would be written over.
// found is called with each; the error says why the list cannot be read.
func (r *reach) freeList(found func(error)) (free int64, err error) {
	f := r.file
	if err := r.claim(f.free, 1); err != nil {
		return 0, err
	}
	b := make([]byte, max(windowSize, f.pageSize))
	if err := f.read(b[:f.pageSize], f.free); err != nil {
		return 0, err
	}
	more := uint64(order.Uint32(b[12:]))
	if order.Uint64(b) != f.free || order.Uint16(b[8:]) != flagFree {
		return 0, damaged("page %d does not hold the list of free pages", f.free)
	}
	if err := r.claim(f.free+1, more); err != nil {
		return 0, err
	}
	begin, count := uint64(pageHeader), uint64(order.Uint16(b[10:]))
	if count == 0xffff {
		begin, count = begin+8, order.Uint64(b[pageHeader:])
	}
	size := (1 + more) * f.pageSize
	if count > (size-begin)/8 {
		return 0, damaged("the list of free pages has no room for %d", count)
	}
	last := uint64(0)
	for begin, end := begin, begin+8*count; begin < end; {
		part := b[:min(end-begin, windowSize)]
		if err := f.readAt(part, f.free*f.pageSize+begin); err != nil {
			return free, err
		}
		begin += uint64(len(part))
		for ; len(part) > 0; part = part[8:] {
			id := order.Uint64(part)
			if r.claim(id, 1) != nil {
				found(damaged("page %d is said to be free, but is in use, said twice or not there", id))
			} else if free++; id < last {
				found(damaged("the list of free pages is out of order at page %d", id))
			}
			last = id
		}
	}
	return free, nil
}

// proveFree makes sure that bbolt can take its new pages from the list of free ones.
func (r *reach) proveFree() error {
	var first error
	_, err := r.freeList(func(err error) {
		if first == nil {
			first = err
		}
	})
	if err != nil {
		return err
	}
	return first
}
