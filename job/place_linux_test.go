package job_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/cli/exit"
	"snap/cli/state"
	"snap/destination"
	"snap/destination/check"
	"snap/internal/file"
	"snap/job"
	"snap/query"
	"snap/restore"
)

// world is a destination with a snapshot, and a user who starts jobs there.
type world struct {
	*backuptest.Place
	at job.Place
	r  job.Runner
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Place: backuptest.NewPlace(t)}
	w.Write("docs/a.txt", "one")
	w.Write("docs/b.txt", "two")
	w.Write("more/a.txt", "another")
	w.Write("c.txt", "three")
	w.backupDaysAgo(2)
	env := map[string]string{"XDG_STATE_HOME": t.TempDir(), "HOME": t.TempDir(), "PATH": os.Getenv("PATH")}
	w.at = job.Place{Dest: w.Dest, Now: time.Now, User: &state.User{
		LookupEnv: func(k string) (string, bool) { v, ok := env[k]; return v, ok },
	}}
	for k, v := range env {
		w.at.Environ = append(w.at.Environ, k+"="+v)
	}
	return w
}

// backupDaysAgo makes a snapshot of that time.
func (w *world) backupDaysAgo(days int) {
	w.Backup(func(o *backup.Options) { o.Time = time.Now().AddDate(0, 0, -days) })
}

