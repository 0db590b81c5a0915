package settings

import (
	"fmt"
	"strconv"
	"strings"

	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
)

// IONice is a priority at the disks; the zero value is that of all others.
type IONice struct {
	Class file.IOClass
	Level int // in the class file.IOBestEffort
}

// ParseIONice reads "idle", "best-effort" or "best-effort:7".
func ParseIONice(v string) (n IONice, err error) {
	class, level, leveled := strings.Cut(strings.ToLower(v), ":")
	switch {
	case v == "":
		return n, nil
	case class == "idle" && !leveled:
		return IONice{Class: file.IOIdle}, nil
	case class == "best-effort" && !leveled:
		return IONice{Class: file.IOBestEffort, Level: 4}, nil
	case class == "best-effort" && len(level) == 1 && level >= "0" && level <= "7":
		return IONice{Class: file.IOBestEffort, Level: int(level[0] - '0')}, nil
	}
	return n, fmt.Errorf("%s: must be idle, best-effort or best-effort:0 to best-effort:7", quote.Name(v))
}

// ParseNice reads a number from 0, as all others, to 19, behind all others.
func ParseNice(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 19 {
		return 0, fmt.Errorf("%s: must be a number from 0 to 19", quote.Name(v))
	}
	return n, nil
}

// ParseRate reads a number of bytes a second, as 20M or 20M/s; 0 or "" is no limit.
func ParseRate(v string) (int64, error) {
	v = strings.TrimSpace(strings.TrimSuffix(v, "/s"))
	if v == "" {
		return 0, nil
	}
	return text.ParseAmount(v)
}

func setRate(s *Settings, v string) (err error) {
	s.MaxRate, err = ParseRate(v)
	return err
}

func setNice(s *Settings, v string) (err error) {
	if v != "" {
		s.Nice, err = ParseNice(v)
	}
	return err
}

func setIONice(s *Settings, v string) (err error) {
	s.IONice, err = ParseIONice(v)
	return err
}
