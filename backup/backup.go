// Package backup makes a snapshot: it scans the source, judges each path, builds a tree of links and copies, and
// publishes it by one rename.
//
// Invariants:
//
//   - A tree is built in .snap/tmp and appears by one rename, after everything it needs is durable.
//   - An inode that a published snapshot links is never written to, and its metadata is never changed.
//   - The previous snapshot's tree decides nothing. The index says what a file was; a hard link that turns out to be
//     another file than the index says is replaced by a copy from the source.
//   - A source error skips one file and is reported; a destination error ends the run. An error of the
//     index's commit means unknown: nothing is rolled back, the next run's recovery looks.
//   - A dry run makes the same judgements and writes nothing.
//
// # A run
//
//  1. scan (scan.go) compares the source with the index. What the stat record proves unchanged ends there; the rest
//     are candidates.
//  2. resolve (resolve.go) gathers facts about each candidate (facts.go), lets [scan.Judge] judge it, and keeps the
//     hard links those of the source ([scan.LinkGroups]). The result is a plan.
//  3. build (build.go) makes the tree that the plan describes (tasks.go, place.go, make.go, copy.go) and writes its
//     change set. What an interrupted run has copied is linked (resume.go).
//  4. publish (publish.go) syncs, imports the change set into the index, and renames the tree to its name.
//
// [Run] is the one call, on a destination that [destination.Open] has opened, and [Options] say what it does. Begin to
// read at run.run below.
package backup

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"snap/backup/source"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
	"snap/scan"
)

// ErrorPolicy says what a source file that cannot be read does to a backup.
type ErrorPolicy uint8

// The policies. Each file is reported with every one of them.
const (
	WarnErrors   ErrorPolicy = iota // go on; the snapshot counts as incomplete
	IgnoreErrors                    // go on; the snapshot counts as complete
	FailOnErrors                    // stop; no snapshot is made
)

// Options of one backup. The zero value of everything but Source, Start and Name is the safe default.
type Options struct {
	Source string       // absolute path of the folder to back up; with Scan.Roots of the one that they are below
	Scan   scan.Options // which entries; Jobs is set from Jobs below
	Rules  scan.Rules   // what counts as unchanged

	Start time.Time              // when the backup began; see scan.Racy
	Name  func(time.Time) string // the snapshot's name; "-2", "-3", … is appended when it is taken
	Time  time.Time              // the time the snapshot is recorded with; zero: Start

	DryRun           bool // judge and report, write nothing
	Force            bool // make a snapshot although nothing changed
	AllowEmptySource bool // accept a source without a single entry
	SourceMoved      bool // accept other sources than those of the snapshot before
	Errors           ErrorPolicy
	Strict           bool              // a file that grows while it is read counts as one that could not be read
	Store            destination.Store // what the tree is to be
	Moment           source.Moment     // whether the source is read as it is at one moment
	Jobs             int               // workers that link and copy, and that read ahead; 0: 4 (docs/performance.md)
	Pace             file.Pacer        // how fast files of the source are read; nil: as fast as they can be

	Host, User string
	Users      func(uid uint32) string // names for the record; nil or "": none
	Groups     func(gid uint32) string
	Tags       []string
	Note       string

	Report Reporter // gets what happens; nil: nobody does

	// In a dry run Planned gets every record that the snapshot would have, in key order, tombstones too; nil: nobody
	// does. The record is valid during the call. An error ends the run.
	Planned func(*record.Entry) error
}

// Reporter is called with what a run does, from one goroutine at a time.
type Reporter interface {
	Progress(progress.State)
	// Entry gets each path of the new snapshot in key order, and the tombstones of what did not move elsewhere, with the
	// kind of what was there. changed: the snapshot has a new record for the path; else r is the record of an older one.
	// r is valid during the call.
	Entry(path string, r *record.Record, changed bool)
	// Problem is a source file that was skipped, or a copy that had to be made again.
	Problem(Problem)
}

// Problem is one path that did not go as it should.
type Problem struct {
	Path string
	Err  error
	Note bool // worth reporting, but nothing is missing from the snapshot
}

// Result is what a run did.
type Result struct {
	Header   *record.Header // the new snapshot; its counts also after a dry run; nil when skipped
	Skipped  bool           // nothing changed, no snapshot was made
	Previous string         // name of the snapshot before, "" if this is the first
	Problems []Problem      // the first problemsKept of them; Header.Errors counts those that are no notes
	// Source files that could not be read, as Header.Errors; also when skipped, and whatever the policy
	Errors   int64
	MayShare int64              // after a dry run: what of Header.CopiedBytes may have no need to be written; see patch.go
	Vanished int64              // entries that were gone when they were to be read
	Resumed  destination.Amount // copied files that come from an interrupted run
	Kept     bool               // the run failed, and the next one can go on from what it has copied
	Lost     Lost               // metadata that the new entries lack in the tree; only the index has it
	After    []error            // what failed after the snapshot was complete

	missing int64 // problems that are no notes, all of them
}

