package settings

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
)

// Rules are the rules of prune as a person writes them, in flags or in BackupOptions.txt.
type Rules struct {
	last, hourly, daily, weekly, monthly, yearly int

	within     string // an AGE
	tags       []string
	minFree    retention.MinFree
	FloorDaily int // the newest of each of so many days stay whatever minFree says
}

// DefaultRules keep everything.
func DefaultRules() Rules { return Rules{FloorDaily: 7} }

// Counts are the rules that are a number.
func (k *Rules) Counts() map[string]*int {
	return map[string]*int{"last": &k.last, "hourly": &k.hourly, "daily": &k.daily, "weekly": &k.weekly,
		"monthly": &k.monthly, "yearly": &k.yearly}
}

// ParseCount reads a number of snapshots.
func ParseCount(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 1e6 {
		return 0, fmt.Errorf("must be a number of snapshots, 0 for none")
	}
	return n, nil
}

func keepSetting(field func(*Rules) *int) func(*Settings, string) error {
	return func(s *Settings, v string) (err error) {
		if v != "" {
			*field(&s.Keep), err = ParseCount(v)
		}
		return err
	}
}

// SetWithin reads keep_within, an AGE.
func (k *Rules) SetWithin(v string) error {
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

// SetMinFree reads min_free, a percentage of the disk or a size.
func (k *Rules) SetMinFree(v string) (err error) {
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

// SetTags sets the tags of keep_tag.
func (k *Rules) SetTags(tags []string) error {
	for _, t := range tags {
		if err := CheckTag(t); err != nil {
			return err
		}
	}
	k.tags = tags
	return nil
}

func setFloor(s *Settings, v string) (err error) {
	if v != "" {
		s.Keep.FloorDaily, err = ParseCount(v)
	}
	return err
}

// Policy is the rules for package retention, by the clock and in the zone of now.
func (k *Rules) Policy(now time.Time) retention.Policy {
	zone := now.Location()
	r := retention.Policy{
		Last: k.last, Hourly: k.hourly, Daily: k.daily, Weekly: k.weekly, Monthly: k.monthly, Yearly: k.yearly,
		Tags: k.tags, MinFree: k.minFree, FloorDaily: k.FloorDaily, Zone: zone, Now: now,
	}
	if sp, err := when.ParseAge(k.within); err == nil {
		r.WithinText = k.within
		r.Within = func(newest time.Time) time.Time { return sp.Before(newest.In(zone)) }
	}
	return r
}

// Lines are the rules that are set, as they stand in BackupOptions.txt.
func (k *Rules) Lines() (lines []string) {
	for _, rule := range [...]struct {
		key string
		n   int
	}{
		{"last", k.last}, {"hourly", k.hourly}, {"daily", k.daily}, {"weekly", k.weekly},
		{"monthly", k.monthly}, {"yearly", k.yearly},
	} {
		if rule.n > 0 {
			lines = append(lines, fmt.Sprintf("keep_%s = %d", rule.key, rule.n))
		}
	}
	if k.within != "" {
		lines = append(lines, "keep_within = "+k.within)
	}
	if len(k.tags) > 0 {
		lines = append(lines, "keep_tag = "+strings.Join(k.tags, ", "))
	}
	switch {
	case k.minFree.Percent > 0:
		lines = append(lines, fmt.Sprintf("min_free = %g%%", k.minFree.Percent))
	case k.minFree.Bytes > 0:
		lines = append(lines, "min_free = "+strings.ReplaceAll(humanize.IBytes(uint64(k.minFree.Bytes)), " ", ""))
	}
	return lines
}

// CheckTags says why these tags cannot be added, or not while others are taken away.
func CheckTags(add, remove []string) error {
	for _, t := range add {
		if err := CheckTag(t); err != nil {
			return hint.Usagef("--add: %s", err)
		}
		if slices.Contains(remove, t) {
			return hint.Usagef("tag %s: both --add and --remove", quote.Name(t))
		}
	}
	return nil
}

// ChangedTags are tags less those that are taken away, and with those that are added.
func ChangedTags(tags, add, remove []string) []string {
	tags = slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return slices.Contains(remove, t) })
	for _, t := range add {
		if !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	return tags
}

// CheckTag says why t cannot be a tag.
func CheckTag(t string) error {
	if t == "" {
		return errors.New("a tag is empty")
	}
	if !quote.Harmless(t) || strings.ContainsAny(t, ", \t:") {
		return fmt.Errorf("%s cannot be a tag: no blanks, commas, colons or control characters", quote.Name(t))
	}
	if t != retention.PinTag && strings.EqualFold(t, retention.PinTag) {
		return fmt.Errorf("%s keeps nothing; did you mean %s?", quote.Name(t), retention.PinTag)
	}
	return nil
}
