package vault

import "sync"

// edges are what is read of a sealed pack to open it, its head and its last chunk, of the packs that were opened last:
// a restore of small files reads one part of a pack after another, and each would ask for them anew.
type edges struct {
	mu    sync.Mutex
	parts map[string][]part // by name of the object
	names []string          // the oldest first
}

// edgesOf is how many packs are kept, of some 70 KiB each.
const edgesOf = 16

// part is a range of an object.
type part struct {
	off int64
	buf []byte
}

// find is what is kept that has n bytes at off in it; nil: nothing.
func (e *edges) find(name string, off, n int64) *part {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, p := range e.parts[name] {
		if p.off <= off && off+n <= p.off+int64(len(p.buf)) {
			return &e.parts[name][i]
		}
	}
	return nil
}

func (e *edges) keep(name string, p part) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.parts == nil {
		e.parts = map[string][]part{}
	}
	if e.parts[name] == nil {
		if e.names = append(e.names, name); len(e.names) > edgesOf {
			delete(e.parts, e.names[0])
			e.names = e.names[1:]
		}
	}
	e.parts[name] = append(e.parts[name], p)
}

// drop forgets those of a pack that could not be read with them.
func (e *edges) drop(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.parts, name)
	for i, n := range e.names {
		if n == name {
			e.names = append(e.names[:i:i], e.names[i+1:]...)
			return
		}
	}
}
