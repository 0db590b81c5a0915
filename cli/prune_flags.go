package cli

import (
	"cmp"
	"errors"

	"snap/cli/cmdline"
	"snap/cli/settings"
	"snap/internal/hint"
	"snap/internal/quote"
)

// keepFlags are the flags of prune.
func keepFlags() flags {
	return flags{
		{Name: "keep-last", Kind: cmdline.String, Usage: "keep the newest `N`"},
		{Name: "keep-hourly", Kind: cmdline.String, Usage: "keep the newest of each of `N` hours"},
		{Name: "keep-daily", Kind: cmdline.String, Usage: "keep the newest of each of `N` days"},
		{Name: "keep-weekly", Kind: cmdline.String, Usage: "keep the newest of each of `N` weeks"},
		{Name: "keep-monthly", Kind: cmdline.String, Usage: "keep the newest of each of `N` months"},
		{Name: "keep-yearly", Kind: cmdline.String, Usage: "keep the newest of each of `N` years"},
		{Name: "keep-within", Kind: cmdline.String, Usage: "keep all of the time `AGE` before the newest: 30d, 1y6mo"},
		{Name: "keep-tag", Kind: cmdline.Strings, Usage: "keep those tagged `TAG`; may be repeated"},
		{Name: "min-free", Kind: cmdline.String, Usage: "then delete the oldest until `SPACE` is free: 10%, 50G"},
		{Name: "min-free-keep-daily", Kind: cmdline.String, Default: "7",
			Usage: "whatever --min-free says, keep the newest of each of `N` days"},
		{Name: "allow-most", Usage: "delete even if more than half of the snapshots go"},
	}
}

// readKeepFlags reads the flags of prune; any is false if none was given.
func readKeepFlags(f cmdline.Values) (k settings.Rules, any bool, err error) {
	k = settings.DefaultRules()
	for name, n := range k.Counts() {
		name = "keep-" + name
		if !f.IsSet(name) {
			continue
		}
		any = true
		if *n, err = settings.ParseCount(f.String(name)); err != nil {
			return k, any, hint.Usagef("--%s %s: %s", name, quote.Name(f.String(name)), err)
		}
	}
	if f.IsSet("keep-within") {
		any = true
		if err := cmp.Or(emptyRule(f.String("keep-within")), k.SetWithin(f.String("keep-within"))); err != nil {
			return k, any, hint.Usagef("--keep-within: %s", err)
		}
	}
	if f.IsSet("keep-tag") {
		any = true
		if err := k.SetTags(f.Strings("keep-tag")); err != nil {
			return k, any, hint.Usagef("--keep-tag: %s", err)
		}
	}
	if f.IsSet("min-free") {
		any = true
		if err := cmp.Or(emptyRule(f.String("min-free")), k.SetMinFree(f.String("min-free"))); err != nil {
			return k, any, hint.Usagef("--min-free: %s", err)
		}
	}
	if k.FloorDaily, err = settings.ParseCount(f.String("min-free-keep-daily")); err != nil {
		return k, any, hint.Usagef("--min-free-keep-daily %s: %s", quote.Name(f.String("min-free-keep-daily")), err)
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
