package settings

import (
	"strings"
	"testing"

	"snap/cli/text"
)

// TestMisspelledRules: what was meant to be a rule is never passed over, and no other key is taken for one.
func TestMisspelledRules(t *testing.T) {
	for key, near := range map[string]string{
		"keep_dialy": "keep_daily", "keep-daily": "keep_daily", "keepdaily": "keep_daily", "Keep_Weekly_": "keep_weekly",
		"keep daily": "keep_daily",
		"kep_dialy":  "keep_daily", "eep_last": "keep_last", "keeplast": "keep_last", "keep": "keep_last",
		"keep_minutely": "keep_monthly",
		"minfree":       "min_free", "min-free": "min_free", "min_fre": "min_free", "minimum_free": "min_free", "free": "",
		"min_free_keep": "min_free_keep_daily",
		"retain_daily":  "keep_daily", "retention_policy": "", "daily": "keep_daily", "within": "keep_within",
		"keep_within_": "keep_within", "prune": "",
		"kepp_within": "keep_within", "keep_tags": "keep_tag", "forget_after": "", "días_keep": "",
	} {
		if !meantAsRule(strings.ToLower(key)) {
			t.Errorf("%s is not taken for a rule", key)
		}
		if got := nearestSetting(strings.ToLower(key)); near != "" && got != near {
			t.Errorf("%s: near %q, want %q", key, got, near)
		}
		_, _, err := Parse("f", []byte("keep_weekly = 4\n"+key+" = 7\n"))
		if err == nil || !strings.Contains(err.Error(), "f:2: unknown setting") {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, key := range []string{"colour", "formt", "skp", "symlink", "follow_symlinks", "log_level", "exclude",
		"one_filesystem", "ignore_ctimes", "job", "notifies", "max_rates", "nicer", "io_nice", "stores", "moments", "freeze"} {
		s, warnings, err := Parse("f", []byte("keep_weekly = 4\n"+key+" = 7\n"))
		if err != nil || len(warnings) != 1 || len(s.Unknown) != 1 {
			t.Errorf("%s: %v, %q, %q", key, err, warnings, s.Unknown)
		}
	}
	for _, k := range table() {
		if isRule(k.key) != meantAsRule(k.key) {
			t.Errorf("%s: rule %v, meant as one %v", k.key, isRule(k.key), meantAsRule(k.key))
		}
	}
}

func TestCommentsBehindValues(t *testing.T) {
	for line, want := range map[string]string{
		"a": "a", "a # b": "a", "a\t#b": "a", "a#b": "a#b", " # none": "", "#x": "#x", " #%Y": "#%Y", "a # b # c": "a",
		"": "", "a  ": "a",
	} {
		if got := withoutComment(line); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
	s, _, err := Parse("f",
		[]byte("keep_last = 3 # three\nkeep_daily = # none\nformat = %Y#%m%d\nmin_free = 10% # a tenth\n"))
	if err != nil || s.Keep.last != 3 || s.Keep.daily != 0 || s.Format != "%Y#%m%d" || s.Keep.minFree.Percent != 10 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestSizesWithoutUnit: a small number without a unit is a unit forgotten; whoever means bytes can say so.
func TestSizesWithoutUnit(t *testing.T) {
	for size, ok := range map[string]bool{
		"0": true, "0.0": true, "10": false, "0.5": false, "1048575": false, "1048576": true, "4194304": true, "10B": true,
		"10K": true, "1.5G": true, "x": false,
	} {
		if _, err := text.ParseAmount(size); (err == nil) != ok {
			t.Errorf("%s: %v", size, err)
		}
	}
	for _, line := range []string{"min_free = 10", "exclude_larger_than = 10", "keep_within = 30", "min_free = 100%",
		"min_free = 1 0%", "min_free = 1 0G", "min_free = 0%", "keep_last = 7d", "min_free_keep_daily = x",
		"keep_tag = a b"} {
		if _, _, err := Parse("f", []byte(line)); err == nil {
			t.Errorf("%s is taken", line)
		}
	}
	for _, line := range []string{"min_free = 0", "min_free =", "min_free = 10 %", "min_free = 50 GB",
		"exclude_larger_than = 0", "keep_within = 0d", "min_free_keep_daily = 0", "keep_tag = a, b", "keep_tag =",
		"min_free_keep_daily ="} {
		if _, _, err := Parse("f", []byte(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
