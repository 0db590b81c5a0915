package state

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"testing"
)

// FuzzKnown: destinations.json is read, or refused; what was read is the same when it was written again.
func FuzzKnown(f *testing.F) {
	for _, s := range []string{
		"", "{", "null", "[]", "[{}]", `[{"path":"relative"}]`, `{"path":1}`,
		`[{"path":"/mnt/disk","id":"x","source":"/home","last":"2026-11-22T13:45:10Z","index":"fe00-1-2-3.4-5.6"}]`,
		`[{"path":"/a","last":"2026-11-22T13:45:10+01:00"},{"path":"/a"},null]`, `[{"path":"/\ud800"}]`,
		`[{"path":"/","last":"x"}]`, `[{"PATH":"/x","path":"/y"}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parse(b)
		if err != nil {
			return
		}
		for i, k := range list {
			if !filepath.IsAbs(k.Path) {
				t.Errorf("the path %q", k.Path)
			}
			list[i].Last = k.Last.UTC()
		}
		again, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		back, err := parse(again)
		for i := range back {
			back[i].Last = back[i].Last.UTC()
		}
		if err != nil || len(back) != len(list) || len(list) > 0 && !reflect.DeepEqual(back, list) {
			t.Errorf("%+v is %+v, %v", list, back, err)
		}
	})
}
