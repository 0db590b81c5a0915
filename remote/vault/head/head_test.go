package head

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"snap/internal/long"
	"snap/record"
	"snap/remote/vault/seal"
)

const id = "00112233445566778899aabbccddeeff"

// signer is a fixed key: signatures of Ed25519 are the same each time.
var signer = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func public() ed25519.PublicKey { return signer.Public().(ed25519.PublicKey) }

func sample() *Head {
	at := time.Date(2026, 11, 29, 1, 2, 3, 456, time.UTC)
	return &Head{Number: 42, Before: Name(41, ""), BeforeSum: Sum{1, 2}, Run: "abc", Host: "ann", Destination: "d1",
		Time: at,
		Snapshots: []Snapshot{{record.Header{Name: "2026-11-28", Seq: 3, Time: at, Finished: at, Source: "/home/a\xff",
			Tags: []string{"x"}, Note: "a <note> & \u2028"}, []Sum{{3}, {4}}}},
		Tables:    []Table{{Parts: []Sum{{5}}, Rows: 6, Pending: true}},
		Condemned: map[string]uint64{MetaName(Sum{9}): 40, "data/ab/x": 42},
		Missing:   []Missing{{Hash: Sum{8}, Size: 10, Sparse: true}},
		Settings:  map[string][]byte{"BackupOptions.txt": []byte("x = 1\n")},
	}
}

func encode(t interface{ Fatal(...any) }, h *Head) []byte {
	b, err := h.Encode(id, signer)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestHeadsRoundTrip: what is read is what was written, and is written again byte for byte.
func TestHeadsRoundTrip(t *testing.T) {
	long.Check(t, 200, func(t *rapid.T) {
		h := sample()
		h.Number = rapid.Uint64Range(43, 1<<60).Draw(t, "number")
		h.Host = rapid.String().Draw(t, "host") + string(rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "bytes"))
		h.Snapshots[0].Header.Note = string(rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(t, "note"))
		if rapid.Bool().Draw(t, "empty") {
			h.Snapshots, h.Tables, h.Condemned, h.Missing, h.Settings = nil, nil, nil, nil, nil
		}
		text := encode(t, h)
		got, err := Parse(text, id, public())
		if err != nil {
			t.Fatal(err)
		}
		if got.Number != h.Number || len(got.Snapshots) != len(h.Snapshots) || len(got.Condemned) != len(h.Condemned) {
			t.Fatalf("%+v", got)
		}
		if again := encode(t, got); !bytes.Equal(again, text) {
			t.Fatalf("written again it is\n%s\nnot\n%s", again, text)
		}
	})
}

// TestForgedAndDamagedHeads: whatever byte is another one, the head is not read; nor is another vault's.
func TestForgedAndDamagedHeads(t *testing.T) {
	text := encode(t, sample())
	for i := range text {
		for bit := range 8 {
			b := bytes.Clone(text)
			b[i] ^= 1 << bit
			if _, err := Parse(b, id, public()); !errors.Is(err, ErrForged) && !errors.Is(err, ErrDamaged) {
				t.Fatalf("bit %d of byte %d is another one: %v", bit, i, err)
			}
			if h, err := Parse(b, id, nil); err == nil && h.Number == 0 {
				t.Fatalf("unverified, bit %d of byte %d is another one: %+v", bit, i, h)
			}
		}
		if _, err := Parse(text[:i], id, public()); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForged) {
			t.Fatalf("cut off at %d: %v", i, err)
		}
	}
	if _, err := Parse(append(bytes.Clone(text), '\n'), id, public()); !errors.Is(err, ErrDamaged) {
		t.Errorf("with a line behind it: %v", err)
	}
	if _, err := Parse(text, strings.Repeat("0", 32), public()); !errors.Is(err, ErrForged) {
		t.Errorf("of another vault: %v", err)
	}
	other := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	if _, err := Parse(text, id, other.Public().(ed25519.PublicKey)); !errors.Is(err, ErrForged) {
		t.Errorf("signed by somebody else: %v", err)
	}
	if _, err := sample().Encode(id, nil); !errors.Is(err, seal.ErrKey) {
		t.Errorf("without the signing key: %v", err)
	}
}

