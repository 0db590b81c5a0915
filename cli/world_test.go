package cli

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// world is a source that lives in memory, and a destination that is given its snapshots as a backup
// would make them: change sets through index.Import, and the trees on disk where a test asks for them.
type world struct {
	dest   string
	db     *index.DB
	source string
	trees  bool // write DEST/<name>/ too

	now   map[string]node   // the source
	past  []map[string]node // what each snapshot holds
	moves []map[string]string
	heads []record.Header
	clock int64
	ids   uint64
}

// node is a file, folder or symbolic link. Paths with the same id are hard links.
type node struct {
	id      uint64
	kind    file.Kind
	content string // or the target
	mode    uint16
	mtime   int64
}

var worldStart = time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)

func newWorld(dest string) (*world, error) {
	if err := os.MkdirAll(filepath.Join(dest, ".snap"), 0o700); err != nil {
		return nil, err
	}
	if err := index.Create(index.Path(dest), "test-id"); err != nil {
		return nil, err
	}
	db, err := index.Open(index.Path(dest))
	w := &world{dest: dest, db: db, source: "/home/me", now: map[string]node{}, clock: worldStart.Unix()}
	w.now[""] = node{id: w.id(), kind: file.Folder, mode: 0o755, mtime: w.clock}
	return w, err
}

func mustWorld(t testing.TB) *world {
	t.Helper()
	w, err := newWorld(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) id() uint64 { w.ids++; return w.ids }

// tick moves the clock on and says when it is.
func (w *world) tick() int64 { w.clock += 60; return w.clock }

func (w *world) touchParent(path string) {
	dir, _ := record.Split(path)
	n := w.now[dir]
	n.mtime = w.clock
	w.now[dir] = n
}

// put makes or changes a file, keeping its identity and that of its hard links.
func (w *world) put(path, content string) {
	w.tick()
	old, there := w.now[path]
	if !there || old.kind != file.Regular {
		w.remove(path)
		w.now[path] = node{id: w.id(), kind: file.Regular, content: content, mode: 0o644, mtime: w.clock}
		w.touchParent(path)
		return
	}
	w.change(path, func(n *node) { n.content, n.mtime = content, w.clock })
}

// change alters a file and with it all its hard links.
func (w *world) change(path string, f func(*node)) {
	id := w.now[path].id
	for p, n := range w.now {
		if n.id == id {
			f(&n)
			w.now[p] = n
		}
	}
}

func (w *world) mkdir(path string) {
	w.tick()
	w.now[path] = node{id: w.id(), kind: file.Folder, mode: 0o755, mtime: w.clock}
	w.touchParent(path)
}

func (w *world) symlink(path, target string) {
	w.tick()
	w.remove(path)
	w.now[path] = node{id: w.id(), kind: file.Symlink, content: target, mode: 0o777, mtime: w.clock}
	w.touchParent(path)
}

func (w *world) hardlink(old, path string) {
	w.tick()
	w.remove(path)
	w.now[path] = w.now[old]
	w.touchParent(path)
}

func (w *world) chmod(path string, mode uint16) {
	w.change(path, func(n *node) { n.mode = mode })
}

func (w *world) remove(path string) {
	if _, there := w.now[path]; !there {
		return
	}
	w.tick()
	for p := range w.now {
		if record.Within(p, path) {
			delete(w.now, p)
		}
	}
	w.touchParent(path)
}

// move renames, taking the place of what is there.
func (w *world) move(from, to string) {
	w.remove(to)
	w.tick()
	moved := map[string]node{}
	for p, n := range w.now {
		if record.Within(p, from) {
			moved[to+p[len(from):]] = n
			delete(w.now, p)
		}
	}
	maps.Copy(w.now, moved)
	w.touchParent(from)
	w.touchParent(to)
}

func (n node) record() record.Record {
	r := record.Record{Volume: 1, Stored: record.Copied}
	r.Kind, r.Mode, r.UID, r.GID, r.Nlink = n.kind, n.mode, 1000, 1000, 1
	r.Mtime = file.Time{Sec: n.mtime}
	r.Ctime, r.Ino, r.Btime = r.Mtime, n.id, file.Time{Sec: int64(n.id)}
	switch n.kind {
	case file.Regular:
		r.Size, r.Hash, r.Flags = int64(len(n.content)), sha256.Sum256([]byte(n.content)), record.Hashed
	case file.Symlink:
		r.Target, r.Size, r.Stored = n.content, int64(len(n.content)), record.Made
	case file.Folder:
		r.Stored = record.Made
	}
	return r
}

// judge is the change that a backup records for a path, as package scan decides it, and where the file
// came from.
func (w *world) judge(path string, before map[string]node) (change record.Change, from string) {
	n := w.now[path]
	old, there := before[path]
	if there && old.kind == n.kind && old.id == n.id || there && old.kind == file.Folder && n.kind == file.Folder {
		switch {
		case old.content != n.content:
			return record.Modified, ""
		case old.mode != n.mode, old.kind != file.Folder && old.mtime != n.mtime:
			return record.Metadata, ""
		case old.mtime != n.mtime:
			return record.Silent, ""
		}
		return 0, ""
	}
	known, gone := w.known(path, before)
	plain := record.Added
	switch {
	case there && old.kind != n.kind:
		plain = record.TypeChanged
	case there:
		plain = record.Modified
		same := old.content == n.content && old.mtime == n.mtime
		if same && old.mode != n.mode {
			return record.Metadata, ""
		}
		if same {
			return 0, ""
		}
	}
	k := before[known]
	if gone && k.kind == n.kind && (!there || n.kind != file.Regular || k.content == n.content && k.mtime == n.mtime) {
		return record.Moved, known
	}
	if known != "" && !gone && k.kind == file.Regular && k.content == n.content {
		return plain, known // another hard link
	}
	return plain, ""
}

// known is another path that the file had before, one that it no longer has if there is one.
func (w *world) known(path string, before map[string]node) (found string, gone bool) {
	id := w.now[path].id
	for _, p := range sortedPaths(before) {
		if before[p].id != id || p == path || p == "" {
			continue
		}
		isGone := w.now[p].id != id
		if found == "" || isGone {
			found, gone = p, isGone
		}
		if gone {
			break
		}
	}
	return found, gone
}

// commit makes a snapshot of the source as it is now.
func (w *world) commit(h record.Header, state record.State) error {
	before := map[string]node{}
	if len(w.past) > 0 {
		before = w.past[len(w.past)-1]
	}
	var set []record.Entry
	moves := map[string]string{}
	for path, n := range w.now {
		e := record.Entry{Path: path, Record: n.record()}
		if e.Change, e.From = w.judge(path, before); e.Change == 0 {
			continue
		}
		if e.Change == record.Moved {
			moves[path] = e.From
		}
		set = append(set, e)
		count(&h, e.Change)
	}
	for path := range before {
		if _, there := w.now[path]; !there {
			set = append(set, record.Entry{Path: path, Record: record.Record{Change: record.Removed, Reason: record.Gone}})
			h.Removed++
		}
	}
	slices.SortFunc(set, func(a, b record.Entry) int { return record.Compare(a.Path, b.Path) })
	h.Seq = uint64(2*len(w.past) + 1) // with gaps, as after a prune
	h.Source, h.Host, h.User = w.source, "host", "me"
	h.Removed -= h.Moved
	for _, n := range w.now {
		if n.kind == file.Folder {
			h.Dirs++
		} else {
			h.Files++
		}
		if n.kind == file.Regular {
			h.Bytes += int64(len(n.content))
		}
	}
	ctx := context.Background()
	if err := w.db.Import(ctx, h.Seq, entriesOf(set), func() (*record.Header, error) { return &h, nil }); err != nil {
		return err
	}
	h.State = state
	if state == record.Complete {
		if err := w.db.SetHeader(ctx, &h); err != nil {
			return err
		}
	}
	w.past, w.moves, w.heads = append(w.past, maps.Clone(w.now)), append(w.moves, moves), append(w.heads, h)
	w.clock += 3600
	if w.trees {
		return w.write(h.Name)
	}
	return nil
}

func count(h *record.Header, c record.Change) {
	switch c {
	case record.Added:
		h.Added++
	case record.Modified, record.TypeChanged:
		h.Modified++
	case record.Metadata:
		h.Metadata++
	case record.Moved:
		h.Moved++
	}
}

func entriesOf(set []record.Entry) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		for i := range set {
			if !yield(&set[i], nil) {
				return
			}
		}
	}
}

