package record

import (
	"hash/maphash"
)

// PathSet is a set of paths, eight bytes each.
type PathSet struct {
	seed maphash.Seed
	set  map[uint64]struct{}
}

func (s *PathSet) Add(path string) {
	if s.set == nil {
		s.seed, s.set = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	s.set[maphash.String(s.seed, path)] = struct{}{}
}

func (s *PathSet) Has(path string) bool {
	if s.set == nil {
		return false
	}
	_, ok := s.set[maphash.String(s.seed, path)]
	return ok
}
