package file

import (
	"sync"
)

// ReadAhead asks the system to read the file at path into memory from front to back, if it has room for it, and
// returns at once or while that is under way. It is for files that are about to be read all over in no order, which a
// disk that turns does a hundred times slower. A system that cannot do it does nothing.
func ReadAhead(path string) { readAhead(path) }

// ForgetMapped tells the system that the size bytes at addr, which are of a file that is mapped for reading, are not
// needed in memory for now. They stay what they are, in the system's cache of the file, and are there again
// when they are touched; only they no longer count as this process's memory. addr begins a page. Without
// Linux nothing happens.
func ForgetMapped(addr, size uintptr) { forgetMapped(addr, size) }

// Buffers are scratch space for reading files.
var Buffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}
