package vault

import (
	"errors"
	"slices"
	"testing"

	"snap/remote/store"
	"snap/remote/vault/chain"
)

// TestNothingIsResumedOnWhatIsWrong: a repair that does not know which head counts puts none that a run before was
// about to.
func TestNothingIsResumedOnWhatIsWrong(t *testing.T) {
	t.Parallel()
	m, k := store.NewMemory(), allKeys(t)
	v, from := made(t, m, k), some(t)
	copied(t, v, from)
	h := next(v.h)
	h.Number++
	body, err := v.sealHead(h)
	if err != nil {
		t.Fatal(err)
	}
	in := raw{Ref: chain.Ref{Number: h.Number, Run: v.run(h)}, body: body}
	if err := v.m.write(intentFile, appendIntent(in)); err != nil {
		t.Fatal(err)
	}
	m.Change(v.ref().Name(), nil)
	before := names(t, m, "")
	if _, err := v.Repair(t.Context(), nil, from); !errors.Is(err, ErrRolledBack) {
		t.Error(err)
	}
	if after := names(t, m, ""); !slices.Equal(before, after) {
		t.Errorf("it put %v", after[len(before):])
	}
}
