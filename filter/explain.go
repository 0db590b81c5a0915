package filter

import "strings"

// Explain returns the verdict for a path relative to the source ("" is the source itself, which
// no line can leave out), reached through the folders above it, and in By where it was decided.
// Its answer is that of a walk with Check and Enter; the error is Check's.
func (s *Set) Explain(path string, isDir bool) (Verdict, error) {
	if path == "" {
		return Verdict{Included: true, Walk: true}, nil
	}
	d := s.Root()
	by := ""
	for end := 0; ; end++ {
		name, _, more := strings.Cut(path[end:], "/")
		end += len(name)
		v, err := d.Check(name, more || isDir)
		if err != nil {
			return Verdict{}, err
		}
		if v.Rule != d.rule {
			by = path[:end]
		}
		if !more {
			v.By = by
			return v, nil
		}
		d = d.Enter(name, v)
	}
}
