package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/cli/exit"
	"snap/cli/state"
	"snap/index"
	"snap/internal/hint"
)

// findIn is find in an environment.
func findIn(t *testing.T, flag, variable, cwd, state string) (dest string, stderr string, err error) {
	t.Helper()
	var errs bytes.Buffer
	env := &Env{Stderr: &errs, Dir: cwd, program: newProgram(""), Now: time.Now, LookupEnv: func(key string) (string, bool) {
		v := map[string]string{"SNAP_DEST": variable, "XDG_STATE_HOME": state}[key]
		return v, v != ""
	}}
	c := &call{ctx: context.Background(), env: env, out: new(output), opts: options{dest: flag}}
	dest, err = c.find()
	return dest, errs.String(), err
}

// A disk that answers with an error may well be a destination: code 10 would send the user to make one.
func TestDestinationThatCannotBeLookedAt(t *testing.T) {
	base := t.TempDir()
	long := filepath.Join(base, strings.Repeat("x", 5000))
	_, _, err := findIn(t, long, "", base, base)
	if code := exit.Code(context.Background(), err); code != exit.Failed {
		t.Errorf("code %d, %v", code, err)
	}
}

func TestWhichDestination(t *testing.T) {
	base := t.TempDir()
	at := func(name string) string { return filepath.Join(base, name) }
	for _, dir := range []string{"a/.snap", "b/.snap", "c/.snap/tmp", "c/20261122/deep", "plain"} {
		if err := os.MkdirAll(at(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	stateDir := at("state")
	if dest, _, err := findIn(t, "", "", base, stateDir); exit.Code(context.Background(), err) != exit.NoDest {
		t.Errorf("nothing named or known: %s, %v", dest, err)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	remember := func(dest, id, source string) {
		t.Helper()
		now = now.Add(time.Hour)
		env := &Env{Stderr: io.Discard, program: newProgram(""), Now: func() time.Time { return now },
			LookupEnv: func(string) (string, bool) { return stateDir, true }}
		if err := (&call{env: env, out: new(output)}).remember(dest, id, source, state.Named); err != nil {
			t.Fatal(err)
		}
	}
	remember(at("a"), "id-a", "/home/me")
	if dest, stderr, err := findIn(t, "", "", base, stateDir); dest != at("a") || stderr != "" || err != nil {
		t.Errorf("one known: %s, %s, %v", dest, stderr, err)
	}
	remember(at("b"), "id-b", "/home/me")
	remember(at("b"), "id-b", "/home/me")
	remember(at("old-a"), "id-a", "")
	remember(at("a"), "id-a", "") // it had moved and is back
	if info, err := os.Stat(filepath.Join(stateDir, "snap", "destinations.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	b, _ := os.ReadFile(filepath.Join(stateDir, "snap", "destinations.json"))
	if strings.Count(string(b), `"id"`) != 3 || strings.Count(string(b), `"/home/me"`) != 3 {
		t.Errorf("known: %s", b)
	}
	for _, c := range []struct{ what, flag, variable, cwd, want string }{
		{"the flag wins", at("a"), at("b"), at("c"), at("a")},
		{"the flag is relative to the working directory", "b", "", base, at("b")},
		{"then the variable", "", at("b"), at("c"), at("b")},
		{"then the working directory", "", "", at("c"), at("c")},
		{"or a folder above it", "", "", at("c/20261122/deep"), at("c")},
		{"then the last one used", "", "", at("plain"), at("a")},
	} {
		dest, stderr, err := findIn(t, c.flag, c.variable, c.cwd, stateDir)
		if err != nil || dest != c.want {
			t.Errorf("%s: %s, %v", c.what, dest, err)
		}
		if named := strings.Contains(stderr, at("a")); named != (c.want == at("a") && c.flag == "") {
			t.Errorf("%s: says %q", c.what, stderr)
		}
	}
	for _, c := range []struct{ flag, variable string }{{at("plain"), ""}, {"", at("plain")}, {at("nowhere"), ""}} {
		if _, _, err := findIn(t, c.flag, c.variable, at("c"), stateDir); exit.Code(context.Background(), err) != exit.NoDest ||
			len(hint.Lines(err, newProgram("").Typed)) == 0 {
			t.Errorf("%v: %v", c, err)
		}
	}
	for _, damage := range []string{"{", "", "null", `[{"path":"relative"}]`, `{"path":1}`} {
		if err := os.WriteFile(filepath.Join(stateDir, "snap", "destinations.json"), []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		_, stderr, err := findIn(t, "", "", at("plain"), stateDir)
		if exit.Code(context.Background(), err) != exit.NoDest {
			t.Errorf("%q known: %v", damage, err)
		}
		if warned := strings.Contains(stderr,
			"ignored"); warned == (damage == "null" || damage[:min(1, len(damage))] == "[") {
			t.Errorf("%q known: says %q", damage, stderr)
		}
	}
	remember(at("b"), "id-b", "/x") // takes the damaged file's place
	if dest, _, err := findIn(t, "", "", at("plain"), stateDir); dest != at("b") {
		t.Errorf("after the damage: %s, %v", dest, err)
	}
}

// TestPlacesOfADestination: each is remembered, up to a number of them; one that is no destination any more is not
// worth a note.
func TestPlacesOfADestination(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "state")
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	env := &Env{Stderr: io.Discard, program: newProgram(""), Now: func() time.Time { return now },
		LookupEnv: func(string) (string, bool) { return dir, true }}
	c := &call{env: env, out: new(output)}
	known := func() (all []string) {
		for _, k := range c.known() {
			all = append(all, fmt.Sprint(strings.TrimPrefix(k.Path, base+"/"), " ", k.ID, " ", k.Source, " ", k.Index))
		}
		return all
	}
	use := func(place, id, source string) {
		t.Helper()
		now = now.Add(time.Hour)
		if err := c.remember(filepath.Join(base, place), id, source, state.Named); err != nil {
			t.Fatal(err)
		}
	}
	use("other", "id-b", "/b")
	use("other", "id-b", "/b")
	use("a", "id-a", "/a")
	list := c.known()
	list[1].Index = "mark"
	if err := state.Write(c.user().KnownFile(), list); err != nil {
		t.Fatal(err)
	}
	use("copy", "id-a", "")
	use("copy", "id-a", "/c")
	if got, want := known(), []string{"other id-b /b ", "a id-a /a mark", "copy id-a /c mark"}; !slices.Equal(got, want) {
		t.Errorf("known: %q, want %q", got, want)
	}
	use("a", "id-a", "")
	if got, want := known(), []string{"other id-b /b ", "copy id-a /c mark", "a id-a /a mark"}; !slices.Equal(got, want) {
		t.Errorf("known: %q, want %q", got, want)
	}
	for i := range 20 {
		use(fmt.Sprint("place", i), "id-a", "")
	}
	use("place17", "id-a", "")
	all := known()
	if len(all) != 1+state.MaxPlaces || !strings.HasPrefix(all[0], "other ") || !strings.HasPrefix(all[1], "place12 ") ||
		!strings.HasPrefix(all[state.MaxPlaces], "place17 ") {
		t.Errorf("known: %q", all)
	}

	note := func(places ...string) string {
		t.Helper()
		for _, place := range places {
			if err := os.MkdirAll(filepath.Join(base, place, ".snap"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		dest, stderr, err := findIn(t, "", "", base, dir)
		if err != nil || dest != filepath.Join(base, "place17") {
			t.Errorf("%s, %v", dest, err)
		}
		return stderr
	}
	if said := note("place17"); said != "" {
		t.Errorf("all others are gone: %q", said)
	}
	if said := note("place15"); !strings.Contains(said, "the last of 2 ") {
		t.Errorf("and a copy: %q", said)
	}
	if said := note("other"); !strings.Contains(said, "the last of 3 ") {
		t.Errorf("and another one: %q", said)
	}
}

func TestADamagedIndexSaysReindex(t *testing.T) {
	for what, damage := range map[string]func(name string) error{
		"missing": os.Remove,
		"empty":   func(name string) error { return os.Truncate(name, 0) },
		"damaged": func(name string) error { return os.WriteFile(name, bytes.Repeat([]byte("junk"), 5000), 0o600) },
	} {
		w := mustWorld(t)
		w.snapshot(t)
		if err := damage(index.Path(w.dest)); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"list"}, {"ls"}, {"find", "x"}, {"history", "x"}, {"cat", "latest:x"}, {"diff"}} {
			stdout, stderr, code := runLine(w.dest, args)
			if code != 1 || stdout != "" || !strings.Contains(stderr, "snap reindex -d "+w.dest) {
				t.Errorf("%s, %s: exit code %d\n%s%s", what, args, code, stdout, stderr)
			}
		}
	}
}
