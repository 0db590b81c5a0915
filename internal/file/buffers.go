package file

import (
	"sync"
)

// Buffers are scratch space for reading files.
var Buffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}
