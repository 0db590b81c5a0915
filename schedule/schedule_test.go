package schedule

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func when(t *testing.T, text string) When {
	t.Helper()
	w, err := ParseWhen(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) // a Sunday
	for text, want := range map[string][2]string{
		"hourly":           {"*-*-* *:00:00", "2026-11-22 13:00"},
		"daily":            {"*-*-* 00:00:00", "2026-11-23 00:00"},
		"Daily 03:00":      {"*-*-* 03:00:00", "2026-11-23 03:00"},
		"weekly":           {"Mon *-*-* 00:00:00", "2026-11-23 00:00"},
		"monthly 4:30":     {"*-*-01 04:30:00", "2026-12-01 04:30"},
		"yearly":           {"*-01-01 00:00:00", "2027-01-01 00:00"},
		"03:00":            {"*-*-* 03:00:00", "2026-11-23 03:00"},
		"*:0/15":           {"*-*-* *:00,15,30,45:00", "2026-11-22 12:15"},
		"Mon 03:00":        {"Mon *-*-* 03:00:00", "2026-11-23 03:00"},
		"sat,sun 12:30":    {"Sun,Sat *-*-* 12:30:00", "2026-11-22 12:30"},
		"Mon..Fri 08:00":   {"Mon,Tue,Wed,Thu,Fri *-*-* 08:00:00", "2026-11-23 08:00"},
		"fri..mon 08:00":   {"Sun,Mon,Fri,Sat *-*-* 08:00:00", "2026-11-23 08:00"},
		"Wednesday":        {"Wed *-*-* 00:00:00", "2026-11-25 00:00"},
		"*-*-* 12:30":      {"*-*-* 12:30:00", "2026-11-22 12:30"},
		"*-*-01 04:00":     {"*-*-01 04:00:00", "2026-12-01 04:00"},
		"02-29 01:00":      {"*-02-29 01:00:00", "2028-02-29 01:00"},
		"2027-01-01 08..9": {"", ""},
		"2027-3-1 08:00":   {"2027-03-01 08:00:00", "2027-03-01 08:00"},
		"":                 {"", ""}, "now": {"", ""}, "mon tue": {"", ""}, "24:00": {"", ""}, "03:60": {"", ""},
		"hourly 03:00": {"", ""}, "daily 3": {"", ""},
		"*-13-* 03:00": {"", ""}, "*-02-30 03:00": {"", ""}, "1999-01-01 03:00": {"", ""}, "daily\n[Service]": {"", ""},
		"3..1:00": {"", ""}, "*:0/0": {"", ""}, "-1:00": {"", ""},
		"daily daily": {"", ""}, "quarterly 03:00": {"*-01,04,07,10-01 03:00:00", "2027-01-01 03:00"},
		"minutely": {"*-*-* *:*:00", "2026-11-22 12:01"},
	} {
		w, err := ParseWhen(text)
		if want[0] == "" {
			if err == nil {
				t.Errorf("%q is taken, as %s", text, w.Calendar())
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := w.Calendar(); got != want[0] {
			t.Errorf("%q: %s, want %s", text, got, want[0])
		}
		if got := w.Next(now).Format("2006-01-02 15:04"); got != want[1] {
			t.Errorf("%q: next %s, want %s", text, got, want[1])
		}
		if err := CheckCalendar(context.Background(), w.Calendar()); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestTimesAreThoseOfSystemd: the next time is that of systemd-analyze.
func TestTimesAreThoseOfSystemd(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze here")
	}
	base := "2026-11-22 12:00:00 UTC"
	now, _ := time.Parse("2006-01-02 15:04:05 MST", base)
	for _, text := range []string{"hourly", "daily", "weekly", "monthly", "yearly", "daily 03:07", "Mon 03:00",
		"Fri..Sun 23:59", "*-*-13 05:00", "fri *-*-13 05:00", "02-29 01:00", "*:0/7", "1..5/2:30"} {
		w := when(t, text)
		c := exec.Command("systemd-analyze", "calendar", "--base-time="+base, w.Calendar())
		c.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
		out, err := c.CombinedOutput()
		if strings.Contains(string(out), "unrecognized option") {
			t.Skip("this systemd-analyze is too old")
		}
		_, next, _ := strings.Cut(string(out), "Next elapse: ")
		next, _, _ = strings.Cut(next, "\n")
		if want := w.Next(now).Format("Mon 2006-01-02 15:04:05 MST"); err != nil || next != want {
			t.Errorf("%s: systemd says %q, we say %q, %v", text, next, want, err)
		}
	}
}

func job(t *testing.T, dest, text string) *Job {
	t.Helper()
	return &Job{Program: "/usr/bin/snap", Dest: dest, When: when(t, text)}
}

const golden = `# Made by snap schedule, which changes it and removes it too: snap schedule off
[Unit]
Description=Backup to /mnt/disk/50%% by snap
Documentation=man:snap-backup(1)
After=remote-fs.target
ConditionACPower=true

[Service]
Type=oneshot
# Sets HOME, where snap keeps which disk backups went to.
User=root
Environment="XDG_STATE_HOME=/my state"
ExecStart=/usr/bin/snap backup --keep-awake --lock-wait 1h -d /mnt/disk/50%%
# Stopped, as at shutdown: the next one goes on from there. Incomplete (3) counts as failed, so that somebody sees it.
SuccessExitStatus=143
# snap ends its hooks itself.
KillMode=mixed
Nice=10
IOSchedulingClass=idle
# Made by snap schedule, which changes it and removes it too: snap schedule off
# when: Mon 03:00
[Unit]
Description=When to back up to /mnt/disk/50%% by snap
Documentation=man:snap-backup(1)

[Timer]
OnCalendar=Mon *-*-* 03:00:00
RandomizedDelaySec=3600
# What was missed while the computer was off is made up for.
Persistent=true

[Install]
WantedBy=timers.target
`

// TestWhatIsMeantIsATime: what people write who know cron, or in words, comes with the argument that does it.
func TestWhatIsMeantIsATime(t *testing.T) {
	for text, want := range map[string]string{
		"daily 3": "daily 03:00", "daily at 3": "daily 03:00", "3am": "03:00", "3 am": "03:00", "at 3:30pm": "15:30",
		"12am": "00:00", "12pm": "12:00", "mondays": "monday", "every monday": "monday", "Mondays 18:00": "monday 18:00",
		"12:00 Mon-Fri": "mon-fri 12:00", "weekdays": "mon..fri", "every day": "daily", "every day at noon": "daily 12:00",
		"nightly": "daily", "weekends 9": "sat,sun 09:00", "disable": "off", "stop": "off", "none": "off",
		"status":    "--status",
		"0 3 * * *": "03:00", "30 2 * * 1-5": "mon..fri 02:30", "0 0 1 * *": "*-*-01 00:00", "*/15 * * * *": "*:00/15",
		"0 */6 * * *": "00/6:00", "0 9,17 * * 0": "sun 09,17:00", "5 4 * 1 7": "sun *-01-* 04:05",
		"whenever": "", "25:00": "", "61 3 * * *": "", "0 3 * *": "", "": "", "often": "",
	} {
		got := Meant(text)
		if _, err := ParseWhen(got); got != want || err != nil && want != "" && want != "off" && want != "--status" {
			t.Errorf("%q is meant to be %q, not %q: %v", text, got, want, err)
		}
	}
	for _, text := range []string{"Mon-Fri 12:00", "@daily", "@weekly", "mon,wed-fri 3:00", "Mon..Fri 12:00"} {
		if _, err := ParseWhen(text); err != nil {
			t.Errorf("%s is refused: %v", text, err)
		}
	}
	a, _ := ParseWhen("Mon-Fri 12:00")
	if b, _ := ParseWhen("Mon..Fri 12:00"); a.Calendar() != b.Calendar() {
		t.Errorf("%s is not %s", a.Calendar(), b.Calendar())
	}
}

// TestWhatEndsIsTold: a time that does not come again is none for backups, and is not said never to come.
func TestWhatEndsIsTold(t *testing.T) {
	for text, want := range map[string][2]string{
		"2026-12-24 18:00": {"comes only once", "*-12-24 18:00"}, "2020-*-* 18:00": {"comes only until 2020", "*-*-* 18:00"},
		"*-02-30": {"never comes", ""}, "2026-02-30": {"never comes", ""},
	} {
		var ends *EndsError
		_, err := ParseWhen(text)
		if !errors.As(err, &ends) || !strings.Contains(err.Error(), want[0]) || ends.Instead != want[1] {
			t.Errorf("%s: %v, %+v", text, err, ends)
		}
		if w, err := ParseWhen(want[1]); want[1] != "" && err != nil {
			t.Errorf("%s: %v, %v", want[1], w, err)
		}
	}
}

func TestUnits(t *testing.T) {
	j := job(t, "/mnt/disk/50%", "Mon 03:00")
	j.OnPower, j.Delay, j.StateHome = true, time.Hour, "/my state"
	units, err := j.Units()
	if err != nil {
		t.Fatal(err)
	}
	if got := units[0].Text + units[1].Text; got != golden {
		t.Errorf("the units are\n%s", got)
	}
	if units[0].Name != `snap-backup-mnt-disk-50\x25.service` || units[1].Name != `snap-backup-mnt-disk-50\x25.timer` {
		t.Errorf("they are called %s and %s", units[0].Name, units[1].Name)
	}
}

// hostile are paths that mean something to systemd, cron or a shell.
var hostile = []string{
	"/a b", `/quote"s and 'these'`, `/back\slash`, `/back\\x41`, "/50%", "/%n%i%h", `/\%`, "/$HOME/${HOME}", "/$$",
	"/semi;colon", "/#hash", "/&& touch x", "/`id`", "/$(id)",
	"/ünï/日本", "/end\\", "/-x", "/a=b", "/*?[]", "/~", "/.hidden", "/" + strings.Repeat("long/", 40), "/",
}

// TestHostileNamesReachTheProgram: systemd takes the units without a word, and the shell that cron starts gives the
// program the path.
func TestHostileNamesReachTheProgram(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "prog ram %i")
	if err := os.WriteFile(program,
		[]byte("#!/bin/sh\nfor a; do printf '%s\\0' \"$a\"; done\nprintf '%s' \"$XDG_STATE_HOME\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	var jobs []*Job
	for _, dest := range hostile {
		j := job(t, dest, "12:30")
		j.Program, j.StateHome = program, dest
		line, err := j.CronLine()
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.SplitN(line, " ", 6)
		out, err := exec.Command("/bin/sh", "-c", asCronReads(t, fields[5])).CombinedOutput()
		want := strings.Join(j.Args(), "\x00") + "\x00--quiet\x00--nice\x0010\x00--ionice\x00idle\x00" + dest
		if err != nil || string(out) != want {
			t.Errorf("%s: cron runs it with %q, %v", dest, out, err)
		}
		units, err := j.Units()
		if err != nil {
			t.Fatal(err)
		}
		if name := units[0].Name; names[name] || len(name) > 200 || strings.Contains(name, "/") {
			t.Errorf("%s: the unit is called %s", dest, name)
		}
		names[units[0].Name] = true
		jobs = append(jobs, j)
	}
	verify(t, dir, jobs...)
	if _, err := (&Job{Program: "/it's", Dest: "/a"}).Units(); !errors.As(err, new(*PathError)) {
		t.Errorf("a program that systemd refuses: %v", err)
	}
	for _, dest := range []string{"/a\nb", "/a\rb", "/a\x00", "/\xff", "/a\u202eb", "/tab\t"} {
		j := job(t, dest, "daily")
		_, errUnits := j.Units()
		_, errLine := j.CronLine()
		if !errors.As(errUnits, new(*PathError)) || !errors.As(errLine, new(*PathError)) {
			t.Errorf("%q: %v, %v", dest, errUnits, errLine)
		}
	}
}

// asCronReads is a command as cron hands it to the shell: a percent sign ends it, one behind a backslash is one.
func asCronReads(t *testing.T, text string) string {
	var b strings.Builder
	escaped := false
	for _, c := range []byte(text) {
		if escaped && c != '%' {
			b.WriteByte('\\')
		} else if !escaped && c == '%' {
			t.Errorf("cron ends the command at the percent sign: %s", text)
		}
		if escaped = c == '\\'; !escaped {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// verify asks systemd what is wrong with the units of jobs, as those of the system and of a user. The program must be
// there.
func verify(t *testing.T, dir string, jobs ...*Job) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		return
	}
	for _, manager := range []string{"--system", "--user"} {
		args := []string{"verify", "--man=no", manager}
		for _, j := range jobs {
			j.User = manager == "--user"
			units, err := j.Units()
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range units {
				path := filepath.Join(dir, u.Name)
				if err := os.WriteFile(path, []byte(u.Text), 0o644); err != nil {
					t.Fatal(err)
				}
				args = append(args, path)
			}
		}
		c := exec.Command("systemd-analyze", args...)
		c.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir)
		if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", manager, err, out)
		}
	}
}

func TestUnitsAreAsSystemdWantsThem(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("no systemd-analyze here")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "snap")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	var jobs []*Job
	for _, text := range []string{"hourly", "daily", "weekly", "monthly", "Mon..Fri 12:30", "*-*-01 04:00"} {
		j := job(t, "/mnt/disk/me", text)
		j.Program, j.OnPower, j.Delay, j.StateHome, j.Dest = program, true, time.Minute, "/home/me/.state", "/mnt/"+text
		jobs = append(jobs, j)
	}
	verify(t, dir, jobs...)
	wrong := exec.Command("systemd-analyze", "verify", "--man=no", filepath.Join(dir, "x.service"))
	if err := os.WriteFile(filepath.Join(dir, "x.service"), []byte(strings.Replace(golden, "Nice=", "Nicer=", 1)),
		0o644); err != nil {
		t.Fatal(err)
	}
	if out, _ := wrong.CombinedOutput(); !strings.Contains(string(out), "Nicer") {
		t.Errorf("a unit with an error passes: %s", out)
	}
}

func TestCronLines(t *testing.T) {
	const line = "/usr/bin/snap backup --keep-awake --lock-wait 1h -d /mnt/me --quiet --nice 10 --ionice idle"
	for text, want := range map[string]string{
		"daily":         "46 * * * * " + line + " --if-older 23h",
		"hourly":        "46 * * * * " + line,
		"daily 03:00":   "0 3 * * * " + line,
		"sat,sun 12:30": "30 12 * * 0,6 " + line,
		"quarterly":     "0 0 1 1,4,7,10 * " + line,
		"12:30:15":      "", "fri *-*-13 05:00": "", "2027-01-01 08:00": "", "12:30:*": "",
	} {
		got, err := job(t, "/mnt/me", text).CronLine()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s, %v\nwant %s", text, got, err, want)
		}
	}
	j := job(t, "/mnt/me", "daily")
	if j.OnPower = true; true {
		if line, err := j.CronLine(); err == nil {
			t.Errorf("cron cannot know of batteries: %s", line)
		}
	}
	if line, err := job(t, "/"+strings.Repeat("x", 1000), "daily").CronLine(); err == nil {
		t.Errorf("a line that cron cuts: %s", line)
	}
}

// TestOnlyTheJobIsChangedInACrontab: whatever stands there stays, byte for byte.
func TestOnlyTheJobIsChangedInACrontab(t *testing.T) {
	for _, before := range []string{"", "# mine\n0 1 * * * x\n", "MAILTO=me\r\n0 1 * * * x", "\xff\n", "\n\n"} {
		one, err := EditCrontab([]byte(before), "/a", "daily", "1 * * * * one")
		if err != nil {
			t.Fatal(err)
		}
		two, err := EditCrontab(one, "/a b", "weekly", "2 * * * * two")
		if err != nil {
			t.Fatal(err)
		}
		changed, err := EditCrontab(two, "/a", "hourly", "3 * * * * three")
		if err != nil || strings.Contains(string(changed), "one") || !strings.HasPrefix(string(changed), before) {
			t.Errorf("%q: %v\n%s", before, err, changed)
		}
		line, text, err := CronBlock(changed, "/a")
		if line != "3 * * * * three" || text != "hourly" || err != nil {
			t.Errorf("%q: %q at %q, %v", before, line, text, err)
		}
		again, err := EditCrontab(changed, "/a", "hourly", "3 * * * * three")
		if err != nil || string(again) != string(changed) {
			t.Errorf("%q: twice is\n%s, %v", before, again, err)
		}
		left, err := EditCrontab(changed, "/a", "", "")
		if err == nil {
			left, err = EditCrontab(left, "/a b", "", "")
		}
		if got := strings.TrimSuffix(string(left), "\n"); err != nil ||
			got != strings.TrimSuffix(before, "\n") && got != before {
			t.Errorf("%q: %q is left, %v", before, left, err)
		}
	}
	name := Name("/a")
	for _, torn := range []string{beginMark(name, "daily") + "\nx\n", endMark(name) + "\n", beginMark(name, "daily") +
		"\n" + beginMark(name, "daily") + "\nx\n" + endMark(name) + "\n"} {
		if got, err := EditCrontab([]byte(torn), "/a", "daily", "y"); !errors.Is(err, ErrMarks) {
			t.Errorf("%q: %q, %v", torn, got, err)
		}
	}
}
