package destination_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/backup"
	"snap/destination"
	"snap/destination/reindex"
	"snap/index"
	"snap/record"
)

// labelled is a destination with three snapshots of an empty source.
func labelled(t *testing.T) (dest, source string) {
	dest, source = t.TempDir(), t.TempDir()
	for i := range 3 {
		d := opened(t, dest)
		o := backup.Options{Source: source, Start: time.Now(), AllowEmptySource: true, Force: true, Tags: []string{"made"},
			Note: "as made",
			Name: func(time.Time) string { return fmt.Sprint("s", i+1) }}
		_, err := backup.Run(context.Background(), d, o)
		if err := errors.Join(err, d.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return dest, source
}

func opened(t *testing.T, dest string) *destination.Destination {
	t.Helper()
	d, err := destination.Open(context.Background(), dest, destination.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// shown are the labels in the index, "name: tags: note" each.
func shown(t *testing.T, dest string) string {
	t.Helper()
	db, err := index.Open(index.Path(dest))
	if err != nil {
		t.Fatal(err)
	}
	all, err := db.Snapshots(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, h := range all {
		out = append(out, fmt.Sprint(h.Name, ": ", strings.Join(h.Tags, ","), ": ", h.Note))
	}
	return strings.Join(out, "; ")
}

const (
	asMade  = "s1: made: as made; s2: made: as made; s3: made: as made"
	changed = "s1: made: as made; s2: pin,ü: a \"note\"; s3: made: as made"
)

func label(t *testing.T, dest string) {
	t.Helper()
	d := opened(t, dest)
	if err := errors.Join(d.SetLabels(context.Background(), "s2", []string{"pin", "ü"}, `a "note"`),
		d.Close()); err != nil {
		t.Fatal(err)
	}
}

func rebuild(t *testing.T, dest string) *reindex.Result {
	t.Helper()
	res, err := reindex.Run(context.Background(), dest, reindex.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func wantShown(t *testing.T, what, dest, want string) {
	t.Helper()
	if got := shown(t, dest); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// TestLabelsSurvive: labels that were changed later outlive the index, and the import of a lost set.
func TestLabelsSurvive(t *testing.T) {
	dest, _ := labelled(t)
	wantShown(t, "as made", dest, asMade)
	label(t, dest)
	wantShown(t, "changed", dest, changed)
	if err := os.Remove(index.Path(dest)); err != nil {
		t.Fatal(err)
	}
	rebuild(t, dest)
	wantShown(t, "after a reindex", dest, changed)

	db, err := index.Open(index.Path(dest))
	if err != nil {
		t.Fatal(err)
	}
	for _, seq := range []uint64{3, 2} { // as if the import had never been
		if err := db.Undo(context.Background(), seq); err != nil {
			t.Fatal(err)
		}
	}
	opened(t, dest).Close()
	wantShown(t, "after an import", dest, changed)

	d := opened(t, dest)
	if err := errors.Join(d.SetLabels(context.Background(), "s2", nil, ""), d.Close()); err != nil {
		t.Fatal(err)
	}
	os.Remove(index.Path(dest))
	rebuild(t, dest)
	wantShown(t, "taken away", dest, "s1: made: as made; s2: : ; s3: made: as made")
}

// TestLabelsAreMended: a run that died between the labels' file and the index, and one that died before the
// file was in its place.
func TestLabelsAreMended(t *testing.T) {
	dest, _ := labelled(t)
	before, err := os.ReadFile(index.Path(dest))
	if err != nil {
		t.Fatal(err)
	}
	label(t, dest)
	if err := os.WriteFile(index.Path(dest), before, 0o600); err != nil {
		t.Fatal(err)
	}
	wantShown(t, "the crash", dest, asMade)
	opened(t, dest).Close()
	wantShown(t, "after recovery", dest, changed)

	file := filepath.Join(dest, ".snap", "changes", "0000000002.labels")
	tmp := filepath.Join(dest, ".snap", "tmp", "labels-new")
	if err := os.Rename(file, tmp); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(index.Path(dest), before, 0o600); err != nil {
		t.Fatal(err)
	}
	opened(t, dest).Close()
	wantShown(t, "never in its place", dest, asMade)
	if _, err := os.Stat(tmp); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it was left behind")
	}
}

// TestDamagedLabels: they are not believed, they stop nothing, and a reindex says so.
func TestDamagedLabels(t *testing.T) {
	dest, _ := labelled(t)
	label(t, dest)
	file := filepath.Join(dest, ".snap", "changes", "0000000002.labels")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string][]byte{"empty": nil, "huge": make([]byte, 1<<20+1), "text": []byte("{}\n00000000\n")}
	for i := range good {
		b := slices.Clone(good)
		b[i] ^= 4
		bad[fmt.Sprint("byte ", i)] = b
		bad[fmt.Sprint("cut at ", i)] = good[:i]
	}
	delete(bad, fmt.Sprint("cut at ", len(good)-1)) // only the last line's end is gone
	delete(bad, fmt.Sprint("byte ", len(good)-1))
	h := &record.Header{Name: "s2", Seq: 2}
	for what, b := range bad {
		if l, err := destination.ParseLabels(b, h); err == nil {
			t.Errorf("%s: %+v", what, l)
		}
	}
	for _, h := range []record.Header{{Name: "s1", Seq: 2}, {Name: "s2", Seq: 3}} {
		if _, err := destination.ParseLabels(good, &h); err == nil {
			t.Errorf("taken for those of %s, %d", h.Name, h.Seq)
		}
	}
	if err := os.WriteFile(file, good[:20], 0o600); err != nil {
		t.Fatal(err)
	}
	opened(t, dest).Close()
	wantShown(t, "recovery", dest, changed) // the index is all that is left
	if res := rebuild(t, dest); len(res.Notes) != 1 || !errors.Is(res.Notes[0], record.ErrDamaged) {
		t.Errorf("%+v", res)
	}
	wantShown(t, "reindex", dest, asMade)
}

func TestLabelsThatCannotBe(t *testing.T) {
	dest, _ := labelled(t)
	d := opened(t, dest)
	defer d.Close()
	for what, err := range map[string]error{
		"no such snapshot": d.SetLabels(context.Background(), "s9", nil, ""),
		"an empty tag":     d.SetLabels(context.Background(), "s1", []string{""}, ""),
		"not UTF-8":        d.SetLabels(context.Background(), "s1", nil, "\xff"),
		"too long":         d.SetLabels(context.Background(), "s1", nil, strings.Repeat("x", 1<<20)),
	} {
		if err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
	wantShown(t, "unchanged", dest, asMade)
}

// TestNumbersAreNotGivenAgain: labels and sets that were put aside keep their number.
func TestNumbersAreNotGivenAgain(t *testing.T) {
	for _, suffix := range []string{".labels", ".unpublished", ".lost", ".replaced"} {
		dest, _ := labelled(t)
		d := opened(t, dest)
		defer d.Close()
		if err := os.WriteFile(filepath.Join(dest, ".snap", "changes", "0000000007"+suffix), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if seq, err := destination.NextSeq(d, context.Background()); err != nil || seq != 8 {
			t.Errorf("%s: %d %v", suffix, seq, err)
		}
	}
}

func FuzzLabels(f *testing.F) {
	whole := []byte(`{"name":"s2","seq":2,"tags":["pin"],"note":"x"}`)
	f.Add(fmt.Appendf(whole, "\n%08x\n", crc32.Checksum(whole, destination.Castagnoli)))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h := &record.Header{Name: "s2", Seq: 2}
		if l, err := destination.ParseLabels(b, h); err == nil && (l.Seq != 2 || slices.Contains(l.Tags, "")) {
			t.Fatalf("%+v", l)
		}
	})
}

// TestLabelsGoWithTheirSnapshot: deleting one leaves no labels behind, and those of the others alone.
func TestLabelsGoWithTheirSnapshot(t *testing.T) {
	dest, _ := labelled(t)
	label(t, dest)
	d := opened(t, dest)
	err := errors.Join(d.SetLabels(context.Background(), "s3", nil, "third"),
		d.Delete(context.Background(), []uint64{2}, 1, nil), d.Close())
	if err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dest, ".snap", "changes", "*.labels"))
	if err != nil || len(left) != 1 {
		t.Errorf("%q %v", left, err)
	}
	os.Remove(index.Path(dest))
	rebuild(t, dest)
	wantShown(t, "after deletion and reindex", dest, "s1: made: as made; s3: : third")
}
