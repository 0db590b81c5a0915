package store_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/internal/hint"
	"snap/remote/store"
	"snap/remote/store/storetest"
)

// TestRefusedByVersitygw: what a real store says of wrong keys and buckets, at once and in its own words.
func TestRefusedByVersitygw(t *testing.T) {
	server := storetest.Versitygw(t)
	id, secret := server.Env[0], server.Env[1]
	for _, c := range []struct {
		env  []string
		url  string
		kind store.Kind
	}{
		{[]string{id, secret + "x"}, server.Place("p"), store.Credentials},
		{[]string{id + "X", secret}, server.Place("p"), store.Credentials},
		{server.Env, strings.Replace(server.Place("p"), "/bucket/", "/nobucket/", 1), store.NoPlace},
	} {
		s := open(t, c.url, store.Options{Env: c.env, RetryFor: time.Hour})
		_, err := s.Get(t.Context(), "head/1", 0, -1)
		_, err2 := s.Stat(t.Context(), "head/1")
		_, err3 := s.Get(t.Context(), "head/1", 2, 3)
		errs := []error{err, err2, err3, s.Put(t.Context(), "head/1", nil, store.PutOptions{}),
			s.Delete(t.Context(), "head/1")}
		for _, err := range s.List(t.Context(), "", "") {
			errs = append(errs, err)
		}
		_, err = store.Probe(t.Context(), s)
		for i, err := range append(errs, err) {
			var reach *store.ReachError
			if !errors.As(err, &reach) || reach.Kind != c.kind || reach.Said == "" || reach.Place != c.url ||
				len(hint.Lines(err, func(s string) string { return s })) == 0 {
				t.Errorf("%s, %d: %v", c.kind, i, err)
			}
		}
	}
}

// TestRcloneThatEnds: its process is started again, and ends with the store.
func TestRcloneThatEnds(t *testing.T) {
	program := storetest.Engine(t, "rclone")
	dir := t.TempDir()
	pids := filepath.Join(dir, "pids")
	script := filepath.Join(dir, "rclone")
	text := "#!/bin/sh\n[ \"$1\" = serve ] && echo $$ >>'" + pids + "'\nexec '" + program + "' \"$@\"\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, "rclone:"+dir+"/vault", store.Options{Rclone: script, Env: os.Environ()})
	for i := range 3 {
		name := "head/" + string(rune('1'+i))
		put(t, s, name, name)
		if body := got(t, s, name); body != name {
			t.Errorf("%q", body)
		}
		started := strings.Fields(read(t, pids))
		if len(started) != i+1 {
			t.Fatalf("started %q", started)
		}
		if i < 2 {
			if out, err := exec.Command("kill", "-9", started[i]).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range strings.Fields(read(t, pids)) {
		if exec.Command("kill", "-0", pid).Run() == nil {
			t.Errorf("process %s goes on", pid)
		}
	}
}

// TestRefusedByRclone: a remote that is not configured.
func TestRefusedByRclone(t *testing.T) {
	program := storetest.Engine(t, "rclone")
	config := filepath.Join(t.TempDir(), "rclone.conf")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, "rclone:nosuch:vault", store.Options{Rclone: program, RetryFor: -1,
		Env: append(os.Environ(), "RCLONE_CONFIG="+config)})
	defer s.Close()
	_, err := s.Get(t.Context(), "head/1", 0, -1)
	errs := []error{err, s.Put(t.Context(), "head/1", []byte("1"), store.PutOptions{})}
	for _, err := range s.List(t.Context(), "", "") {
		errs = append(errs, err)
	}
	for i, err := range errs {
		var reach *store.ReachError
		if !errors.As(err, &reach) || reach.Kind != store.NoPlace || !strings.Contains(reach.Said, "nosuch") {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
