package query

import (
	"maps"
	"slices"

	"snap/record"
)

// folderSums are sums of folders, each with all that is below it, in key order: the source first.
type folderSums[T any] struct {
	paths []string
	sums  []T
}

// sum is that of a folder; false if there is no such folder.
func (f *folderSums[T]) sum(path string) (sum T, ok bool) {
	i, ok := slices.BinarySearchFunc(f.paths, path, record.Compare)
	if ok {
		sum = f.sums[i]
	}
	return sum, ok
}

// in are the sum of a folder and, by name, those of the folders directly in it; false if there is no such folder.
func (f *folderSums[T]) in(path string) (whole T, in map[string]T, ok bool) {
	i, ok := slices.BinarySearchFunc(f.paths, path, record.Compare)
	if !ok {
		return whole, nil, false
	}
	whole, in = f.sums[i], map[string]T{}
	for i++; i < len(f.paths) && record.Within(f.paths[i], path); {
		dir := f.paths[i]
		in[record.Below(dir, path)] = f.sums[i]
		i++
		// What is in the folder follows it: on to the next one.
		n, _ := slices.BinarySearchFunc(f.paths[i:], dir, func(p, dir string) int {
			if record.Within(p, dir) {
				return -1
			}
			return 1
		})
		i += n
	}
	return whole, in, true
}

// sumUp are the sums of folders of which own says what is directly in them.
func sumUp[T any](own map[string]*T, add func(sum, part *T)) folderSums[T] {
	all := map[string]*T{"": new(T)}
	for dir, part := range own {
		for at := dir; ; at, _ = record.Split(at) {
			if all[at] == nil {
				all[at] = new(T)
			}
			if add(all[at], part); at == "" {
				break
			}
		}
	}
	f := folderSums[T]{paths: slices.SortedFunc(maps.Keys(all), record.Compare)}
	for _, path := range f.paths {
		f.sums = append(f.sums, *all[path])
	}
	return f
}
