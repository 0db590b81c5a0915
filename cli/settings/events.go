package settings

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"snap/hooks"
	"snap/internal/when"
	"snap/notify"
)

// Events are what the settings want to happen around a backup.
type Events struct {
	Commands map[hooks.Event]string // for /bin/sh
	Timeout  time.Duration          // how long a command may take; 0: as long as it wants
	Notify   []notify.Target        // who is told how it went
	Always   bool                   // also when all is well, those too who need not know
}

// None reports whether nothing is wanted.
func (e *Events) None() bool { return len(e.Commands) == 0 && len(e.Notify) == 0 }

func commandSetting(event hooks.Event) func(*Settings, string) error {
	return func(s *Settings, v string) error {
		if v == "" {
			return nil
		}
		if s.Events.Commands == nil {
			s.Events.Commands = map[hooks.Event]string{}
		}
		s.Events.Commands[event] = v
		return nil
	}
}

func setHookTimeout(s *Settings, v string) error {
	age, err := when.ParseAge(v)
	limit := time.Duration(0)
	if err == nil {
		limit, err = age.Duration()
	}
	if err != nil || limit < 0 {
		return fmt.Errorf("write it as 90s, 30min or 2h; 0s for as long as it takes")
	}
	s.Events.Timeout = limit
	return nil
}

// setNotify sets those who can be told beside one that cannot be: they are told of that.
func setNotify(s *Settings, v string) (first error) {
	for _, text := range names(v) {
		t, err := notify.Parse(text)
		if err == nil {
			s.Events.Notify = append(s.Events.Notify, t)
		}
		first = cmp.Or(first, err)
	}
	return first
}

func setNotifyWhen(s *Settings, v string) error {
	switch strings.ToLower(v) {
	case "problems":
		s.Events.Always = false
	case "always":
		s.Events.Always = true
	default:
		return fmt.Errorf("must be problems or always")
	}
	return nil
}
