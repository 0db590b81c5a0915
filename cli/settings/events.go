package settings

import (
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
	if err == nil {
		s.Events.Timeout, err = age.Duration()
	}
	if err != nil || s.Events.Timeout < 0 {
		return fmt.Errorf("write it as 90s, 30min or 2h; 0s for as long as it takes")
	}
	return nil
}

func setNotify(s *Settings, v string) error {
	for _, text := range names(v) {
		t, err := notify.Parse(text)
		if err != nil {
			return err
		}
		s.Events.Notify = append(s.Events.Notify, t)
	}
	return nil
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