// problemsKept bounds the memory that a tree full of unreadable files can take.
const problemsKept = 1000

// Incomplete reports whether source files are missing from what was done.
func (r *Result) Incomplete() bool { return r.missing > 0 }

type noReporter struct{}

func (noReporter) Progress(progress.State)            {}
func (noReporter) Entry(string, *record.Record, bool) {}
func (noReporter) Problem(Problem)                    {}

// run is the state of one backup.
type run struct {
	o      Options
	d      *destination.Destination
	source *source.Source
	copies *file.Tree                // the previous snapshot's folders, while candidates are judged; nil without
	prev   *record.Header            // nil for the first
	seq    uint64                    // of prev, 0 for none
	older  map[uint64]*record.Header // the complete snapshots by their numbers
	res    Result
	head   record.Header // of the snapshot being made
	// of all source files with several names, or whose old inode another file might take; see scan.LinkGroups
	sourceIdentities scan.Identities
	sharedIdentities scan.Identities // identities that several candidates have: the hard links to keep together
	unheld           string          // the last folder that was reported as unheld

	flush, checkpoint interval
}

// Run makes a snapshot of o.Source, or reports that nothing changed.
func Run(ctx context.Context, d *destination.Destination, o Options) (*Result, error) {
	r := &run{
		o: o, d: d,
		flush:      interval{time: flushTime, bytes: flushBytes},
		checkpoint: interval{time: syncTime, bytes: syncBytes},
	}
	return r.result(ctx)
}

func (r *run) result(ctx context.Context) (*Result, error) {
	if r.o.Report == nil {
		r.o.Report = noReporter{}
	}
	if r.o.Jobs <= 0 {
		r.o.Jobs = 4
	}
	if r.o.Time.IsZero() {
		r.o.Time = r.o.Start
	}
	err := r.run(ctx)
	return &r.res, err
}

func (r *run) run(ctx context.Context) (err error) {
	if err := r.findPrevious(ctx); err != nil {
		return err
	}
	r.o.Report.Progress(r.scanning())
	if r.source, err = source.Open(r.o.Source, r.o.Scan, r.prev); err != nil {
		return err
	}
	r.source.Pace = r.o.Pace
	defer func() {
		if cerr := r.source.Close(); cerr != nil {
			r.res.After = append(r.res.After, cerr)
		}
	}()
	if err := r.begin(ctx); err != nil {
		return err
	}
	if err := r.freeze(); err != nil {
		return err
	}
	work, err := r.d.NewWorkFolder(r.o.DryRun)
	if err != nil {
		return err
	}
	defer func() {
		work.Leave(ctx, err)
		r.res.Kept = err != nil && work.Keep && r.res.Header == nil // else it is a snapshot by now
	}()

	if err := r.d.Hold(ctx); err != nil {
		return err
	}
	defer r.d.Release()
	found, err := r.scan(ctx, work)
	if err != nil {
		return r.noRoom(err)
	}
	defer found.Close()
	plan, err := r.resolve(ctx, work, found)
	if err != nil {
		return r.noRoom(err)
	}
	defer plan.close()
	if err := r.checkErrors(); err != nil {
		return err
	}
	r.noteHashed(plan)
	switch {
	case plan.changes == 0 && plan.hashed == 0 && r.prev != nil && !r.o.Force:
		return r.skip(ctx, plan)
	case r.o.DryRun:
		return r.dryRun(ctx, plan)
	}
	if err := r.checkSpace(ctx, plan); err != nil {
		return err
	}
	if err := r.build(ctx, work, plan); err != nil {
		return err
	}
	if err := r.checkErrors(); err != nil {
		return err
	}
	return r.publish(ctx, work, plan)
}

// checkErrors is the error of a source of which not all could be read, where the policy says so.
func (r *run) checkErrors() error {
	if r.o.Errors == FailOnErrors && r.res.Incomplete() {
		return &SourceError{Problems: r.res.Problems, Count: r.res.missing}
	}
	return nil
}

// noteHashed notes that files were read to get their hashes. That cost a read of both sides, and only a change set
// keeps them for good: they are worth a snapshot even if nothing changed.
func (r *run) noteHashed(p *plan) {
	if p.hashed > 0 {
		r.problem("", fmt.Errorf("snapshot %s had no hashes of %s: they were read, and are unchanged", r.prev.Name,
			countFiles(p.hashed)), true)
	}
}

