package settings

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
)

// RuleKeys are the keys of the rules, in the order in which people think of them.
func RuleKeys() []string {
	return []string{"keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly", "keep_within",
		"keep_tag", "min_free", "min_free_keep_daily"}
}

// AskedRules are rules that are asked for once, by flags or in a form, in place of those in BackupOptions.txt. values
// are those of a key, and whether it is there; name is what the key is called there. any is false if no rule is.
func AskedRules(values func(key string) (all []string, there bool), name func(key string) string) (k Rules, any bool,
	err error) {
	k = DefaultRules()
	last := func(key string) (string, bool) {
		all, there := values(key)
		if !there || len(all) == 0 {
			return "", false
		}
		return all[len(all)-1], true
	}
	counts := k.Counts()
	for _, key := range RuleKeys() {
		n := counts[key[min(len("keep_"), len(key)):]]
		v, there := last(key)
		if n == nil || !there {
			continue
		}
		any = true
		if *n, err = ParseCount(v); err != nil {
			return k, any, hint.Usagef("%s %s: %s", name(key), quote.Name(v), err)
		}
	}
	for key, set := range map[string]func(string) error{"keep_within": k.SetWithin, "min_free": k.SetMinFree} {
		if v, there := last(key); there {
			any = true
			if err := cmp.Or(emptyRule(v), set(v)); err != nil {
				return k, any, hint.Usagef("%s: %s", name(key), err)
			}
		}
	}
	if tags, there := values("keep_tag"); there {
		any = true
		if err := k.SetTags(slices.Clone(tags)); err != nil {
			return k, any, hint.Usagef("%s: %s", name("keep_tag"), err)
		}
	}
	if v, there := last("min_free_keep_daily"); there {
		if k.FloorDaily, err = ParseCount(v); err != nil {
			return k, any, hint.Usagef("%s %s: %s", name("min_free_keep_daily"), quote.Name(v), err)
		}
	}
	return k, any, nil
}

// emptyRule refuses a rule without a value, as a script makes it of a variable that is not set: the rules beside it
// would delete what it was to keep.
func emptyRule(v string) error {
	if v == "" {
		return errors.New("the value is empty")
	}
	return nil
}

// Values are the rules as a form has them, by their keys: "" for none.
func (k *Rules) Values() map[string]string {
	v := map[string]string{"min_free_keep_daily": strconv.Itoa(k.FloorDaily)}
	for _, line := range k.Lines() {
		key, value, _ := strings.Cut(line, " = ")
		v[key] = value
	}
	return v
}
