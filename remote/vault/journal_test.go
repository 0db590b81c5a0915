package vault

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snap/remote/store"
)

// TestTheJournalIsHalfWritten: it is cut at each byte, as a power cut may leave it, and the copy goes on.
func TestTheJournalIsHalfWritten(t *testing.T) {
	t.Parallel()
	m, k, dir := store.NewMemory(), allKeys(t), t.TempDir()
	f := &faulty{Store: m}
	v, err := Create(t.Context(), f, dir, k, Options{})
	if err != nil {
		t.Fatal(err)
	}
	from := some(t)
	from.add(t, map[string][]byte{"big": random(50, 40<<20)})
	f.then = func(n int) { f.dead = strings.Count(strings.Join(f.log, " "), "put data") > 1 }
	if _, err := v.Copy(t.Context(), from, CopyOptions{}); err == nil {
		t.Fatal("it did not die")
	}
	_ = v.Close()
	whole, err := os.ReadFile(filepath.Join(dir, journalFile))
	if err != nil {
		t.Fatal(err, strings.Join(f.log, ", "))
	}
	for n := 0; n <= len(whole); n += 1 + len(whole)/7 {
		if err := os.WriteFile(filepath.Join(dir, journalFile), whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		mir, err := openMirror(dir)
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		if err := mir.readJournal(func(p *packed) error { rows += len(p.Rows); return nil }); err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if rows > 0 && n < len(whole)/2 {
			t.Errorf("cut at %d it has %d rows", n, rows)
		}
		_ = mir.close()
	}
	again, err := Open(t.Context(), m, dir, k, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	copied(t, again, from)
	sameAs(t, m, k, from, 1, 2, 3, 4)
}
