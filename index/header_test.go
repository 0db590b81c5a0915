package index

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

// aHeader is one with every field that a published snapshot has.
func aHeader() Header {
	at := time.Date(2026, 11, 22, 13, 45, 10, 123456789, time.UTC)
	return Header{
		Name: "20261122-134510", Seq: 12, Time: at, Finished: at.Add(time.Minute), Source: "/home/me", Host: "laptop", User: "me",
		Files: 1, Dirs: 2, Bytes: 3, Added: 4, Modified: 5, Metadata: 6, Moved: 7, Removed: 8, Linked: 9, CopiedBytes: 1 << 60, Errors: 11,
		State: Complete, Tags: []string{"pin", "weekly"}, Note: "before the journey", Parent: 11, Destination: "id", Volumes: []string{"", "ext4:1"},
		Users: map[uint32]string{0: "root", 4294967295: ""}, Groups: map[uint32]string{}, Records: 13, Bucket: 10,
	}
}

func headers() (all []Header) {
	local, escaped, nothing, empty := aHeader(), aHeader(), Header{}, aHeader()
	local.Time = local.Time.In(time.FixedZone("", 3600))
	escaped.Source, escaped.Note = `/home/<me> & "you"`, "Grüße\n"
	empty.Tags, empty.Volumes, empty.Users = []string{}, nil, nil
	for _, change := range []func(*Header){
		func(h *Header) { h.Work = "tmp" }, func(h *Header) { h.Merged = []uint64{1, 2} },
		func(h *Header) { h.Boot = "b" }, func(h *Header) { h.Files = -1 }, func(h *Header) { h.Note = "\x7f" },
	} {
		h := aHeader()
		change(&h)
		all = append(all, h)
	}
	return append(all, aHeader(), local, escaped, nothing, empty)
}

// A header that is read quickly is the one that encoding/json reads, and the common ones are.
func TestHeadersReadQuickly(t *testing.T) {
	for i, h := range headers() {
		b, err := json.Marshal(&h)
		check(t, err)
		var got, want Header
		check(t, json.Unmarshal(b, &want))
		if quick := quickHeader(b, &got); quick && !reflect.DeepEqual(got, want) {
			t.Errorf("header %d: got %+v\nwant %+v", i, got, want)
		} else if h.Name == aHeader().Name && reflect.DeepEqual(h, aHeader()) && !quick {
			t.Errorf("header %d: not read quickly: %s", i, b)
		}
		for cut := range b {
			if quickHeader(b[:cut], new(Header)) {
				t.Errorf("header %d: the first %d bytes are taken for a header", i, cut)
			}
		}
	}
}

// Every field that is common is among those that TestHeadersReadQuickly reads: a new one of Header that quickHeader does not know makes all commands slow.
func TestQuickHeaderKnowsEveryField(t *testing.T) {
	late := map[string]bool{"Work": true, "Merged": true, "Boot": true} // of headers that are few
	h := aHeader()
	v := reflect.ValueOf(h)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() != late[name] {
			t.Errorf("%s: set in the common header: %v", name, !v.Field(i).IsZero())
		}
	}
}

func FuzzQuickHeader(f *testing.F) {
	for _, h := range headers() {
		b, err := json.Marshal(&h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var got, want Header
		if !quickHeader(b, &got) {
			return
		}
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		// What Marshal does not make may be read otherwise: a key that is there twice.
		if again, err := json.Marshal(&got); err == nil && bytes.Equal(again, b) && !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %+v, want %+v", b, got, want)
		}
	})
}

func BenchmarkHeader(b *testing.B) {
	h := aHeader()
	text, _ := json.Marshal(&h)
	for name, read := range map[string]func([]byte, *Header){
		"quick": func(b []byte, h *Header) { quickHeader(b, h) },
		"json":  func(b []byte, h *Header) { json.Unmarshal(b, h) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var h Header
				read(text, &h)
			}
		})
	}
}
