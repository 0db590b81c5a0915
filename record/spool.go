package record

import (
	"bytes"
	"io"
	"iter"
	"os"
)

// Spool keeps a stream of entries between two stages, so that memory does not grow with the source. It
// stands in a file without a name, in the work folder, or for a dry run in memory up to spoolMemory and
// then in the system's folder for temporary files.
type Spool struct {
	dir  string
	mem  bytes.Buffer
	file *os.File
	w    *ChangeWriter
}

const spoolMemory = 4 << 20

// NewSpool is an empty spool in the folder dir, or, where dir is "", one for a dry run.
func NewSpool(dir string) (*Spool, error) {
	s := &Spool{dir: dir}
	if dir != "" {
		if err := s.open(); err != nil {
			return nil, err
		}
	}
	var err error
	if s.w, err = NewChangeWriter(s, nil); err != nil {
		s.Close()
	}
	return s, err
}

func (s *Spool) open() error {
	f, err := os.CreateTemp(s.dir, "spool-")
	if err != nil {
		return err
	}
	s.file = f
	os.Remove(f.Name()) // where that fails it goes with its folder
	return nil
}

// Write takes what the ChangeWriter writes.
func (s *Spool) Write(p []byte) (int, error) {
	if s.file == nil {
		if s.mem.Len()+len(p) <= spoolMemory {
			return s.mem.Write(p)
		}
		if err := s.open(); err != nil {
			return 0, err
		}
		if _, err := s.file.Write(s.mem.Bytes()); err != nil {
			return 0, err
		}
		s.mem = bytes.Buffer{}
	}
	n, err := s.file.Write(p)
	return n, err
}

func (s *Spool) Add(e *Entry) error { return s.w.Add(e.Path, &e.Record) }

// Count is how many entries were added.
func (s *Spool) Count() int64 { return s.w.Count() }

// Finish ends the writing.
func (s *Spool) Finish() error { return s.w.End(nil) }

// All yields what was added, as often as it is ranged over.
func (s *Spool) All() iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		var r io.Reader = bytes.NewReader(s.mem.Bytes())
		if s.file != nil {
			r = io.NewSectionReader(s.file, 0, 1<<62)
		}
		c, err := NewChangeReader(r)
		if err != nil {
			yield(nil, err)
			return
		}
		c.All()(yield)
	}
}

func (s *Spool) Close() {
	if s.file != nil {
		s.file.Close()
	}
}
