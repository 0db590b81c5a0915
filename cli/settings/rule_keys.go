package settings

import (
	"regexp"
	"slices"
	"strings"

	"github.com/xrash/smetrics"

	"snap/internal/hint"
)

// A misspelled rule is worse than a misspelled setting of another kind: the rules that are left delete what it was to
// keep. So a key that snap does not know is looked at twice.

// ruleWords are words that a key of retention has, here or in other programs.
var ruleWords = []string{"keep", "keeps", "kept", "retain", "retained", "retention", "prune", "pruning", "forget",
	"expire", "expiry", "free"}

// bareRules are keys that lack the keep_ before them.
var bareRules = []string{"last", "hourly", "daily", "weekly", "monthly", "yearly", "within"}

var notLetters = regexp.MustCompile(`[^\p{L}]+`)

// letters are those of a key, in lower case: keep_daily, Keep-Daily and KeepDaily have the same.
func letters(key string) string { return notLetters.ReplaceAllString(strings.ToLower(key), "") }

// isRule reports whether a known key is a rule of what is deleted.
func isRule(key string) bool {
	return strings.HasPrefix(key, "keep_") || strings.HasPrefix(key, "min_free")
}

// meantAsRule reports whether a key that snap does not know was meant to be a rule.
func meantAsRule(key string) bool {
	word := letters(key)
	if slices.Contains(bareRules, word) {
		return true
	}
	for _, part := range notLetters.Split(strings.ToLower(key), -1) {
		if slices.Contains(ruleWords, part) {
			return true
		}
	}
	for _, prefix := range []string{"keep", "retain", "retention", "minfree", "prune", "forget"} {
		if strings.HasPrefix(word, prefix) {
			return true
		}
	}
	for _, k := range table() {
		// One letter in three may be wrong: kep_dialy.
		if rule := letters(k.key); isRule(k.key) && smetrics.WagnerFischer(word, rule, 1, 1, 1) <= len(rule)/3 {
			return true
		}
	}
	return false
}

// nearestSetting is the key that a key which snap does not know was most likely meant to be, "" if none is near.
func nearestSetting(key string) string {
	word := letters(key)
	for _, prefix := range []string{"retain", "retention", "kept"} {
		if rest, ok := strings.CutPrefix(word, prefix); ok {
			word = "keep" + rest
		}
	}
	if slices.Contains(bareRules, word) {
		word = "keep" + word
	}
	if word == "keep" { // so many
		word = "keeplast"
	}
	var keys []string
	for _, k := range table() {
		if letters(k.key) == word {
			return k.key
		}
		keys = append(keys, k.key)
	}
	return hint.Nearest(key, keys)
}
