package cli

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"snap/internal/file"
	"snap/query"
)

// A level is listed without reading through large folders in it, and without losing what comes after.
func TestLargeFoldersArePassedOver(t *testing.T) {
	const skipAfter = 4096 // entries of one folder that are read past
	w := mustWorld(t)
	var want []string
	for _, dir := range []string{"a", "b", "b-b", "c"} {
		w.mkdir(dir)
		want = append(want, dir)
		for i := range map[string]int{"a": 3*skipAfter + 5, "b": skipAfter, "b-b": skipAfter - 1, "c": 1}[dir] {
			w.now[fmt.Sprintf("%s/%05d", dir, i)] = node{id: w.id(), kind: file.Regular, mode: 0o644}
		}
	}
	w.now["c.txt"] = node{id: w.id(), kind: file.Regular, mode: 0o644}
	w.snapshot(t)
	var got []string
	for e, err := range (&query.Reader{DB: w.db}).List(context.Background(), &w.heads[0], "", false) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Path)
	}
	if want = append(want, "c.txt"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
