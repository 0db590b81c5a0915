package state

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func isThere(dir string) (bool, error) {
	if strings.Contains(dir, "unreadable") {
		return false, errors.New("unreadable")
	}
	_, err := os.Lstat(filepath.Join(dir, ".snap"))
	return err == nil, nil
}

func TestRemembered(t *testing.T) {
	for _, c := range []struct{ places, want string }{ // newest first; o: once, t: temporary, g: gone, a: away
		{"", ""},
		{"A", "A"}, {"A B", "A B"},
		{"Ao", "A"}, {"Ao Bo", "A B"}, // nothing better is known
		{"Ao B", "B"}, {"A Bo C", "A C"},
		{"At B", "B"}, {"At", ""}, {"Ag", ""}, {"Ag Bo", "B"}, {"Aa", "A"}, {"Aa B", "A B"}, {"At Bo Cg", "B"},
	} {
		var all []Place
		for word := range strings.FieldsSeq(c.places) {
			p := Place{Known: Known{Path: word[:1], Once: strings.Contains(word, "o")},
				Temporary: strings.Contains(word, "t"), Presence: Here}
			if strings.Contains(word, "g") {
				p.Presence = Gone
			} else if strings.Contains(word, "a") {
				p.Presence = Away
			}
			all = append(all, p)
		}
		var got []string
		for _, p := range Remembered(all) {
			got = append(got, p.Path)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s, want %s", c.places, got, c.want)
		}
	}
}

// TestPresence: a folder that was removed is gone; a disk that is elsewhere is not.
func TestPresence(t *testing.T) {
	base := t.TempDir()
	here := SystemOf(base)
	if here == "" {
		t.Skip("this system does not tell one file system from another")
	}
	at := func(name string) string { return filepath.Join(base, name) }
	for _, dir := range []string{"here/.snap", "emptied", "tmp/here/.snap", "unreadable"} {
		if err := os.MkdirAll(at(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(at("tmp"), at("link")); err != nil {
		t.Fatal(err)
	}
	u := &User{LookupEnv: func(string) (string, bool) { return base, true },
		Temp: []string{"", "relative", "/", at("tmp")}}
	want := []struct {
		path, system string
		presence     Presence
		temporary    bool
	}{
		{"here", here, Here, false}, {"emptied", here, Away, false}, {"unreadable", here, Unreadable, false},
		{"removed", here, Gone, false}, {"deep/removed", here, Gone, false},
		{"removed", "another disk", Away, false}, {"removed", "", Away, false},
		{"tmp/here", here, Here, true}, {"tmp/removed", "", Gone, true}, {"link/here", here, Here, true},
		{"tmp", here, Away, true}, {"tmp2/x", here, Gone, false},
	}
	var known []Known
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i, w := range want {
		known = append(known, Known{Path: at(w.path), System: w.system, ID: "id",
			Last: now.Add(-time.Duration(i) * time.Hour)})
	}
	slices.Reverse(known)
	for i, p := range u.Places(known, isThere) {
		if w := want[i]; p.Path != at(w.path) || p.Presence != w.presence || p.Temporary != w.temporary {
			t.Errorf("%s on %q: %+v", w.path, w.system, p)
		}
	}
}

// TestWhatIsKnownOfADestination: one backup that names it is not enough to remember it, what is gone is forgotten.
func TestWhatIsKnownOfADestination(t *testing.T) {
	base := t.TempDir()
	u := &User{LookupEnv: func(string) (string, bool) { return filepath.Join(base, "state"), true }}
	known := func() []Known {
		list, err := u.Known()
		if err != nil {
			t.Error(err)
		}
		return list
	}
	use := func(name, id string, how How) {
		t.Helper()
		dir := filepath.Join(base, name)
		if err := os.MkdirAll(filepath.Join(dir, ".snap"), 0o700); err != nil {
			t.Fatal(err)
		}
		this := Known{Path: dir, ID: id, System: SystemOf(dir), Last: time.Now()}
		if err := u.Remember(known, this, how, isThere); err != nil {
			t.Error(err)
		}
	}
	list := func() string {
		var all []string
		for _, k := range known() {
			name := filepath.Base(k.Path)
			if k.Once {
				name += "?"
			}
			all = append(all, name)
		}
		return strings.Join(all, " ")
	}
	for _, step := range []struct {
		name string
		how  How
		want string
	}{
		{"a", Named, "a?"}, {"b", Made, "a? b"}, {"a", Found, "b a?"}, {"b", Named, "a? b"}, {"a", Named, "b a"},
		{"c", Named, "b a c?"}, {"c", Made, "b a c"},
	} {
		use(step.name, "id-"+step.name, step.how)
		if got := list(); got != step.want {
			t.Errorf("after %v of %s: %s, want %s", step.how, step.name, got, step.want)
		}
	}
	if ok, err := u.Forget(filepath.Join(base, "a")); !ok || err != nil || list() != "b c" {
		t.Errorf("forgotten: %v, %v, %s", ok, err, list())
	}
	if ok, err := u.Forget(filepath.Join(base, "a")); ok || err != nil || list() != "b c" {
		t.Errorf("forgotten again: %v, %v, %s", ok, err, list())
	}
	if SystemOf(base) == "" {
		t.Skip("this system does not tell one file system from another")
	}
	if err := os.RemoveAll(filepath.Join(base, "b")); err != nil {
		t.Fatal(err)
	}
	use("c", "id-c", Found)
	if got := list(); got != "c" {
		t.Errorf("after b was removed: %s", got)
	}
}

// TestNobodyElseSaysWhereBackupsGo: a list that another user may write is not read, nor written.
func TestNobodyElseSaysWhereBackupsGo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to have another user")
	}
	for what, spoil := range map[string]func(u *User) error{
		"nothing":               func(*User) error { return nil },
		"the file for all":      func(u *User) error { return os.Chmod(u.KnownFile(), 0o666) },
		"the file of another":   func(u *User) error { return os.Chown(u.KnownFile(), 12345, 0) },
		"the folder of another": func(u *User) error { return os.Chown(filepath.Dir(u.KnownFile()), 12345, 0) },
		"the folder for all":    func(u *User) error { return os.Chmod(filepath.Dir(u.KnownFile()), 0o777) },
	} {
		base := t.TempDir()
		u := &User{LookupEnv: func(string) (string, bool) { return base, true }}
		if err := Write(u.KnownFile(), []Known{{Path: "/mnt/disk", ID: "id"}}); err != nil {
			t.Fatal(err)
		}
		if err := spoil(u); err != nil {
			t.Fatal(err)
		}
		list, err := u.Known()
		none := func() []Known { return nil }
		werr := u.Remember(none, Known{Path: "/x", ID: "x"}, Made, func(string) (bool, error) { return false, nil })
		if good := what == "nothing"; good != (err == nil) || good != (werr == nil) || good != (len(list) == 1) {
			t.Errorf("%s: %v, read %v, written %v", what, list, err, werr)
		}
	}
}
