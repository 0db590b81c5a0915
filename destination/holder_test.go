package destination

import (
	"os"
	"testing"
	"time"
)

// TestHolders: what a run writes about itself is read as it was meant, and what has another form has no process that
// could be taken for one of another program.
func TestHolders(t *testing.T) {
	since := time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)
	me := NewHolder("backup", since)
	if got := parseHolder(me.Text); got != me || me.PID != os.Getpid() || me.Gone() || me.What != "backup" ||
		!me.Since.Equal(since) {
		t.Errorf("%+v, want %+v", got, me)
	}
	gone := me
	gone.PID = 1<<31 - 1
	if !gone.Gone() {
		t.Error("a process that cannot be is not gone")
	}
	elsewhere := gone
	elsewhere.Host += "-elsewhere"
	if elsewhere.Gone() {
		t.Error("a process of another machine is taken for one of this")
	}
	for _, text := range []string{"", "rsync", "snap backup (process 1 on host)",
		"snap backup (process x on host, since 1)",
		"snap backup (process -1 on host, since 1)", "snap backup (process 1, since 1)"} {
		if got := parseHolder(text); got.PID != 0 || got.What != "" || !got.Since.IsZero() || got.Text != text || got.Gone() {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
