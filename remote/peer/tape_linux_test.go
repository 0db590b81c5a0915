package peer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/long"
	"snap/record"
	"snap/remote/replica"
)

// sent is what is written of some snapshots of p.
func sent(p *backuptest.Place, base int, lost func(string, error)) []byte {
	p.T.Helper()
	ctx := context.Background()
	x, err := replica.OpenHere(ctx, p.Dest)
	p.Do(err)
	all, err := x.Snapshots(ctx)
	p.Do(err)
	var from *record.Header
	if base >= 0 {
		from = &all[base]
	}
	var b bytes.Buffer
	p.Do(errors.Join(Send(ctx, &b, x, from, all[base+1:], lost), x.Close()))
	return b.Bytes()
}

// received makes what was sent in y.
func received(b []byte, y string) (*replica.Result, error) {
	ctx := context.Background()
	tape, err := OpenTape(ctx, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	o := replica.Options{Jobs: 3}
	o.Base, o.BaseName = tape.Base()
	return replica.Follow(ctx, tape, y, o)
}

// TestSend: a replica is made of what was sent, at once or bit by bit.
func TestSend(t *testing.T) {
	for seed := range uint64(long.Of(3, 15)) {
		p, y := lived(t, 20+seed, 3), follower(t)
		none := func(path string, err error) { t.Errorf("%s: %v", path, err) }
		_, err := received(sent(p, -1, none), y)
		p.Do(err)
		wantAll(p, y)
		p.Backup(backuptest.Force)
		rest := sent(p, 2, none)
		res, err := received(rest, y)
		p.Do(err)
		if len(res.Copied) != 1 || res.Copied[0].Whole {
			t.Fatalf("%+v", res)
		}
		wantAll(p, y)
		if _, err := received(rest, follower(t)); !errors.Is(err, replica.ErrNoBase) {
			t.Fatalf("%v", err)
		}
	}
}

// TestSendReturned: a file that was away and is back is linked to an older snapshot, which a replica that began later
// has not: its bytes are sent.
func TestSendReturned(t *testing.T) {
	p, y := backuptest.NewPlace(t), follower(t)
	p.Write("stays", "all the time")
	p.Write("back", "bytes that come back")
	p.Backup()
	p.Do(os.Rename(p.Path("back"), filepath.Join(p.Src, "..", "away")))
	p.Backup()
	x, err := replica.OpenHere(context.Background(), p.Dest)
	p.Do(err)
	all, err := x.Snapshots(context.Background())
	p.Do(err)
	var second bytes.Buffer
	p.Do(errors.Join(Send(context.Background(), &second, x, nil, all[1:], nil), x.Close()))
	_, err = received(second.Bytes(), y)
	p.Do(err)
	p.Do(os.Rename(filepath.Join(p.Src, "..", "away"), p.Path("back")))
	p.Backup()
	third := sent(p, 1, func(path string, err error) { t.Errorf("%s: %v", path, err) })
	res, err := received(third, y)
	p.Do(err)
	if res.Incomplete() {
		t.Errorf("%+v", res)
	}
	wantSame(p, y)
	tape, err := OpenTape(context.Background(), bytes.NewReader(third))
	p.Do(err)
	if h := tape.all[0]; res.Copied[0].Whole || h.Returned != 1 {
		t.Errorf("it is not what is to be tested: %+v", h)
	}
}

// TestSendLost: a file that cannot be read is named, and the rest is sent; one that is rotten is not received.
func TestSendLost(t *testing.T) {
	p, y := backuptest.NewPlace(t), follower(t)
	p.Write("gone", "bytes")
	p.Write("rotten", "other bytes")
	p.Write("rest", "the rest")
	p.Backup()
	p.Do(os.Remove(filepath.Join(p.Dest, "s0001", "gone")))
	p.Do(os.WriteFile(filepath.Join(p.Dest, "s0001", "rotten"), []byte("rotten byte"), 0o600))
	named := ""
	res, err := received(sent(p, -1, func(path string, _ error) { named += path }), y)
	p.Do(err)
	if named != "gone" || len(res.Copied[0].Missing) != 2 {
		t.Fatalf("%q, %+v", named, res)
	}
}

// TestTapeDamaged: of what is cut off or has another byte nothing is made.
func TestTapeDamaged(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a", "some bytes")
	p.Write("b/c", "more bytes")
	p.Backup()
	b := sent(p, -1, nil)
	step := 1 + len(b)/long.Of(60, 2000)
	for n := 0; n < len(b); n += step {
		if _, err := OpenTape(context.Background(), bytes.NewReader(b[:n])); err == nil {
			t.Fatalf("%d bytes of %d do", n, len(b))
		}
		c := bytes.Clone(b)
		c[n] ^= 0x41
		if _, err := OpenTape(context.Background(), bytes.NewReader(c)); err == nil {
			t.Fatalf("another byte at %d of %d does", n, len(b))
		}
	}
}

func FuzzTape(f *testing.F) {
	f.Add([]byte(sendMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		tape, err := OpenTape(context.Background(), bytes.NewReader(b))
		if err == nil && len(tape.all) > 0 && len(tape.sets) == 0 {
			return // nothing is made of it
		}
	})
}
