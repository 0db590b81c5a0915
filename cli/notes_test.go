package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"snap/backup"
)

// TestManyNotes: of notes of one kind some are printed, of another kind still all, and errors are all named.
func TestManyNotes(t *testing.T) {
	said := func(o options) string {
		var out bytes.Buffer
		env := &Env{Stdout: io.Discard, Stderr: &out, program: newProgram("")}
		c := &call{ctx: t.Context(), env: env, out: &output{w: io.Discard}, opts: o}
		r := &backupFront{call: c}
		for i := range 1223 {
			r.Problem(backup.Problem{Path: fmt.Sprint("many", i), Err: backup.ErrGrows, Note: true})
			if i%100 == 0 {
				r.Problem(backup.Problem{Path: fmt.Sprint("other", i), Err: errors.New("another"), Note: true})
				r.Problem(backup.Problem{Path: fmt.Sprint("bad", i), Err: errors.New("cannot be read")})
			}
		}
		r.Notes()
		return out.String()
	}
	few := said(options{})
	for what, n := range map[string]int{"many": 20, "snap: other": 13, "bad": 13, "\n": 47} {
		if got := strings.Count(few, what); got != n {
			t.Errorf("%q: %d times, want %d", what, got, n)
		}
	}
	if !strings.HasSuffix(few,
		"snap: and 1,203 more such notes about single files: -v shows them, and so does the log\n") {
		t.Errorf("%s", few[max(len(few)-200, 0):])
	}
	if all := said(options{verbose: 1}); strings.Count(all, "many") != 1223 || strings.Contains(all, "more such") {
		t.Error("-v does not show all")
	}
	if quiet := said(options{quiet: true}); strings.Count(quiet, "\n") != 13 {
		t.Errorf("-q: %s", quiet)
	}
}
