package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// walk reads every folder below dir by getdents64 and asks statx for every entry, relative to a handle of its
// folder, with the given number of workers. It keeps nothing: no walk that sees all metadata can do less.
func walk(dir string, jobs int) (entries int, err error) {
	w := walker{}
	w.more = sync.NewCond(&w.mu)
	w.push(dir)
	var workers sync.WaitGroup
	for range jobs {
		workers.Go(w.run)
	}
	workers.Wait()
	return w.entries, w.err
}

// walker is a stack of folders to read, last in first out.
type walker struct {
	mu      sync.Mutex
	more    *sync.Cond
	todo    []string
	busy    int // folders on the stack or being read
	entries int
	err     error
}

func (w *walker) push(path string) {
	w.mu.Lock()
	w.todo = append(w.todo, path)
	w.busy++
	w.mu.Unlock()
	w.more.Signal()
}

func (w *walker) run() {
	buf := make([]byte, 64<<10)
	for {
		w.mu.Lock()
		for len(w.todo) == 0 && w.busy > 0 {
			w.more.Wait()
		}
		if len(w.todo) == 0 {
			w.mu.Unlock()
			return
		}
		path := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.mu.Unlock()

		n, err := w.folder(path, buf)

		w.mu.Lock()
		w.entries += n
		if err != nil && w.err == nil {
			w.err = fmt.Errorf("%s: %w", path, err)
		}
		w.busy--
		done := w.busy == 0
		w.mu.Unlock()
		if done {
			w.more.Broadcast()
		}
	}
}

func (w *walker) folder(path string, buf []byte) (n int, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var st unix.Statx_t
	for {
		size, err := unix.Getdents(fd, buf)
		if err != nil || size <= 0 {
			return n, err
		}
		for b := buf[:size]; len(b) > 0; {
			length := binary.NativeEndian.Uint16(b[16:])
			kind, name := b[18], unix.ByteSliceToString(b[19:length])
			b = b[length:]
			if name == "." || name == ".." {
				continue
			}
			n++
			if err := unix.Statx(fd, name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &st); err != nil {
				return n, &os.PathError{Op: "statx", Path: name, Err: err}
			}
			if kind == unix.DT_DIR {
				w.push(path + "/" + name)
			}
		}
	}
}
