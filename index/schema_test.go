package index

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheSchemaIsTheOneDrawn reads the drawing in the package doc and compares it with a real database.
func TestTheSchemaIsTheOneDrawn(t *testing.T) {
	doc, err := os.ReadFile("index.go")
	check(t, err)
	drawn := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^//\t(\w+)/ +(\S.*?)   `).FindAllStringSubmatch(string(doc), -1) {
		drawn[m[1]] = strings.Join(strings.Fields(m[2]), " ")
	}
	db := smallHistory(t)
	real, keys := map[string]bool{}, map[string][]string{}
	for k, v := range db.dump(t) {
		name, key, inside := strings.Cut(k, "/")
		if real[name] = true; inside && v != "bucket" {
			keys[name] = append(keys[name], key)
		}
	}
	if got, want := slices.Sorted(maps.Keys(real)), slices.Sorted(maps.Keys(drawn)); !slices.Equal(got, want) {
		t.Errorf("the database has the buckets %q, the drawing %q", got, want)
	}
	if got, want := strings.Join(slices.Sorted(slices.Values(keys["meta"])),
		" · "), drawn["meta"]; got != `"id" · "version"` || want != "version · id" {
		t.Errorf("meta has the keys %s, the drawing %s", got, want)
	}
	for name, n := range map[string]int{"snapshots": 5, "records": 16, "paths": 9, "identity": 5, "content": 2} {
		if len(keys[name]) != n {
			t.Errorf("%s has %d keys, want %d: %q", name, len(keys[name]), n, keys[name])
		}
	}
	for _, k := range keys["records"] { // one bucket per snapshot, its key eight bytes
		if seq, _, ok := strings.Cut(k, "/"); !ok || len(seq) != len(`"\x00\x00\x00\x00\x00\x00\x00\x01"`) {
			t.Errorf("records has the key %s", k)
		}
	}
}
