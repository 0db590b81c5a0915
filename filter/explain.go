package filter

import "strings"

// Explain returns the verdict for a path relative to the source ("" is the source itself, which
// no line can leave out), reached through the folders above it, and in By where it was decided.
// With several sources the same holds for each of them, and for the folders that lead to them.
// Its answer is that of a walk with Check and Enter; the error is Check's.
func (s *Set) Explain(path string, isDir bool) (Verdict, error) {
	if s.leads(path) {
		return Verdict{Included: true, Walk: true}, nil
	}
	d := s.Root()
	by := ""
	for end := 0; ; end++ {
		name, _, more := strings.Cut(path[end:], "/")
		end += len(name)
		if more && len(s.roots) > 0 && s.leads(path[:end]) {
			d = d.Enter(name, Verdict{Included: true})
			continue
		}
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

// leads reports whether path is a source, or a folder around one that is in none.
func (s *Set) leads(path string) bool {
	if path == "" || len(s.roots) == 0 {
		return path == ""
	}
	leads := false
	for _, root := range s.roots {
		if rest, ok := strings.CutPrefix(path, root); ok && root != path && (root == "" || rest[0] == '/') {
			return false // in a source
		}
		rest, ok := strings.CutPrefix(root, path)
		leads = leads || ok && (rest == "" || rest[0] == '/')
	}
	return leads
}
