package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"snap/cli/text"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
)

// keepRules are the rules of prune as a person writes them, in flags or in BackupOptions.txt.
type keepRules struct {
	last, hourly, daily, weekly, monthly, yearly int

	within  string // an AGE
	tags    []string
	minFree retention.MinFree
	floor   int // the newest of each of so many days stay whatever minFree says
}

func defaultRules() keepRules { return keepRules{floor: 7} }

// counts are the rules that are a number.
func (k *keepRules) counts() map[string]*int {
	return map[string]*int{"last": &k.last, "hourly": &k.hourly, "daily": &k.daily, "weekly": &k.weekly, "monthly": &k.monthly, "yearly": &k.yearly}
}

// keepFlags are the flags of prune.
func keepFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "keep-last", Usage: "keep the newest `N`"},
		&cli.StringFlag{Name: "keep-hourly", Usage: "keep the newest of each of `N` hours"},
		&cli.StringFlag{Name: "keep-daily", Usage: "keep the newest of each of `N` days"},
		&cli.StringFlag{Name: "keep-weekly", Usage: "keep the newest of each of `N` weeks"},
		&cli.StringFlag{Name: "keep-monthly", Usage: "keep the newest of each of `N` months"},
		&cli.StringFlag{Name: "keep-yearly", Usage: "keep the newest of each of `N` years"},
		&cli.StringFlag{Name: "keep-within", Usage: "keep all of the time `AGE` before the newest: 30d, 1y6mo"},
		&cli.StringSliceFlag{Name: "keep-tag", Usage: "keep those tagged `TAG`; may be repeated"},
		&cli.StringFlag{Name: "min-free", Usage: "then delete the oldest until `SPACE` is free: 10%, 50G"},
		&cli.StringFlag{Name: "min-free-keep-daily", Value: "7", Usage: "whatever --min-free says, keep the newest of each of `N` days"},
		&cli.BoolFlag{Name: "allow-most", Usage: "delete even if more than half of the snapshots go"},
	}
}

// readKeepFlags reads the flags of prune; any is false if none was given.
func readKeepFlags(f *cli.Context) (k keepRules, any bool, err error) {
	k = defaultRules()
	for name, n := range k.counts() {
		name = "keep-" + name
		if !f.IsSet(name) {
			continue
		}
		any = true
		if *n, err = parseKeep(f.String(name)); err != nil {
			return k, any, hint.Usagef("--%s %s: %s", name, quote.Name(f.String(name)), err)
		}
	}
	if f.IsSet("keep-within") {
		any = true
		if err := cmp.Or(emptyRule(f.String("keep-within")), k.setWithin(f.String("keep-within"))); err != nil {
			return k, any, hint.Usagef("--keep-within: %s", err)
		}
	}
	if f.IsSet("keep-tag") {
		any = true
		if err := k.setTags(f.StringSlice("keep-tag")); err != nil {
			return k, any, hint.Usagef("--keep-tag: %s", err)
		}
	}
	if f.IsSet("min-free") {
		any = true
		if err := cmp.Or(emptyRule(f.String("min-free")), k.setMinFree(f.String("min-free"))); err != nil {
			return k, any, hint.Usagef("--min-free: %s", err)
		}
	}
	if k.floor, err = parseKeep(f.String("min-free-keep-daily")); err != nil {
		return k, any, hint.Usagef("--min-free-keep-daily %s: %s", quote.Name(f.String("min-free-keep-daily")), err)
	}
	return k, any, nil
}

// emptyRule refuses a rule without a value, as a script makes it of a variable that is not set: the rules beside it would
// delete what it was to keep.
func emptyRule(v string) error {
	if v == "" {
		return errors.New("the value is empty")
	}
	return nil
}

func parseKeep(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 1e6 {
		return 0, fmt.Errorf("it is a number of snapshots, 0 for none")
	}
	return n, nil
}

func keepSetting(field func(*keepRules) *int) func(*settings, string) error {
	return func(s *settings, v string) (err error) {
		if v != "" {
			*field(&s.keep), err = parseKeep(v)
		}
		return err
	}
}

func (k *keepRules) setWithin(v string) error {
	if v != "" {
		if sp, err := when.ParseAge(v); err != nil {
			return err
		} else if sp == (when.Age{}) {
			v = "" // as a number of 0: no such rule
		}
	}
	k.within = v
	return nil
}

func (k *keepRules) setMinFree(v string) (err error) {
	if v == "" {
		return nil
	}
	if text, ok := strings.CutSuffix(text.JoinUnit(v), "%"); ok {
		p, err := strconv.ParseFloat(text, 64)
		if err != nil || strings.Trim(text, "0123456789.") != "" || !(p > 0 && p < 100) {
			return fmt.Errorf("%s: a percentage is more than 0%% and less than 100%%", quote.Name(v))
		}
		k.minFree.Percent = p
		return nil
	}
	if k.minFree.Bytes, err = text.ParseAmount(v); err != nil {
		return fmt.Errorf("%w; of the disk, as 10%%", err)
	}
	return nil
}

func (k *keepRules) setTags(tags []string) error {
	for _, t := range tags {
		if err := checkTag(t); err != nil {
			return err
		}
	}
	k.tags = tags
	return nil
}

func setFloor(s *settings, v string) (err error) {
	if v != "" {
		s.keep.floor, err = parseKeep(v)
	}
	return err
}

// retention is the rules for package backup, by the clock and in the zone of now.
func (k *keepRules) retention(now time.Time) retention.Policy {
	zone := now.Location()
	r := retention.Policy{
		Last: k.last, Hourly: k.hourly, Daily: k.daily, Weekly: k.weekly, Monthly: k.monthly, Yearly: k.yearly,
		Tags: k.tags, MinFree: k.minFree, FloorDaily: k.floor, Zone: zone, Now: now,
	}
	if sp, err := when.ParseAge(k.within); err == nil {
		r.WithinText = k.within
		r.Within = func(newest time.Time) time.Time { return sp.Before(newest.In(zone)) }
	}
	return r
}
