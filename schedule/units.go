package schedule

import (
	"fmt"
	"strings"
	"time"
)

// Unit is a unit file of systemd.
type Unit struct{ Name, Text string }

// head stands at the top of what is made here.
const head = "# Made by snap schedule, which changes it and removes it too: snap schedule off\n"

// whenMark stands before what was asked for, in a timer.
const whenMark = "# when: "

// Units are the service and the timer of the job, in the order in which they are written: a service without its timer
// never runs.
func (j *Job) Units() ([]Unit, error) {
	if err := j.Check(); err != nil {
		return nil, err
	}
	name := Name(j.Dest)
	return []Unit{{name + ".service", j.service()}, {name + ".timer", j.timer()}}, nil
}

func (j *Job) service() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	b.WriteString(head)
	line("[Unit]")
	line("Description=Backup to %s by snap", specifiers(j.Dest))
	line("Documentation=man:snap-backup(1)")
	if !j.User {
		line("After=remote-fs.target")
	}
	if j.OnPower {
		line("ConditionACPower=true")
	}
	line("\n[Service]")
	line("Type=oneshot")
	if !j.User {
		line("# Sets HOME, where snap keeps which disk backups went to.")
		line("User=root")
	}
	if j.StateHome != "" {
		line("Environment=%s", unitWord("XDG_STATE_HOME="+j.StateHome))
	}
	words := []string{unitWord(j.Program)}
	for _, arg := range j.Args() {
		words = append(words, strings.ReplaceAll(unitWord(arg), "$", "$$"))
	}
	line("ExecStart=%s", strings.Join(words, " "))
	line(
		"# Stopped, as at shutdown: the next one goes on from there. Incomplete (3) counts as failed, so that " +
			"somebody sees it.",
	)
	line("SuccessExitStatus=143")
	line("# snap ends its hooks itself.")
	line("KillMode=mixed")
	line("Nice=10")
	line("IOSchedulingClass=idle")
	return b.String()
}

func (j *Job) timer() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	b.WriteString(head)
	line("%s%s", whenMark, j.When.Text)
	line("[Unit]")
	line("Description=When to back up to %s by snap", specifiers(j.Dest))
	line("Documentation=man:snap-backup(1)")
	line("\n[Timer]")
	line("OnCalendar=%s", specifiers(j.When.Calendar()))
	if j.Delay > 0 {
		line("RandomizedDelaySec=%d", int64(j.Delay/time.Second))
	}
	line("# What was missed while the computer was off is made up for.")
	line("Persistent=true")
	line("\n[Install]")
	line("WantedBy=timers.target")
	return b.String()
}

// specifiers is a text in which systemd finds none of its specifiers.
func specifiers(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// unitWord is one word of a line of words. In ExecStart variables are filled in too, which is the caller's matter.
func unitWord(s string) string {
	s = specifiers(s)
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:@%,="
	if s != "" && strings.Trim(s, plain) == "" {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
