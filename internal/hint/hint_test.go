package hint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHintsAreFoundInErrorsOfAllKinds(t *testing.T) {
	typed := func(text string) string { return strings.ReplaceAll(text, "snap ", "snap-backup ") }
	one := With(errors.New("one"), "try: snap list\nor %s", "a snap that was typed")
	two := Usage(With(Usagef("two"), "%s", Text("snap ls")))
	err := fmt.Errorf("all: %w", errors.Join(one, two))
	want := []string{"try: snap-backup list", "or a snap that was typed", "snap-backup ls"}
	if got := Lines(err, typed); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if !IsUsage(err) || IsUsage(one) {
		t.Errorf("wrong usage: %v and %v", IsUsage(err), IsUsage(one))
	}
	if With(nil, "x") != nil || Usage(nil) != nil {
		t.Error("no error has a hint")
	}
}

func TestJoinedErrorsArePartedAndOthersAreNot(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	for _, c := range []struct {
		err  error
		want []error
	}{
		{nil, nil}, {one, []error{one}}, {With(errors.Join(one, With(two, "hint")), "hint"), []error{one, two}},
	} {
		if got := Parts(c.err); !slices.Equal(got, c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
	if err := fmt.Errorf("all: %w", errors.Join(one, two)); len(Parts(err)) != 1 {
		t.Errorf("%q", Parts(err))
	}
}