// resign signs a line that Encode would not write.
func resign(line string) []byte {
	return fmt.Appendf([]byte(line), "%s%x\n", signaturePrefix, ed25519.Sign(signer, signed(id, []byte(line))))
}

// TestWhatNewerSnapsWrite is never built on without what is new in it.
func TestWhatNewerSnapsWrite(t *testing.T) {
	line, _, _ := strings.Cut(string(encode(t, sample())), "\n")
	line += "\n"
	for what, newer := range map[string]string{
		"a format":              strings.Replace(line, `"format":1`, `"format":2`, 1),
		"another kind of field": strings.Replace(line, `"format":1`, `"format":2,"tables":5`, 1),
		"a field":               strings.Replace(line, `"run"`, `"new":1,"run"`, 1),
		"a field in a table":    strings.Replace(line, `"rows"`, `"new":1,"rows"`, 1),
		"a field in a header":   strings.Replace(line, `"source"`, `"new":1,"source"`, 1),
	} {
		if _, err := Parse(resign(newer), id, public()); !errors.Is(err, ErrNewer) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, bad := range map[string]string{
		"a name that leads elsewhere": strings.Replace(line, `"name":"2026-11-28"`, `"name":"../x"`, 1),
		"a snapshot of no parts":      strings.Replace(line, `"parts":["03`, `"parts":[],"x":["03`, 1),
		"no number":                   strings.Replace(line, `"number":42`, `"number":0`, 1),
		"condemned in the future":     strings.Replace(line, `x":42`, `x":43`, 1),
		"a list for a text":           strings.Replace(line, `"run":"abc"`, `"run":[]`, 1),
	} {
		if _, err := Parse(resign(bad), id, public()); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestTheBytesOfHeads: the format does not change unseen.
func TestTheBytesOfHeads(t *testing.T) {
	const want = "4d7323bbf123ec602c930a4231862baa500a506eb7ba5c572221b25677320c2d"
	text := encode(t, sample())
	if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != want {
		t.Errorf("the bytes of a head are others, %s:\n%s", got, text)
	}
}

// FuzzHead: no line makes the reader panic, and what it reads is written again as it was.
func FuzzHead(f *testing.F) {
	line, _, _ := strings.Cut(string(encode(f, sample())), "\n")
	f.Add(line)
	f.Add("{}")
	f.Add(`{"format":1,"number":1,"run":"","time":"0001-01-01T00:00:00Z","snapshots":[],"tables":[]}`)
	f.Fuzz(func(t *testing.T, line string) {
		h, err := Parse(resign(line+"\n"), id, public())
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
				t.Errorf("no named error: %v", err)
			}
			return
		}
		if again, _, _ := strings.Cut(string(encode(t, h)), "\n"); again != line {
			t.Errorf("%s\nis written as\n%s", line, again)
		}
	})
}

// TestAboutRoundTrips: vault.json is read as it was written, and damage of it is named.
func TestAboutRoundTrips(t *testing.T) {
	for _, sealed := range []bool{false, true} {
		a := NewAbout(NewID(), sealed, time.Unix(1e9, 5))
		b, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseAbout(b)
		if err != nil || got.ID != a.ID || got.Sealed != sealed || !got.Made.Equal(a.Made) {
			t.Errorf("%+v, %v", got, err)
		}
		if newer := bytes.Replace(b, []byte(`"format": 1`), []byte(`"format": 2`), 1); !newerAbout(newer) {
			t.Errorf("a newer one is read")
		}
		if _, err := ParseAbout(b[:len(b)/2]); !errors.Is(err, ErrDamaged) {
			t.Errorf("half of it: %v", err)
		}
	}
	if _, err := ParseAbout([]byte("{}")); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func newerAbout(b []byte) bool {
	_, err := ParseAbout(b)
	return errors.Is(err, ErrNewer)
}
