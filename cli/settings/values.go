package settings

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/itchyny/timefmt-go"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/text"
	"snap/destination"
	"snap/internal/quote"
	"snap/record"
)

// How the values of single settings are read.

func boolSetting(field func(*Settings) *bool) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		switch strings.ToLower(v) {
		case "true", "yes", "on", "1":
			*field(s) = true
		case "false", "no", "off", "0":
			*field(s) = false
		default:
			return fmt.Errorf("must be True or False")
		}
		return nil
	}
}

func setErrors(s *Settings, v string) error {
	switch strings.ToLower(v) {
	case "warn":
		s.errors = backup.WarnErrors
	case "ignore":
		s.errors = backup.IgnoreErrors
	case "fail":
		s.errors = backup.FailOnErrors
	default:
		return fmt.Errorf("must be Ignore, Warn or Fail")
	}
	return nil
}

func setLogLevel(s *Settings, v string) error {
	if _, ok := LogLevels[strings.ToUpper(v)]; !ok {
		return fmt.Errorf("must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
	}
	s.Loglevel = strings.ToUpper(v)
	return nil
}

func setLarger(s *Settings, v string) (err error) {
	if v != "" {
		s.ExcludeLargerThan, err = text.ParseAmount(v)
	}
	return err
}

func setIfPresent(s *Settings, v string) error {
	s.excludeIfPresent = names(v)
	for _, name := range s.excludeIfPresent {
		if err := CheckMarker(name); err != nil {
			return err
		}
	}
	return nil
}

// CheckMarker says why no file in a folder can be called name.
func CheckMarker(name string) error {
	if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
		return fmt.Errorf("%s is not the name of a file: must be a name such as .nobackup, not a path", quote.Name(name))
	}
	return nil
}

func setJobs(s *Settings, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 1024 {
		return fmt.Errorf("must be a number from 0 to 1024")
	}
	s.Jobs = n
	return nil
}

// names splits a list at its commas.
func names(v string) (list []string) {
	for n := range strings.SplitSeq(v, ",") {
		if n = strings.TrimSpace(n); n != "" {
			list = append(list, n)
		}
	}
	return list
}

// checkFormat says why a format cannot name snapshots: it is tried on times that differ in every field.
func checkFormat(format string) error {
	literal := strings.ReplaceAll(format, "%%", "_") // so that a % that is left is one that means nothing
	var names [2]string
	for i, t := range []time.Time{time.Date(1970, 1, 2, 3, 4, 5, 0, time.UTC),
		time.Date(2026, 11, 22, 13, 45, 10, 987654321, time.UTC)} {
		names[i] = timefmt.Format(t, literal)
		if _, rest, found := strings.Cut(names[i], "%"); found {
			_, n := utf8.DecodeRuneInString(rest)
			return fmt.Errorf("%s means nothing in a format; %%%% is the character", quote.Name("%"+rest[:n]))
		}
		if err := record.CheckName(timefmt.Format(t, format)); err != nil {
			return err
		}
	}
	if names[0] == names[1] {
		return fmt.Errorf("every snapshot would have the same name; use a format such as %%Y%%m%%d-%%H%%M%%S")
	}
	return nil
}

func setStore(s *Settings, v string) (err error) {
	s.Store, err = destination.ParseStore(v)
	return err
}

func setMoment(s *Settings, v string) (err error) {
	s.Moment, err = source.ParseMoment(v)
	return err
}
