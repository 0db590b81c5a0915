package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"snap/internal/file"
	"snap/record"
)

// trees is a Source whose snapshots are in memory. Its change sets are those that a backup would write.
type trees struct {
	id       string
	snaps    []record.Header
	sets     map[uint64][]byte
	holds    map[uint64]map[string]record.Record
	bytes    map[Place][]byte // of regular files
	settings map[string][]byte
	weak     bool   // records have no hash
	next     uint64 // the number of the next one at least
	opened   atomic.Int64
}

func newTrees() *trees {
	return &trees{id: "0123456789abcdef", sets: map[uint64][]byte{}, holds: map[uint64]map[string]record.Record{},
		bytes: map[Place][]byte{}, settings: map[string][]byte{"BackupOptions.txt": []byte("jobs = 4\n")}}
}

// add makes the next snapshot: paths with their new contents, nil for one that is gone. All folders are the source's
// own.
func (s *trees) add(t testing.TB, changes map[string][]byte) uint64 {
	t.Helper()
	seq, parent := uint64(1), uint64(0)
	state := map[string]record.Record{}
	if n := len(s.snaps); n > 0 {
		parent = s.snaps[n-1].Seq
		seq = max(parent+1, s.next)
		state = maps.Clone(s.holds[parent])
		for path := range state {
			if b, ok := s.bytes[Place{parent, path}]; ok {
				s.bytes[Place{seq, path}] = b
			}
		}
	}
	when := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(seq) * 24 * time.Hour)
	h := record.Header{Name: when.Format("20060102-150405"), Seq: seq, Time: when, Finished: when.Add(time.Minute),
		Source: "/home/ann", Host: "nas", User: "ann", Parent: parent, Destination: s.id, State: record.Complete}
	var out bytes.Buffer
	w, err := record.NewChangeWriter(&out, &h)
	if err != nil {
		t.Fatal(err)
	}
	paths := slices.SortedFunc(maps.Keys(changes), record.Compare)
	if parent == 0 {
		paths = append([]string{""}, paths...)
	}
	for _, path := range paths {
		r := s.record(state, path, changes[path], when)
		if err := w.Add(path, &r); err != nil {
			t.Fatal(err)
		}
		h.Count(&r)
		delete(s.bytes, Place{seq, path})
		if !r.Exists() {
			delete(state, path)
			continue
		}
		state[path] = r
		if r.Kind == file.Regular {
			s.bytes[Place{seq, path}] = changes[path]
		}
	}
	for _, r := range state {
		record.Tally(&h, &r, false)
	}
	if err := w.End(&h); err != nil {
		t.Fatal(err)
	}
	s.sets[seq], s.holds[seq] = out.Bytes(), state
	s.snaps = append(s.snaps, h)
	return seq
}

func (s *trees) record(state map[string]record.Record, path string, content []byte, when time.Time) record.Record {
	old, was := state[path]
	r := record.Record{Change: record.Added, Stored: record.Copied, Reason: record.NewPath}
	switch {
	case path == "":
		r.Kind, r.Mode, r.Stored = file.Folder, 0o755, record.Made
	case content == nil:
		return record.Record{Change: record.Removed, Reason: record.Gone}
	default:
		r.Kind, r.Mode, r.Size, r.Nlink = file.Regular, 0o640, int64(len(content)), 1
		r.Hash, r.Flags = sha256.Sum256(content), record.Hashed
		if s.weak {
			r.Hash, r.Flags = [32]byte{}, 0
		}
	}
	if was {
		r.Change, r.Reason = record.Modified, record.SizeOrTime
		_ = old
	}
	r.Mtime = file.Time{Sec: when.Unix()}
	r.Ctime = r.Mtime
	return r
}

func (s *trees) ID() string { return s.id }

func (s *trees) Snapshots(context.Context) ([]record.Header, error) {
	return slices.Clone(s.snaps), nil
}

func (s *trees) NextSeq(context.Context) (uint64, error) {
	next := s.next
	for i := range s.snaps {
		next = max(next, s.snaps[i].Seq+1)
	}
	return next, nil
}

func (s *trees) ChangeSet(_ context.Context, seq uint64) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(s.sets[seq])), nil
}

func (s *trees) Listing(_ context.Context, seq uint64) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		for _, path := range slices.SortedFunc(maps.Keys(s.holds[seq]), record.Compare) {
			if !yield(&record.Entry{Path: path, Record: s.holds[seq][path]}, nil) {
				return
			}
		}
	}
}

func (s *trees) Open(_ context.Context, seq uint64, path string) (io.ReadCloser, error) {
	s.opened.Add(1)
	b, ok := s.bytes[Place{seq, path}]
	if !ok {
		return nil, fmt.Errorf("open %s: %w", path, fs.ErrNotExist)
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (s *trees) Copies(_ context.Context, r *record.Record) iter.Seq2[Place, error] {
	return func(yield func(Place, error) bool) {
		newest := s.holds[s.snaps[len(s.snaps)-1].Seq] // whose contents an index has
		same := func(held record.Record) bool { return held.SameHash(r) && held.Size == r.Size }
		if !slices.ContainsFunc(slices.Collect(maps.Values(newest)), same) {
			return
		}
		for _, h := range s.snaps {
			for _, path := range slices.Sorted(maps.Keys(s.holds[h.Seq])) {
				if same(s.holds[h.Seq][path]) && !yield(Place{h.Seq, path}, nil) {
					return
				}
			}
		}
	}
}

func (s *trees) Settings(context.Context) (map[string][]byte, error) { return s.settings, nil }
