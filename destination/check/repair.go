package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"snap/destination"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// repairer repairs what a check has found. What it does, and why it can be killed anywhere:
//
//   - Bytes are taken from wherever a file has the hash that the index knows: another snapshot, another
//     path, the source, or the damaged inode itself where only its metadata was altered.
//   - They go into a new inode in .snap/tmp, hashed on the way, with the metadata of the record, synced; or an
//     existing inode that is already right gets one more name there.
//   - That is linked under one more name in .snap/tmp, and renamed over the damaged name. All names that
//     shared a damaged inode share the new one. The old inode is never written to.
//   - What stands in a place and may be the only copy of what belongs elsewhere stays until that is repaired.
//   - In a snapshot that is a subvolume this is done in a folder of its own there, with a clone, while the seal is
//     broken.
//   - Last, the folders get their times back. They belong to one snapshot alone.
type repairer struct {
	*checker
	work    *destination.WorkFolder
	names   int
	handles trees
	reader  *reader
	source  *file.Tree // nil without one
	newest  record.Header

	replacements map[inodeIdentity]replacement
	sums         map[inodeKey]sum
	wanted       map[[32]byte]*wantedContent  // contents that are missing somewhere
	sizes        map[int64]bool               // their sizes
	indexed      map[[32]byte][]contentSource // where the index knows them
	strays       map[[32]byte]treePath        // where they stand in the place of something else
	extras       map[[32]byte]treePath        // where they stand and nothing belongs
	placed       map[placedStock]string       // where in a subvolume a replacement has got its inode
	right        map[treePath]bool            // places that have a content that was needed
	touched      map[string]bool              // folders that get their metadata back, of one snapshot
	done         int64
}

// treePath is a path in the tree at a position.
type treePath struct {
	pos  int
	path string
}

// unrepairable says why something could not be repaired. The run goes on.
type unrepairable struct{ why string }

func (e *unrepairable) Error() string { return e.why }

func cannot(format string, args ...any) error { return &unrepairable{fmt.Sprintf(format, args...)} }

// errOnlyCopy: what stands there may be the only copy of what belongs elsewhere.
var errOnlyCopy = errors.New("holds the only copy of what belongs elsewhere")

// repair repairs what it can of the findings.
func (c *checker) repair(ctx context.Context) (err error) {
	if slices.ContainsFunc(c.faults.all, func(f *fault) bool { return f.what == FaultIndex }) {
		for _, f := range c.faults.all {
			f.left = "nothing is mended while the index is damaged"
		}
		return nil
	}
	for _, f := range c.faults.all {
		switch {
		case f.what == FaultSet && f.seq != 0:
			err = c.repairSet(ctx, f)
		case f.what == FaultLatest:
			err = c.repairLatest(f)
		}
		if err != nil {
			return err
		}
	}
	todo := slices.DeleteFunc(slices.Clone(c.faults.all),
		func(f *fault) bool { return len(f.spans) == 0 || f.what == Unchecked || f.what == FaultWritable })
	if len(todo) == 0 {
		return nil
	}
	slices.SortStableFunc(todo, func(a, b *fault) int { return record.Compare(a.path, b.path) })
	work, err := c.d.NewWorkFolder(false)
	if err != nil {
		return err
	}
	m := &repairer{
		checker: c, work: work, reader: &reader{},
		replacements: map[inodeIdentity]replacement{}, sums: map[inodeKey]sum{}, wanted: map[[32]byte]*wantedContent{},
		sizes:   map[int64]bool{},
		indexed: map[[32]byte][]contentSource{}, strays: map[[32]byte]treePath{}, extras: map[[32]byte]treePath{},
		right: map[treePath]bool{}, placed: map[placedStock]string{},
	}
	defer func() {
		m.handles.close()
		m.reader.close()
		work.Drop(ctx)
	}()
	closeSource, err := m.openSource(ctx)
	if err != nil {
		return err
	}
	defer closeSource()
	if err := m.survey(ctx, todo); err != nil {
		return err
	}
	if err := m.rounds(ctx, todo); err != nil {
		return err
	}
	return c.d.Root.SyncSystem()
}

// rounds goes through the faults until nothing more can be repaired: what had to wait in one round may be possible in
// the next.
func (m *repairer) rounds(ctx context.Context, todo []*fault) error {
	for again := true; again; {
		again = false
		strays := len(m.strays)
		for _, f := range todo {
			if f.what == FaultExtra {
				f.left = "it is left to you"
				continue
			}
			for _, s := range without(f.spans, f.repaired) {
				for pos := s.first; pos <= s.last; pos++ {
					err := m.d.Writable(m.snaps[pos].Name, func() error {
						return errors.Join(m.repairFault(ctx, f, pos), m.d.DropMending(ctx, &m.snaps[pos]))
					})
					switch {
					case err == nil:
						f.repaired = insert(f.repaired, pos)
						again = true
					case errors.As(err, new(*unrepairable)):
						f.left = err.Error()
					case errors.Is(err, errOnlyCopy):
						f.left = "what stands there may be the only copy of another damaged file; put that in its place by hand"
					default:
						return err
					}
				}
			}
		}
		again = again || len(m.strays) > strays
	}
	return nil
}

// insert adds a position anywhere.
func insert(spans []posRange, pos int) (all []posRange) {
	var positions []int
	for _, s := range spans {
		for p := s.first; p <= s.last; p++ {
			positions = append(positions, p)
		}
	}
	positions = append(positions, pos)
	slices.Sort(positions)
	for _, p := range positions {
		all = extend(all, p)
	}
	return all
}

// repairFault repairs one fault in the tree at a position, with everything below it where a folder is missing, and
// gives the folders that this touched their metadata back.
func (m *repairer) repairFault(ctx context.Context, f *fault, pos int) error {
	m.touched = map[string]bool{}
	var first error
	n := 0
	for e, err := range m.places(ctx, f, pos) {
		if err != nil {
			return err
		}
		n++
		from, err := m.place(ctx, pos, e)
		switch {
		case err == nil:
			if f.from == "" || f.from == ownBytes { // of several names one may have had to get the bytes of another
				f.from = cmp.Or(from, f.from)
			}
		case ctx.Err() != nil:
			return ctx.Err()
		case file.DiskFailed(err):
			return err
		case first == nil:
			if first = err; !errors.As(err, new(*unrepairable)) && !errors.Is(err, errOnlyCopy) {
				first = cannot("%s", file.Reason(err))
			}
		}
		m.done++
		m.o.Progress(progress.State{Stage: progress.Repairing, Files: m.done, Path: e.Path})
	}
	if first == nil && n == 0 {
		first = cannot("the index no longer has it")
	}
	if err := m.restoreFolderTimes(ctx, pos); err != nil && first == nil {
		if file.DiskFailed(err) {
			return err
		}
		first = cannot("%s", file.Reason(err))
	}
	return first
}

// repairLatest makes `latest` lead to the newest snapshot, if recovery has not already.
func (c *checker) repairLatest(f *fault) error {
	if err := c.d.PointLatest(f.names[0]); err != nil {
		return err
	}
	target, err := c.d.Root.Readlink(destination.LatestName)
	if f.whole = err == nil && target == f.names[0]; !f.whole {
		f.left = "the link could not be made"
	}
	return nil
}
