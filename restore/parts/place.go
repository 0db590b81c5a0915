package parts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
	"snap/restore"
)

// Place is an argument and where it goes.
type Place struct {
	restore.Item
	Header *record.Header
	Arg    string
}

// Apart sorts places by where they go, and refuses those that go to, or into, the place of another. A folder and what
// is in it may both be named when they stay together.
func Apart(places []Place) error {
	slices.SortStableFunc(places, func(a, b Place) int { return record.Compare(a.To, b.To) })
	var outer *Place
	for i := range places {
		p := &places[i]
		switch {
		case outer == nil || !record.Within(p.To, outer.To):
			outer = p
		case p.To == outer.To || p.Header != outer.Header || p.Path != p.To || outer.Path != outer.To:
			return hint.With(hint.Usagef("%s and %s would go to the same place", quote.Name(outer.Arg), quote.Name(p.Arg)),
				"restore them one by one to different targets")
		}
	}
	return nil
}

// Way is where below its target what is restored goes.
type Way uint8

// The ways.
const (
	ByName     Way = iota // under its last name, all of a snapshot as the target itself
	ByPath                // under its whole path
	WhereItWas            // under its whole path below the source
)

// Items are what is restored if path of a snapshot is asked for, and where each goes.
func Items(h *record.Header, p string, way Way) []restore.Item {
	switch {
	case way == WhereItWas:
		return inPlace(h, p)
	case way == ByPath || p == "":
		return []restore.Item{{Path: p, To: p}}
	}
	return []restore.Item{{Path: p, To: path.Base(p)}}
}

// inPlace is what of a snapshot is restored where it was, if path is asked for. A folder that only leads to sources,
// such as / and /home, stands for those: it itself stays as it is, and so does what else is in it.
func inPlace(h *record.Header, path string) (items []restore.Item) {
	roots := h.Roots()
	if roots.Place(path) != record.Carrier {
		return []restore.Item{{Path: path, To: path}}
	}
	for _, r := range roots.Outer() {
		if record.Within(r, path) {
			items = append(items, restore.Item{Path: r, To: r})
		}
	}
	return items
}

// NameTarget makes the target of one file its new name, as cp does, where it is no folder and does not say that it is
// one by a slash at its end. typed is how the target was typed.
func NameTarget(o *restore.Options, typed string) error {
	typed = filepath.ToSlash(typed)
	if err := destination.CheckLead(o.Target); err != nil {
		return err
	}
	if info, err := os.Stat(o.Target); err == nil && info.IsDir() || strings.HasSuffix(typed, "/") ||
		slices.Contains([]string{".", ".."}, path.Base(typed)) {
		return nil
	}
	dir, name := filepath.Dir(o.Target), filepath.Base(o.Target)
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return hint.With(fmt.Errorf("restore to %s: there is no folder %s", quote.Name(o.Target),
			quote.Name(dir)), "to make it: mkdir -p %s", quote.Word(dir))
	}
	if err == nil && !info.IsDir() {
		return hint.With(fmt.Errorf("restore to %s: %s is no folder", quote.Name(o.Target),
			quote.Name(dir)), "choose another target")
	}
	o.Target, o.Items[0].To = dir, name // whatever else is wrong with the folder shows when it is opened
	return nil
}