// write makes the snapshot's tree.
func (w *world) write(name string) error {
	for _, p := range sortedPaths(w.now) {
		n, at := w.now[p], filepath.Join(w.dest, name, p)
		var err error
		switch n.kind {
		case file.Folder:
			err = os.MkdirAll(at, 0o755)
		case file.Symlink:
			err = os.Symlink(n.content, at)
		default:
			err = os.WriteFile(at, []byte(n.content), 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// snapshot is commit with a name made of the time.
func (w *world) snapshot(t interface{ Fatal(...any) }) {
	w.tick()
	at := time.Unix(w.clock, 0).UTC()
	h := record.Header{Name: fmt.Sprintf("%s-%02d", at.Format("20060102-150405"), len(w.past)), Time: at,
		Finished: at.Add(time.Second)}
	if err := w.commit(h, record.Complete); err != nil {
		t.Fatal(err)
	}
}

func sortedPaths(m map[string]node) []string { return slices.SortedFunc(maps.Keys(m), record.Compare) }

// env is an environment in which the destination is dest.
func testEnv(dest string, out, errs interface{ Write([]byte) (int, error) }) Env {
	return Env{
		Stdout: out, Stderr: errs, Dir: "/", program: newProgram(""),
		LookupEnv: func(key string) (string, bool) {
			if key == "SNAP_DEST" {
				return dest, true
			}
			return "", false
		},
		Now: func() time.Time { return worldStart.Add(72 * time.Hour) },
	}
}
