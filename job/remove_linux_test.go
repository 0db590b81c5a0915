package job_test

import (
	"context"
	"strings"
	"testing"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/job"
	"snap/query"
	"snap/record"
)

func (w *world) remove(o job.RemoveOptions) (*job.Job, *job.RemoveResult) {
	w.T.Helper()
	j := w.ends(job.Delete, func(ctx context.Context, watch *job.Watcher) (any, error) {
		res, err := w.at.Remove(ctx, watch, o)
		if res == nil {
			return nil, err
		}
		return res, err
	})
	res, _ := j.State().End.Result.(*job.RemoveResult)
	return j, res
}

func (w *world) label(o job.LabelOptions) (*job.Job, *job.LabelResult) {
	w.T.Helper()
	j := w.ends(job.Label, func(ctx context.Context, watch *job.Watcher) (any, error) {
		res, err := w.at.Label(ctx, watch, o)
		if res == nil {
			return nil, err
		}
		return res, err
	})
	res, _ := j.State().End.Result.(*job.LabelResult)
	return j, res
}

func (w *world) header(name string) record.Header {
	w.T.Helper()
	d, err := query.Open(w.T.Context(), w.Dest, query.Options{})
	w.Do(err)
	defer d.Close()
	for i := range d.Snapshots {
		if d.Snapshots[i].Name == name {
			return d.Snapshots[i]
		}
	}
	w.T.Fatalf("%s is not there", name)
	return record.Header{}
}

// TestOnlyWhatWasSeenIsDeleted: the snapshots that were looked at go, and where it would be others, none does.
func TestOnlyWhatWasSeenIsDeleted(t *testing.T) {
	w := newWorld(t)
	w.Write("c.txt", "four")
	w.backupDaysAgo(1)
	w.Write("c.txt", "five")
	w.backupDaysAgo(0)
	all := w.snapshots()
	var two, none settings.Rules
	two, _, err := settings.AskedRules(func(key string) ([]string, bool) { return []string{"2"}, key == "keep_last" },
		func(key string) string { return key })
	w.Do(err)
	for what, c := range map[string]struct {
		o    job.RemoveOptions
		code int
	}{
		"not seen":            {job.RemoveOptions{Names: all[:1]}, exit.Refused},
		"others were seen":    {job.RemoveOptions{Names: all[:1], Seen: all[1:2]}, exit.Refused},
		"fewer were seen":     {job.RemoveOptions{Names: all[:2], Seen: all[:1]}, exit.Refused},
		"one is not there":    {job.RemoveOptions{Names: []string{"x"}, Seen: []string{"x"}}, exit.Refused},
		"rules, not seen":     {job.RemoveOptions{Rules: &two}, exit.Refused},
		"rules, others seen":  {job.RemoveOptions{Rules: &two, Seen: all[1:2]}, exit.Refused},
		"rules without a one": {job.RemoveOptions{Rules: &none, Seen: all[:1]}, exit.Usage},
	} {
		j, _ := w.remove(c.o)
		if end := j.State().End; end.Code != c.code || len(w.snapshots()) != 3 {
			t.Errorf("%s: %d, %v; %q", what, end.Code, end.Err, w.snapshots())
		}
	}
	if j, _ := w.label(job.LabelOptions{Snapshots: all[:1], Add: []string{"pin"}}); j.State().End.Code != 0 {
		t.Fatal(j.State().End.Err)
	}
	if j, _ := w.remove(job.RemoveOptions{Names: all[:1], Seen: all[:1]}); j.State().End.Code != exit.Refused ||
		!strings.Contains(j.State().End.Err.Error(), "is pinned") {
		t.Errorf("a pinned one: %v", j.State().End.Err)
	}
	w.label(job.LabelOptions{Snapshots: all[:1], Remove: []string{"pin"}})
	j, res := w.remove(job.RemoveOptions{Rules: &two, Seen: all[:1]})
	if end := j.State().End; end.Code != 0 || len(res.Removed) != 1 || res.Removed[0] != all[0] || res.Freed != 5 {
		t.Errorf("%d %v %+v", end.Code, end.Err, res)
	}
	j, res = w.remove(job.RemoveOptions{Names: all[1:2], Seen: all[1:2]})
	if end := j.State().End; end.Code != 0 || len(w.snapshots()) != 1 || w.snapshots()[0] != all[2] {
		t.Errorf("%d %v %+v", end.Code, end.Err, res)
	}
}

// TestLabelsAreThoseOfTheCommands: tags are added and taken, a note is given and taken, and what is no tag is refused.
func TestLabelsAreThoseOfTheCommands(t *testing.T) {
	w := newWorld(t)
	name := w.snapshots()[0]
	text := func(s string) *string { return &s }
	for _, c := range []struct {
		o    job.LabelOptions
		tags string
		note string
		code int
	}{
		{job.LabelOptions{Add: []string{"pin", "release"}}, "pin release", "", 0},
		{job.LabelOptions{Add: []string{"pin"}}, "pin release", "", 0},
		{job.LabelOptions{Remove: []string{"pin", "never"}, Note: text("before\xff the move")}, "release",
			"before\ufffd the move", 0},
		{job.LabelOptions{Add: []string{"a b"}}, "release", "before\ufffd the move", exit.Usage},
		{job.LabelOptions{Add: []string{"x"}, Remove: []string{"x"}}, "release", "before\ufffd the move", exit.Usage},
		{job.LabelOptions{Note: text("")}, "release", "", 0},
	} {
		c.o.Snapshots = []string{name}
		j, res := w.label(c.o)
		h := w.header(name)
		if end := j.State().End; end.Code != c.code || strings.Join(h.Tags, " ") != c.tags || h.Note != c.note ||
			c.code == 0 && res.Snapshots[0].Note != c.note {
			t.Errorf("%+v: %d %v; %q %q", c.o, end.Code, end.Err, h.Tags, h.Note)
		}
	}
	if j, _ := w.label(job.LabelOptions{Snapshots: []string{"nowhere"}, Add: []string{"x"}}); j.State().End.Code != 1 {
		t.Errorf("%+v", j.State().End)
	}
}

// TestAnotherDiskInItsPlaceIsLeftAlone: what was looked at on one disk is not done on another.
func TestAnotherDiskInItsPlaceIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.at.ID = "another"
	all := w.snapshots()
	if j, _ := w.remove(job.RemoveOptions{Names: all, Seen: all}); j.State().End.Code != exit.Refused {
		t.Errorf("%+v", j.State().End)
	}
	if j, _ := w.label(job.LabelOptions{Snapshots: all, Add: []string{"x"}}); j.State().End.Code != exit.Refused {
		t.Errorf("%+v", j.State().End)
	}
	if len(w.snapshots()) != 1 || len(w.header(all[0]).Tags) > 0 {
		t.Error("something was done")
	}
}
