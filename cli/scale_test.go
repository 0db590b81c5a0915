package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"snap/cli/state"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// The benchmarks ask a large destination what people ask. docs/scale.md has their numbers and how to repeat
// them: SNAP_SCALE="1000000 1000" is a million files and a thousand snapshots that each change a
// thousandth of them, and SNAP_SCALE_DIR keeps what was built for the next run.

// scaled is a destination without trees, as large as asked for.
type scaled struct {
	dest      string
	db        *index.DB
	files     []scaledFile
	rand      *rand.Rand
	snapshots int
	built     scaledBuild
}

// scaledBuild is what building it has cost.
type scaledBuild struct {
	First     int64   // bytes of index.db with one snapshot
	Grown     int64   // bytes more with all of them
	Changed   int     // records of all snapshots but the first
	FirstTime float64 // seconds of the first import
	Imports   float64 // seconds of all others
}

type scaledFile struct {
	path  string
	ino   uint64
	mtime int64
	size  int64
}

func (f *scaledFile) entry(change record.Change) record.Entry {
	e := record.Entry{Path: f.path,
		Record: record.Record{Volume: 1, Flags: record.Hashed, Change: change, Stored: record.Copied,
			Reason: record.SizeOrTime}}
	e.Kind, e.Mode, e.UID, e.GID, e.Nlink, e.Ino, e.Size = file.Regular, 0o644, 1000, 1000, 1, f.ino, f.size
	e.Mtime = file.Time{Sec: 1_700_000_000 + f.mtime, Nsec: 123456789}
	e.Ctime, e.Btime = e.Mtime, file.Time{Sec: 1_600_000_000 + int64(f.ino), Nsec: 987654321}
	binary.LittleEndian.PutUint64(e.Hash[:], f.ino*31+uint64(f.mtime))
	binary.LittleEndian.PutUint64(e.Hash[8:], f.ino*2654435761^uint64(f.mtime))
	return e
}

var scaledEndings = []string{".jpg", ".txt", ".go", ".pdf", ".o", ".html", ".png", ".odt", ".json", ".mp3", "", ".c",
	".h", ".md", ".xml", ".zip", ".py", ".log", ".css", ".js"}

func scaledPath(i int) string {
	return fmt.Sprintf("home/project-%04d/folder-%02d/document-%07d%s", i/1000, i/50%20, i, scaledEndings[i*7%20])
}

