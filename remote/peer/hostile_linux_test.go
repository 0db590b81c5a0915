package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/index"
	"snap/record"
	"snap/remote/replica"
)

// hostile is a giver that the test plays: it answers each question by what answer says.
func hostile(t *testing.T, y, id string,
	answer func(a *ask, send func(kind byte, payload []byte), number uint64)) *outcome {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	a, b, _ := line(0)
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, b, b, y, ServeOptions{Explain: explain})
		b.Close()
	}()
	defer func() { a.Close(); <-served }()
	talk, err := newTalk(a, a)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { a.Close(); talk.close() }()
	if err := talk.greet(&hello{Want: give, ID: id, Place: "there", Options: &options{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := talk.meet(); err != nil {
		t.Fatal(err)
	}
	for {
		kind, payload, err := talk.r.next()
		if err != nil {
			return nil
		}
		switch kind {
		case kindAsk:
			n, rest, _ := cut(payload, 1)
			q := ask{}
			if err := json.Unmarshal(rest, &q); err != nil {
				t.Fatal(err)
			}
			answer(&q, func(kind byte, payload []byte) { _ = talk.w.write(kind, payload) }, n[0])
		case kindResult:
			out := &outcome{}
			if err := json.Unmarshal(payload, out); err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
}

// TestHostileGiver: a giver that says what no snap does gets nothing outside of the replica, nothing without its hash,
// and no more memory than was granted.
func TestHostileGiver(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "the bytes of a")
	p.Write("b/c", "the bytes of c")
	p.Backup()
	x, err := replica.OpenHere(context.Background(), p.Dest)
	p.Do(err)
	defer x.Close()
	real, err := newGiver(x, nil, nil).snapshots(context.Background())
	p.Do(err)
	list := func(change func(h *record.Header)) []byte {
		said := *real.(*snapshots)
		h := record.Header{}
		p.Do(json.Unmarshal(said.All[0], &h))
		change(&h)
		b, err := json.Marshal(&h)
		p.Do(err)
		said.All = []json.RawMessage{b}
		b, err = json.Marshal(&said)
		p.Do(err)
		return b
	}
	plain := list(func(*record.Header) {})
	set, err := os.ReadFile(p.Meta("changes", destination.ChangeSetName(1)))
	p.Do(err)
	escape := changeSet(p, func(e *record.Entry) {
		if e.Path == "b" {
			e.Kind, e.Target = 4, "/tmp" // a link, and what was in the folder comes after it
		}
	})
	for name, c := range map[string]struct {
		list, set, bytes []byte
		flood            bool
		published        bool
	}{
		"as it is":               {list: plain, set: set, published: true},
		"another name":           {list: list(func(h *record.Header) { h.Name = "../out" }), set: set},
		"own folder":             {list: list(func(h *record.Header) { h.Name = ".snap" }), set: set},
		"a number of old":        {list: list(func(h *record.Header) { h.Seq = 0 }), set: set},
		"no records":             {list: plain, set: []byte("snapchg1")},
		"half a set":             {list: plain, set: set[:len(set)/2]},
		"through a link":         {list: plain, set: escape},
		"other bytes":            {list: plain, set: set, bytes: []byte("other bytes..."), published: true},
		"endless bytes":          {list: plain, set: set, flood: true},
		"of another destination": {list: list(func(h *record.Header) { h.Destination = "other" }), set: set},
		"no list":                {list: []byte("[1,2"), set: set},
		"a huge number":          {list: list(func(h *record.Header) { h.Seq = 1 << 63 }), set: set},
	} {
		t.Run(name, func(t *testing.T) {
			y := follower(t)
			out := hostile(t, y, x.ID(), func(a *ask, send func(kind byte, payload []byte), number uint64) {
				data := func(b []byte) { send(kindData, append(numbered(number, classOwn), b...)) }
				switch a.Kind {
				case askSnapshots:
					data(c.list)
				case askHolds:
					data([]byte("true"))
				case askSettings:
					data([]byte(`{"../../out":"eA==","Blacklist.txt":"eA=="}`))
				case askChanges, askListing:
					data(c.set)
				case askFile:
					b := c.bytes
					if b == nil {
						b, _ = os.ReadFile(filepath.Join(p.Dest, "s0001", string(a.Path)))
					}
					for range 1 + map[bool]int{true: 1000}[c.flood] {
						send(kindData, append(numbered(number, classAhead), bytes.Repeat(b, 1+map[bool]int{true: 5000}[c.flood])...))
					}
				}
				send(kindEnd, numbered(number))
			})
			all, _ := filepath.Glob(filepath.Join(y, "*"))
			for _, path := range all {
				if b := filepath.Base(path); b != "s0001" && b != "latest" && b != ".snap" && b != "Blacklist.txt" {
					t.Errorf("%s is there", path)
				}
			}
			if outside, _ := os.ReadDir(filepath.Dir(y)); len(outside) != 1 {
				t.Errorf("%v are beside it", outside)
			}
			if _, err := os.Lstat("/tmp/c"); err == nil {
				t.Error("a link was followed")
			}
			_, err := os.Lstat(filepath.Join(y, "s0001"))
			if c.published != (err == nil) {
				t.Errorf("published: %v; %+v", err == nil, out)
			}
			if c.bytes != nil && (out == nil || !out.Result.Incomplete()) {
				t.Errorf("%+v", out)
			}
			for _, path := range []string{"a", "b/c"} {
				want, _ := os.ReadFile(filepath.Join(p.Dest, "s0001", path))
				if got, err := os.ReadFile(filepath.Join(y, "s0001", path)); err == nil && !bytes.Equal(got, want) {
					t.Errorf("%s holds %q", path, got)
				}
			}
			if _, err := os.Lstat(index.Path(y)); err == nil && c.published {
				backuptest.Sound(t, y)
			}
		})
	}
}

// changeSet is the change set of the first snapshot, with other records.
func changeSet(p *backuptest.Place, change func(e *record.Entry)) []byte {
	var b bytes.Buffer
	var w *record.ChangeWriter
	f, err := os.Open(p.Meta("changes", destination.ChangeSetName(1)))
	p.Do(err)
	defer f.Close()
	r, err := record.NewChangeReader(f)
	p.Do(err)
	w, err = record.NewChangeWriter(&b, r.Begin())
	p.Do(err)
	for e, err := range r.All() {
		p.Do(err)
		change(e)
		p.Do(w.Add(e.Path, &e.Record))
	}
	p.Do(w.End(r.Final()))
	return b.Bytes()
}

// TestHostileTaker: files are given of snapshots alone.
func TestHostileTaker(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Do(os.Symlink("/etc", p.Path("link")))
	p.Backup()
	f, _, err := taken(p, p.Dest, 0, ServeOptions{})
	p.Do(err)
	defer f.Close()
	ctx := context.Background()
	for _, path := range []string{"../s0001/a", "../.snap/index.db", "link/passwd", "/etc/passwd", "link", "", "b"} {
		var v any
		if err := f.t.answer(ctx, ask{Kind: askFile, Seq: 1, Path: []byte(path)}, &v); err == nil ||
			errors.Is(err, ErrProtocol) {
			t.Errorf("%q: %v, %v", path, v, err)
		}
	}
	var v any
	if err := f.t.answer(ctx, ask{Kind: askFile, Seq: 7, Path: []byte("a")}, &v); err == nil {
		t.Error("a file of a snapshot that is not there")
	}
	if err := f.t.answer(ctx, ask{Kind: "passwords"}, &v); err == nil {
		t.Error("a question that nobody asks")
	}
}
