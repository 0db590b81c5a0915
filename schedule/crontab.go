package schedule

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"snap/internal/quote"
)

// maxCron is the longest command that cron takes.
const maxCron = 990

// CronLine is the line of a crontab for the job. cron makes up for nothing that was missed: the words "daily", "weekly"
// and "monthly" become a look each hour whether the last backup is old enough. An error says what cron cannot do.
func (j *Job) CronLine() (string, error) {
	if err := j.Check(); err != nil {
		return "", err
	}
	if j.OnPower {
		return "", errors.New("cron does not know whether the computer is on battery")
	}
	w := j.When
	if w.extended || w.year != nil || w.second == nil || len(w.second) != 1 || w.second[0] != 0 {
		return "", fmt.Errorf("cron has no form for %s: no years, no seconds", quote.Name(w.Text))
	}
	if w.days != nil && w.day != nil {
		return "", fmt.Errorf(
			"cron has no form for %s: to it a day of the week and one of the month are either of them",
			quote.Name(w.Text),
		)
	}
	at := fmt.Sprintf(
		"%s %s %s %s %s",
		w.minute.text("%d", "*"),
		w.hour.text("%d", "*"),
		w.day.text("%d", "*"),
		w.month.text("%d", "*"),
		w.days.text("%d", "*"),
	)
	args := []string{j.Program}
	if j.StateHome != "" {
		args = append([]string{"XDG_STATE_HOME=" + j.StateHome}, args...)
	}
	line := ""
	for i, arg := range append(args, j.Args()...) {
		if name, value, ok := strings.Cut(arg, "="); ok && i == 0 && j.StateHome != "" {
			line += name + "=" + quote.Word(value)
			continue
		}
		line += " " + quote.Word(arg)
	}
	line = strings.TrimPrefix(line, " ") + " --quiet --nice 10 --ionice idle"
	if w.Every != "" {
		at = fmt.Sprintf("%d * * * *", j.minute()) // not at the minute of all other machines
		if w.Every != "hourly" {
			line += " --if-older " + every[w.Every]
		}
	}
	if len(line) > maxCron {
		return "", fmt.Errorf("the command is longer than the %d bytes that cron takes", maxCron)
	}
	return at + " " + strings.ReplaceAll(line, "%", `\%`), nil
}

// minute is one of the hour that is always the same for a destination.
func (j *Job) minute() uint32 {
	h := fnv.New32a()
	h.Write([]byte(j.Dest))
	return h.Sum32() % 60
}

// beginMark and endMark are the lines around what is a job's in a crontab. The text behind "when:" is what was asked
// for.
func beginMark(name, when string) string {
	return "# " + name + " begin (made by snap schedule) when: " + when
}
func endMark(name string) string { return "# " + name + " end" }

// ErrMarks: the marks in a crontab are not as this package writes them.
var ErrMarks = errors.New("a mark of snap schedule in the crontab stands without the other: crontab -e mends it")

// CronBlock is what stands in a crontab for the job of a destination, and when it was asked to run; "" if nothing does.
func CronBlock(crontab []byte, dest string) (line, when string, err error) {
	from, to, err := findBlock(crontab, Name(dest))
	if err != nil || from < 0 {
		return "", "", err
	}
	first, rest, _ := bytes.Cut(crontab[from:to], []byte("\n"))
	_, text, _ := strings.Cut(string(first), " when: ")
	second, _, _ := bytes.Cut(rest, []byte("\n"))
	return strings.TrimRight(string(second), "\r"), strings.TrimRight(text, "\r"), nil
}

// EditCrontab is a crontab in which the line stands for the job of a destination, where one stood before or at the end;
// with "" it has none. All else stays.
func EditCrontab(crontab []byte, dest, when, line string) ([]byte, error) {
	name := Name(dest)
	from, to, err := findBlock(crontab, name)
	if err != nil {
		return nil, err
	}
	block := ""
	if line != "" {
		block = beginMark(name, when) + "\n" + line + "\n" + endMark(name) + "\n"
	}
	if from < 0 {
		from, to = len(crontab), len(crontab)
		if block != "" && from > 0 && crontab[from-1] != '\n' {
			block = "\n" + block
		}
	}
	return bytes.Join([][]byte{crontab[:from], []byte(block), crontab[to:]}, nil), nil
}

// findBlock is where the lines of a job are, its marks included; from is -1 if there are none.
func findBlock(crontab []byte, name string) (from, to int, err error) {
	from, to = -1, -1
	at := 0
	for line := range bytes.Lines(crontab) {
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case strings.HasPrefix(text, "# "+name+" begin "):
			if from >= 0 {
				return -1, -1, ErrMarks
			}
			from = at
		case text == endMark(name):
			if from < 0 || to >= 0 {
				return -1, -1, ErrMarks
			}
			to = at + len(line)
		}
		at += len(line)
	}
	if from >= 0 && to < 0 {
		return -1, -1, ErrMarks
	}
	return from, to, nil
}
