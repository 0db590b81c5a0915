package pages

// Usage is what the pages of a file are used for.
type Usage struct {
	Used int64 // reached through trees
	Free int64 // in the list of free pages
	Lost int64 // neither: space that is not used, and no damage
}

// Usage counts the pages, after everything in use was walked through. found is called with what is wrong with the list
// of free pages.
func (f *File) Usage(found func(error)) (u Usage) {
	for id := range f.high {
		if f.isReached(id) {
			u.Used++
		}
	}
	var err error
	if u.Free, err = f.freeList(found); err != nil {
		found(err)
		return u
	}
	for id := uint64(2); id < f.high; id++ {
		if !f.isReached(id) {
			u.Lost++
		}
	}
	return u
}

// freeList reads the list of free pages, after the trees have reached theirs, and reaches what is in it and what it
// takes itself. A page in it that is in use would be written over. found is called with each; the error says why the
// list cannot be read.
func (f *File) freeList(found func(error)) (free int64, err error) {
	if err := f.reach(f.free, 1); err != nil {
		return 0, err
	}
	b := make([]byte, max(windowSize, f.pageSize))
	if err := f.read(b[:f.pageSize], f.free*f.pageSize); err != nil {
		return 0, err
	}
	more := uint64(order.Uint32(b[12:]))
	if order.Uint64(b) != f.free || order.Uint16(b[8:]) != flagFree {
		return 0, fault("page %d does not hold the list of free pages", f.free)
	}
	if err := f.reach(f.free+1, more); err != nil {
		return 0, err
	}
	begin, count := uint64(pageHeader), uint64(order.Uint16(b[10:]))
	if count == 0xffff {
		begin, count = begin+8, order.Uint64(b[pageHeader:])
	}
	size := (1 + more) * f.pageSize
	if count > (size-begin)/8 {
		return 0, fault("the list of free pages has no room for %d", count)
	}
	last := uint64(0)
	for begin, end := begin, begin+8*count; begin < end; {
		part := b[:min(end-begin, windowSize)]
		if err := f.read(part, f.free*f.pageSize+begin); err != nil {
			return free, err
		}
		begin += uint64(len(part))
		for ; len(part) > 0; part = part[8:] {
			id := order.Uint64(part)
			if f.reach(id, 1) != nil {
				found(fault("page %d is said to be free, but is in use, said twice or not there", id))
			} else if free++; id < last {
				found(fault("the list of free pages is out of order at page %d", id))
			}
			last = id
		}
	}
	return free, nil
}