// skip ends a run that found nothing changed: it makes no snapshot, and notes what it has learned.
func (r *run) skip(ctx context.Context, p *plan) error {
	r.res.Skipped = true
	if err := r.tellUnheldBefore(ctx); err != nil || r.o.DryRun {
		return err
	}
	if err := r.d.CheckThere(); err != nil {
		return err
	}
	if err := r.learn(ctx, p); err != nil {
		return err
	}
	r.noteUnchanged()
	return nil
}

// findPrevious finds the snapshots that there are, the newest of which the run compares with.
func (r *run) findPrevious(ctx context.Context) error {
	if r.d.DB == nil {
		return nil
	}
	all, err := r.d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	r.older = map[uint64]*record.Header{}
	for i := range all {
		if all[i].State == record.Complete {
			r.older[all[i].Seq] = &all[i]
			r.prev, r.seq = &all[i], all[i].Seq
		}
	}
	if r.prev == nil {
		return nil
	}
	r.res.Previous = r.prev.Name
	there, err := destination.FolderAt(r.d.Root, r.prev.Name)
	r.o.Force = r.o.Force || !there // what it held must be in a snapshot again
	return err
}

// begin fills in what the header says before the scan, and checks the sources that it names.
func (r *run) begin(ctx context.Context) error {
	r.head = record.Header{
		Time: r.o.Time, Source: r.o.Source, Host: r.o.Host, User: r.o.User,
		Tags: r.o.Tags, Note: r.o.Note, Destination: r.d.ID,
		Users: map[uint32]string{}, Groups: map[uint32]string{},
	}
	for _, root := range r.o.Scan.Roots {
		r.head.Sources = append(r.head.Sources, r.head.At(root))
	}
	slices.Sort(r.head.Sources)
	if err := r.checkSources(ctx); err != nil {
		return err
	}
	if r.prev != nil {
		r.head.Parent = r.seq
		maps.Copy(r.head.Users, r.prev.Users)
		maps.Copy(r.head.Groups, r.prev.Groups)
	}
	if !r.o.DryRun {
		r.source.Sync()
	}
	return nil
}

// freeze has the source be read as it is at one moment, where that is asked for and can be.
func (r *run) freeze() error {
	if r.o.DryRun {
		return nil
	}
	note, err := r.source.Freeze(r.o.Moment, r.d.ID)
	if err != nil {
		return &destination.GuardError{Why: err.Error(), Hint: "moment = auto takes it as it can", Err: err}
	}
	if note != nil {
		r.problem("", note, true)
	}
	return nil
}

// checkSources refuses sources that are not there, and others than those of the snapshot before, or in their places.
func (r *run) checkSources(ctx context.Context) error {
	if r.prev != nil {
		note, err := source.CheckSame(r.prev, r.head.AllSources(), r.o.SourceMoved)
		if err != nil {
			return err
		}
		if note != nil {
			r.problem("", note, true)
			r.o.Force = true // only a snapshot remembers them, for the runs after this one
		}
		if !r.o.SourceMoved {
			if err := source.CheckReplaced(ctx, r.d.DB, r.prev); err != nil {
				return err
			}
		}
	}
	if err := r.source.CheckPresent(); err != nil {
		return err
	}
	for _, note := range r.source.Marked() {
		r.problem("", note, true)
	}
	return nil
}

// problem notes a source file that was skipped, or something worth reporting.
func (r *run) problem(path string, err error, note bool) {
	p := Problem{path, err, note}
	if !note {
		r.head.Errors++
		r.res.Errors++
		if r.o.Errors == IgnoreErrors {
			p.Note = true
		} else {
			r.res.missing++
		}
	}
	if len(r.res.Problems) < problemsKept {
		r.res.Problems = append(r.res.Problems, p)
	}
	r.o.Report.Problem(p)
}

// owners remembers the names of the record's owner and group.
func (r *run) owners(rec *record.Record) {
	if _, ok := r.head.Users[rec.UID]; !ok && r.o.Users != nil {
		r.head.Users[rec.UID] = r.o.Users(rec.UID)
	}
	if _, ok := r.head.Groups[rec.GID]; !ok && r.o.Groups != nil {
		r.head.Groups[rec.GID] = r.o.Groups(rec.GID)
	}
}

// SourceError: source files could not be read, and the policy is to make no snapshot then.
type SourceError struct {
	Problems []Problem // as Result.Problems
	Count    int64     // of all that could not be read
}

func (e *SourceError) Error() string {
	what := "1 file or folder of the source"
	if e.Count != 1 {
		what = fmt.Sprintf("%d files and folders of the source", e.Count)
	}
	return what + " could not be read and errors = Fail is set: no snapshot was made"
}