// newScaled makes the destination, or takes the one in $SNAP_SCALE_DIR.
func newScaled(b *testing.B, files, snapshots int) *scaled {
	b.Helper()
	s := &scaled{rand: rand.New(rand.NewPCG(1, 2)), snapshots: snapshots}
	kept := os.Getenv("SNAP_SCALE_DIR")
	if kept == "" {
		kept = b.TempDir()
	}
	s.dest = filepath.Join(kept, fmt.Sprintf("%d-%d", files, snapshots))
	for i := range files { // fifty files a folder, twenty folders in one above
		s.files = append(s.files, scaledFile{
			path: scaledPath(i), ino: uint64(i) + 1000, size: int64(s.rand.IntN(100_000)),
		})
	}
	path := index.Path(s.dest)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		if err = index.Create(path, "scale"); err == nil {
			err = s.build()
		} else if errors.Is(err, fs.ErrExist) {
			s.db, err = index.Open(path)
			if text, rerr := os.ReadFile(s.dest + ".json"); rerr == nil {
				err = errors.Join(err, json.Unmarshal(text, &s.built))
			}
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func (s *scaled) build() (err error) {
	if s.db, err = index.Open(index.Path(s.dest)); err != nil {
		return err
	}
	folders := map[string]bool{"": true}
	var set []record.Entry
	for i := range s.files {
		f := &s.files[i]
		for dir, _ := record.Split(f.path); !folders[dir]; dir, _ = record.Split(dir) {
			folders[dir] = true
		}
		set = append(set, f.entry(record.Added))
	}
	for dir := range folders {
		f := scaledFile{path: dir, ino: uint64(len(set)) + 10_000_000}
		e := f.entry(record.Added)
		e.Kind, e.Mode, e.Flags, e.Size, e.Stored, e.Hash = file.Folder, 0o755, 0, 0, record.Made, [32]byte{}
		set = append(set, e)
	}
	start := time.Now()
	if err := s.snapshot(1, set); err != nil {
		return err
	}
	s.built.First, s.built.FirstTime = s.size(), time.Since(start).Seconds()
	start = time.Now()
	for n := 2; n <= s.snapshots; n++ {
		set := s.change(n, max(len(s.files)/1000, 1))
		s.built.Changed += len(set)
		if err := s.snapshot(uint64(n), set); err != nil {
			return err
		}
	}
	s.built.Imports, s.built.Grown = time.Since(start).Seconds(), s.size()-s.built.First
	text, err := json.Marshal(s.built)
	if err != nil {
		return err
	}
	return os.WriteFile(s.dest+".json", text, 0o600)
}

// change alters n files: most are written, some leave for a new name, some come and go.
func (s *scaled) change(time, n int) (set []record.Entry) {
	met := map[int]bool{}
	for len(set) < n {
		i := s.rand.IntN(len(s.files))
		if met[i] {
			continue
		}
		met[i] = true
		f := &s.files[i]
		gone := record.Entry{Path: f.path, Record: record.Record{Change: record.Removed, Reason: record.Gone}}
		switch s.rand.IntN(20) {
		case 0: // renamed
			from := f.path
			f.path = fmt.Sprintf("%s-%04d", from[:min(len(from), 70)], time)
			e := f.entry(record.Moved)
			e.From, e.Stored, e.Reason = from, record.Linked, record.SameIdentity
			set = append(set, e, gone)
		case 1: // another comes where one was
			f.path, f.ino = fmt.Sprintf("%s-new%04d", f.path[:min(len(f.path), 70)], time), f.ino+20_000_000
			set = append(set, f.entry(record.Added), gone)
		default:
			f.mtime, f.size = int64(time)*3600, int64(s.rand.IntN(100_000))
			set = append(set, f.entry(record.Modified))
		}
	}
	return set
}

func (s *scaled) snapshot(seq uint64, set []record.Entry) error {
	ctx := context.Background()
	slices.SortFunc(set, func(a, b record.Entry) int { return record.Compare(a.Path, b.Path) })
	at := worldStart.Add(-time.Duration(s.snapshots-int(seq)) * time.Hour)
	h := record.Header{
		Name: at.Format("20060102-150405"), Seq: seq, Time: at, Finished: at.Add(time.Minute), Source: "/home/me",
		Host: "host", User: "me",
		Files: int64(len(s.files)), Dirs: int64(len(s.files) / 50), Bytes: int64(len(s.files)) * 50_000,
		Modified: int64(len(set)), Records: int64(len(set)),
		CopiedBytes: int64(len(set)) * 50_000, Destination: "scale",
		Volumes: record.Volumes{1: "ext4:0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"},
		Users:   map[uint32]string{0: "root", 1000: "me"}, Groups: map[uint32]string{0: "root", 1000: "me"},
	}
	if err := s.db.Import(ctx, seq, entriesOf(set), func() (*record.Header, error) { return &h, nil }); err != nil {
		return err
	}
	h.State = record.Complete
	return s.db.SetHeader(ctx, &h)
}

func (s *scaled) size() int64 {
	info, err := os.Stat(index.Path(s.dest))
	if err != nil {
		return 0
	}
	return info.Size()
}

// scale is what $SNAP_SCALE asks for.
func scale(b *testing.B) (files, snapshots int) {
	files, snapshots = 20_000, 50
	if text := os.Getenv("SNAP_SCALE"); text != "" {
		if _, err := fmt.Sscan(text, &files, &snapshots); err != nil || files < 1000 || snapshots < 3 {
			b.Fatalf("SNAP_SCALE=%q: it is a number of files and one of snapshots", text)
		}
	}
	return files, snapshots
}

func BenchmarkScale(b *testing.B) {
	files, snapshots := scale(b)
	s := newScaled(b, files, snapshots)
	env := s.env(io.Discard)
	known := &call{ctx: context.Background(), env: &env, out: new(output)}
	if err := known.remember(s.dest, "scale", "/home/me", state.Named); err != nil {
		b.Fatal(err)
	}
	file := scaledPath(files / 2)
	dir, name := record.Split(file)
	middle := fmt.Sprintf("latest~%d", snapshots/2)
	b.Run("build", func(b *testing.B) {
		for b.Loop() { // it has been done
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(s.built.FirstTime, "s-first")
		b.ReportMetric(float64(s.built.First)/float64(files), "B/file")
		b.ReportMetric(s.built.Imports*1000/float64(snapshots-1), "ms/import")
		b.ReportMetric(float64(s.built.Grown)/float64(s.built.Changed), "B/record")
	})
	for _, c := range []struct {
		name string
		args []string
	}{
		{"list", []string{"list"}},
		{"ls folder", []string{"ls", "-l", "latest:" + dir}},
		{"ls old folder", []string{"ls", "-l", "oldest:" + dir}},
		{"find path", []string{"find", file}},
		{"find folder", []string{"find", dir}},
		{"find name", []string{"find", name}},
		{"find pdf", []string{"find", "*.pdf", "--in", "oldest", "--size", "+99990"}},
		{"find all pdf", []string{"find", "*.pdf"}},
		{"find regex", []string{"find", "--regex", `folder-07/.*999\.`}},
		{"history", []string{"history", file}},
		{"diff neighbours", []string{"diff"}},
		{"diff old neighbours", []string{"diff", middle, middle + "~1"}},
		{"diff ends stat", []string{"diff", "--stat", "oldest", "latest"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			before := cpuTime()
			for b.Loop() {
				s.run(b, c.args)
			}
			b.ReportMetric((cpuTime()-before).Seconds()*1000/float64(b.N), "cpu-ms/op")
		})
	}
	b.Run("delete", s.benchmarkDelete)
}

// env is the environment of a user who has backed up there: the index need not be proved for each command.
func (s *scaled) env(errs io.Writer) Env {
	env := testEnv(s.dest, io.Discard, errs)
	look := env.LookupEnv
	env.LookupEnv = func(key string) (string, bool) {
		if key == "XDG_STATE_HOME" {
			return filepath.Join(s.dest, "state"), true
		}
		return look(key)
	}
	return env
}

func (s *scaled) run(b *testing.B, args []string) {
	var errs bytes.Buffer
	env := s.env(&errs)
	if code := Run(context.Background(), env, append([]string{"snap"}, args...)); code != 0 {
		b.Fatalf("%s: exit code %d, %s", args, code, errs.String())
	}
}

// benchmarkDelete forgets an old snapshot in each round, as backup.Delete does it in the index, never two that
// follow each other.
func (s *scaled) benchmarkDelete(b *testing.B) {
	ctx := context.Background()
	before, records, cpu, at := s.size(), 0, cpuTime(), 0
	for b.Loop() {
		all, err := s.db.Snapshots(ctx)
		if err != nil || at+2 >= len(all) {
			b.Skipf("no snapshots are left to delete: %v", err)
		}
		prev, next := &all[at], all[at+2]
		at += 2
		var set []record.Entry
		for e, err := range s.db.Merged(ctx, prev.Seq, &next) {
			if err != nil {
				b.Fatal(err)
			}
			set = append(set, *e)
		}
		records += len(set)
		if err := s.db.Fold(ctx, prev.Seq, &next, entriesOf(set)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpuTime()-cpu).Seconds()*1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(records)/float64(b.N), "records/op")
	b.ReportMetric(float64(s.size()-before)/float64(b.N), "bytes/op")
}