// settings writes BackupOptions.txt.
func (w *world) settings(lines ...string) {
	w.Do(os.WriteFile(filepath.Join(w.Dest, "BackupOptions.txt"), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

// ends runs a job to its end.
func (w *world) ends(kind job.Kind, work job.Work) *job.Job {
	w.T.Helper()
	j, err := w.r.Start(kind, work)
	w.Do(err)
	<-j.Done()
	return j
}

func (w *world) backup(o job.BackupOptions) (*job.Job, *job.BackupResult) {
	w.T.Helper()
	j := w.ends(job.Backup, func(ctx context.Context, watch *job.Watcher) (any, error) {
		return w.at.Backup(ctx, watch, o)
	})
	res, _ := j.State().End.Result.(*job.BackupResult)
	return j, res
}

func (w *world) restore(o job.RestoreOptions) (*job.Job, *job.RestoreResult) {
	w.T.Helper()
	o.Snapshot = "s0001"
	j := w.ends(job.Restore, func(ctx context.Context, watch *job.Watcher) (any, error) {
		return w.at.Restore(ctx, watch, o)
	})
	res, _ := j.State().End.Result.(*job.RestoreResult)
	return j, res
}

// wantCode fails the test where the job did not end in the exit code that a command would.
func (w *world) wantCode(j *job.Job, code int, text string) {
	w.T.Helper()
	end := j.State().End
	if end.Code != code || (end.Err == nil) != (text == "") || end.Err != nil && !strings.Contains(end.Err.Error(), text) {
		w.T.Errorf("the %s ended with code %d: %v; want %d and %q", j.Kind, end.Code, end.Err, code, text)
	}
}

func (w *world) snapshots() (names []string) {
	w.T.Helper()
	d, err := query.Open(w.T.Context(), w.Dest, query.Options{})
	w.Do(err)
	defer d.Close()
	for i := range d.Snapshots {
		names = append(names, d.Snapshots[i].Name)
	}
	return names
}

// wantRuns compares what is noted of the runs with how they ended.
func (w *world) wantRuns(want ...destination.RunEnd) {
	w.T.Helper()
	root, err := file.OpenRoot(w.Dest)
	w.Do(err)
	defer root.Close()
	var got []destination.RunEnd
	for _, r := range destination.ReadRuns(root) {
		got = append(got, r.End)
	}
	if !slices.Equal(got, want) {
		w.T.Errorf("runs %q, want %q", got, want)
	}
}

// A backup is that of the command: settings, lists, log, rules, and the commands around it.
func TestABackupIsThatOfTheCommand(t *testing.T) {
	w := newWorld(t)
	w.Write("c.txt", "3")
	w.backupDaysAgo(1)
	told := filepath.Join(t.TempDir(), "told")
	w.settings("format = now-%Y%m%d-%H%M%S-%f", "keep_last = 2", "logfile = log.txt",
		"before = echo before; echo \"$SNAP_EVENT $SNAP_SOURCE\" >> "+told,
		"after = echo \"$SNAP_EVENT $SNAP_RESULT $SNAP_EXIT_CODE\" >> "+told)
	w.Do(os.WriteFile(filepath.Join(w.Dest, "Blacklist.txt"), []byte("*.tmp\n"), 0o600))
	w.Write("new.txt", "new")
	w.Write("out.tmp", "out")
	j, res := w.backup(job.BackupOptions{Tags: []string{"web"}, Note: "from a page"})
	w.wantCode(j, 0, "")
	if res == nil || res.Header == nil || !strings.HasPrefix(res.Header.Name, "now-") || res.Header.Added != 1 ||
		!slices.Equal(res.Header.Tags, []string{"web"}) || res.Header.Note != "from a page" {
		t.Fatalf("%+v", res)
	}
	if !slices.Equal(res.Pruned.Names, []string{"s0001"}) ||
		!slices.Equal(w.snapshots(), []string{"s0002", res.Header.Name}) {
		t.Errorf("deleted by the rules: %q, left: %q", res.Pruned.Names, w.snapshots())
	}
	if text, err := os.ReadFile(told); err != nil || string(text) != "before "+w.Src+"\nafter snapshot 0\n" {
		t.Errorf("the commands around it: %q, %v", text, err)
	}
	if s := j.State(); !slices.Contains(s.Notes, "before: before") {
		t.Errorf("notes: %q", s.Notes)
	}
	log, err := os.ReadFile(filepath.Join(w.Dest, "log.txt"))
	if err != nil || !strings.Contains(string(log), "backup done") {
		t.Errorf("log: %s, %v", log, err)
	}
	if known, err := w.at.User.Known(); err != nil || len(known) != 1 || known[0].Path != w.Dest {
		t.Errorf("known: %+v, %v", known, err)
	}
	j, res = w.backup(job.BackupOptions{})
	if w.wantCode(j, 0, ""); !res.Skipped {
		t.Errorf("the second one: %+v", res.Result)
	}
	w.wantRuns(destination.RunDone, destination.RunUnchanged)
}

func TestWhatStopsABackup(t *testing.T) {
	w := newWorld(t)
	w.Write("c.txt", "other")
	before := w.snapshots()
	try := func(code int, text string, o job.BackupOptions) {
		t.Helper()
		j, _ := w.backup(o)
		if w.wantCode(j, code, text); !slices.Equal(w.snapshots(), before) {
			t.Errorf("%s: snapshots %q", text, w.snapshots())
		}
	}
	try(exit.Usage, "tag", job.BackupOptions{Tags: []string{"a b"}})
	told := filepath.Join(t.TempDir(), "told")
	w.settings("no setting at all", "on_failure = echo $SNAP_EXIT_CODE $SNAP_MESSAGE >"+told)
	try(exit.Usage, "is no setting", job.BackupOptions{})
	if text, err := os.ReadFile(told); err != nil || !strings.HasPrefix(string(text), "2 snap: ") ||
		!strings.Contains(string(text), "is no setting") {
		t.Errorf("of settings that cannot be read is told %q, %v", text, err)
	}
	w.settings("before = exit 7")
	try(exit.Before, "before", job.BackupOptions{})
	w.settings("")
	w.at.ID = "another"
	try(exit.Refused, "another one than before", job.BackupOptions{})
	w.at.ID = ""
	other := destination.NewHolder("prune", time.Now())
	d, err := destination.Open(t.Context(), w.Dest, destination.Options{Holder: other})
	w.Do(err)
	try(exit.Locked, "prune", job.BackupOptions{})
	w.Do(d.Close())
	w.Do(os.Rename(w.Src, w.Src+"-away"))
	try(exit.Failed, w.Src, job.BackupOptions{})
	w.Do(os.Rename(w.Src+"-away", w.Src))
	j, res := w.backup(job.BackupOptions{})
	if w.wantCode(j, 0, ""); res.Header == nil {
		t.Error("nothing stands in the way, and no backup was made")
	}
	const failed = destination.RunFailed // by the settings, the command before, another run and the source
	w.wantRuns(failed, failed, failed, failed, destination.RunDone)
	empty := t.TempDir()
	w.at.Dest = empty
	j, _ = w.backup(job.BackupOptions{})
	w.wantCode(j, exit.NoDest, "not a snap destination")
	if left, _ := os.ReadDir(empty); len(left) > 0 {
		t.Errorf("a folder that is no destination has %v now", left)
	}
}

// A job that is cancelled ends as a command that is interrupted, and the next one can begin.
func TestABackupIsCancelled(t *testing.T) {
	w := newWorld(t)
	w.Write("c.txt", "other")
	w.settings("before = echo begun; sleep 1000", "hook_timeout = 0s")
	j, err := w.r.Start(job.Backup, func(ctx context.Context, watch *job.Watcher) (any, error) {
		return w.at.Backup(ctx, watch, job.BackupOptions{})
	})
	w.Do(err)
	for e := range j.Watch(t.Context(), 0) {
		if e.Note == "before: begun" {
			j.Cancel()
		}
	}
	w.wantCode(j, exit.Interrupted, job.ErrCancelled.Error())
	if !errors.Is(j.State().End.Err, job.ErrCancelled) || len(w.snapshots()) != 1 {
		t.Errorf("%v, snapshots %q", j.State().End.Err, w.snapshots())
	}
	w.settings("")
	j, _ = w.backup(job.BackupOptions{})
	w.wantCode(j, 0, "")
}

func TestARestoreIsLookedAtFirst(t *testing.T) {
	w := newWorld(t)
	to := filepath.Join(t.TempDir(), "to")
	at := func(names ...string) job.Places {
		p := job.Places{Count: int64(len(names))}
		for _, name := range names {
			p.First = append(p.First, filepath.Join(to, name))
		}
		return p
	}
	same := func(what string, got, want job.Places) {
		t.Helper()
		slices.Sort(got.First)
		if got.Count != want.Count || !slices.Equal(got.First, want.First) {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	o := job.RestoreOptions{Paths: []string{"docs", "docs/a.txt", "c.txt"}, Target: to, Relative: true, DryRun: true}
	j, res := w.restore(o)
	w.wantCode(j, 0, "")
	same("new", res.New, at("c.txt", "docs/a.txt", "docs/b.txt"))
	if _, err := os.Lstat(to); err == nil {
		t.Error("a look has made the target")
	}
	o.DryRun = false
	j, res = w.restore(o)
	if w.wantCode(j, 0, ""); res.FilesRestored != 3 || res.Target != to {
		t.Errorf("%+v", res)
	}
	w.Do(os.WriteFile(filepath.Join(to, "docs/a.txt"), []byte("changed since"), 0o600))
	w.Do(os.Remove(filepath.Join(to, "c.txt")))
	j, _ = w.restore(o)
	w.wantCode(j, exit.Refused, "would be overwritten")
	o.DryRun, o.Overwrite = true, restore.IfChanged
	j, res = w.restore(o)
	w.wantCode(j, 0, "")
	same("new", res.New, at("c.txt"))
	same("replaced", res.Replaced, at("docs/a.txt"))
	same("left", res.Left, at("docs/b.txt"))
}

func TestARestoreGoesWhereItWas(t *testing.T) {
	w := newWorld(t)
	w.Do(os.Remove(w.Path("docs/a.txt")))
	w.Write("docs/other.txt", "stays")
	j, res := w.restore(job.RestoreOptions{Paths: []string{"docs/a.txt"}})
	if w.wantCode(j, 0, ""); res.Target != w.Src || w.Read("docs/a.txt") != "one" || w.Read("docs/other.txt") != "stays" {
		t.Errorf("%+v", res)
	}
}

func TestWhatIsNoRestore(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		o    job.RestoreOptions
		code int
		text string
	}{
		{job.RestoreOptions{Target: "/tmp/x"}, exit.Usage, "nothing is named"},
		{job.RestoreOptions{Target: "relative", Paths: []string{"c.txt"}}, exit.Usage, "no absolute path"},
		{job.RestoreOptions{Target: w.Dest, Paths: []string{"c.txt"}}, exit.Refused, "holds snapshots only"},
		{job.RestoreOptions{Target: t.TempDir(), Paths: []string{"never"}}, exit.Failed, "not in snapshot"},
		{job.RestoreOptions{Target: t.TempDir(), Paths: []string{"../c.txt"}}, exit.Failed, "not in snapshot"},
		{job.RestoreOptions{Target: t.TempDir(), Paths: []string{"docs/a.txt", "more/a.txt"}}, exit.Usage, "the same place"},
	} {
		j, _ := w.restore(c.o)
		w.wantCode(j, c.code, c.text)
	}
}

func TestACheckLeavesItsResult(t *testing.T) {
	w := newWorld(t)
	run := func() (*job.Job, *job.CheckResult) {
		j := w.ends(job.Check, func(ctx context.Context, watch *job.Watcher) (any, error) {
			return w.at.Check(ctx, watch, check.Subset{All: true})
		})
		return j, j.State().End.Result.(*job.CheckResult)
	}
	j, res := run()
	if w.wantCode(j, 0, ""); res.InodesRead != 4 {
		t.Errorf("%+v", res.Result)
	}
	w.Do(os.WriteFile(w.In("s0001", "c.txt"), []byte("THREE"), 0o600))
	j, res = run()
	if w.wantCode(j, exit.Failed, ""); res.Errors == 0 || j.State().Problems == 0 || j.State().Last[0].Path != "c.txt" {
		t.Errorf("%+v, %+v", res.Result, j.State())
	}
	root, err := file.OpenRoot(w.Dest)
	w.Do(err)
	defer root.Close()
	if last := destination.ReadLastCheck(root); last == nil || last.Left == nil {
		t.Errorf("the last check is %+v", last)
	}
}

// A file that takes the place of another one that was to be replaced, or is written to, is not what was looked at,
// although the numbers are the same.
func TestARestoreReplacesTheFilesThatWereSeen(t *testing.T) {
	w := newWorld(t)
	target := t.TempDir()
	at := func(name string) string { return filepath.Join(target, "docs", name) }
	w.Do(os.Mkdir(filepath.Join(target, "docs"), 0o755))
	w.Do(os.WriteFile(at("a.txt"), []byte("old"), 0o600))
	look := func(mode restore.Overwrite) job.RestoreOptions {
		o := job.RestoreOptions{Target: target, Paths: []string{"docs"}, Overwrite: mode, DryRun: true}
		_, res := w.restore(o)
		o.DryRun, o.Seen = false, res
		return o
	}
	for name, change := range map[string]func(){
		"another is there instead": func() { w.Do(os.Rename(at("a.txt"), at("b.txt"))) },
		"it was written to": func() {
			f, err := os.OpenFile(at("a.txt"), os.O_WRONLY|os.O_TRUNC, 0)
			w.Do(err)
			_, err = f.WriteString("new") // as long as before
			w.Do(errors.Join(err, f.Close()))
		},
		"a new one has its name": func() {
			w.Do(os.WriteFile(at("other"), []byte("own"), 0o600))
			w.Do(os.Rename(at("other"), at("a.txt")))
		},
	} {
		o := look(restore.IfChanged)
		if o.Seen.Replaced.Count != 1 || o.Seen.New.Count != 1 {
			t.Fatalf("%s: %+v", name, o.Seen.Counts())
		}
		change()
		j, _ := w.restore(o)
		w.wantCode(j, exit.Refused, "no longer what it was")
		if err := j.State().End.Err; !strings.Contains(err.Error(), at("a.txt")) {
			t.Errorf("%s: %v", name, err)
		}
		w.Do(os.RemoveAll(at("b.txt")))
		w.Do(os.WriteFile(at("a.txt"), []byte("old"), 0o600))
	}
	o := look(restore.Skip) // what stays may change
	w.Do(os.WriteFile(at("a.txt"), []byte("a log that goes on"), 0o600))
	j, res := w.restore(o)
	w.wantCode(j, 0, "")
	if b, err := os.ReadFile(at("a.txt")); err != nil || string(b) != "a log that goes on" || res.FilesRestored != 1 {
		t.Errorf("%q %v %+v", b, err, res)
	}
}

// What was looked at is done, and nothing else: where it would be something else by now, nothing is.
func TestARestoreDoesWhatWasSeen(t *testing.T) {
	w := newWorld(t)
	target := t.TempDir()
	o := job.RestoreOptions{Target: target, Paths: []string{"docs"}, Overwrite: restore.IfChanged, DryRun: true}
	_, res := w.restore(o)
	if seen := res.Counts(); seen != (job.Counts{New: 2, Bytes: 6}) {
		t.Fatalf("%+v", seen)
	}
	o.DryRun, o.Seen = false, res
	w.Do(os.Mkdir(filepath.Join(target, "docs"), 0o755))
	w.Do(os.WriteFile(filepath.Join(target, "docs/a.txt"), []byte("mine, and newer"), 0o600))
	j, _ := w.restore(o)
	w.wantCode(j, exit.Refused, "no longer what it was")
	if b, err := os.ReadFile(filepath.Join(target, "docs/a.txt")); err != nil || string(b) != "mine, and newer" {
		t.Errorf("%q %v", b, err)
	}
	w.Do(os.Remove(filepath.Join(target, "docs/a.txt")))
	j, res = w.restore(o)
	w.wantCode(j, 0, "")
	b, err := os.ReadFile(filepath.Join(target, "docs/a.txt"))
	if err != nil || string(b) != "one" || res.FilesRestored != 2 {
		t.Errorf("%q %v %+v", b, err, res)
	}
}
