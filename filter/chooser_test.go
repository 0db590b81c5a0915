package filter

import "testing"

// TestChooser: it chooses what a rule fits and all below it, and knows which rules never did.
func TestChooser(t *testing.T) {
	c := Context{Source: "/src"}
	var rules []*Rule
	for i, text := range []string{"*.txt", "docs/", "*.pdf"} {
		r, err := ParseLine("--include", i+1, text, c)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	ch := NewChooser(rules, c)
	chosen := ch.Func(false)
	if chosen("a.jpg", false) || ch.Fitted || !ch.Passed || len(ch.Idle()) != 3 {
		t.Errorf("after what nothing fits: fitted %t, passed %t, idle %v", ch.Fitted, ch.Passed, ch.Idle())
	}
	if !chosen("a.txt", false) || !chosen("docs", true) || !chosen("docs/x", false) || !ch.Fitted || ch.Err != nil {
		t.Errorf("what rules fit is not chosen: %v", ch.Err)
	}
	if idle := ch.Idle(); len(idle) != 1 || idle[0].Text != "*.pdf" {
		t.Errorf("idle: %v", idle)
	}
	if none := (*Chooser)(nil); none.Func(true) != nil || none.Idle() != nil {
		t.Error("without rules something is chosen")
	}
	if NewChooser(nil, c).Func(false)("a", false) {
		t.Error("an empty list chooses something")
	}
}
