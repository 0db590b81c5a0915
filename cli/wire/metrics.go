package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"snap/query"
)

// Metrics is the status for Prometheus, in the text format that the textfile collector of node_exporter reads. Each
// has the label destination. What is not known is not there.
func Metrics(s *query.Status) []byte {
	m := metrics{}
	m.label, _ = Name(s.Dir)
	m.gauge("snap_status", "How the destination is: 0 well, 1 attention, 2 damage.", float64(s.Verdict()))
	m.head("snap_status_concern", "Whether this is not as it should be: 1 or 0.")
	found := map[query.Concern]bool{}
	for _, c := range s.Concerns {
		found[c] = true
	}
	for _, c := range query.Concerns() {
		m.sample("snap_status_concern", [2]string{"concern", string(c)}, number(found[c]))
	}
	m.time("snap_status_timestamp_seconds", "When this was written.", s.Now)
	m.gauge("snap_snapshots", "Complete snapshots.", float64(s.Snapshots))
	m.gauge("snap_snapshots_missing", "Snapshots whose folders are gone.", float64(len(s.Missing)))
	m.lastBackup(s)
	failed := 0
	if s.Failure != nil {
		failed = s.Failure.Count
	}
	m.gauge("snap_failed_backups", "Backups that failed since the last that went well.", float64(failed))
	m.lastCheck(s)
	m.space(&s.Space)
	m.gauge(
		"snap_rules_would_delete_snapshots",
		"Snapshots that the rules would delete after a backup now.",
		float64(len(s.Rules.Going)),
	)
	l := &s.Left
	m.gauge("snap_leftovers", "What runs have not finished or could not remove.",
		float64(len(l.Interrupted)+l.Works+l.Deleting+l.Stuck)+number(l.Purging))
	m.gauge("snap_running", "Whether a run is at work: 1 or 0.", number(s.Running != ""))
	return m.Bytes()
}

func (m *metrics) lastBackup(s *query.Status) {
	if s.Newest == nil {
		return
	}
	m.time(
		"snap_last_backup_timestamp_seconds",
		"When the last run began that looked at the whole source.",
		s.Last.Time,
	)
	m.time("snap_last_snapshot_timestamp_seconds", "When the run began that made the newest snapshot.", s.Newest.Time)
	m.gauge(
		"snap_last_snapshot_errors",
		"Files that the newest snapshot lacks because they could not be read or held.",
		float64(s.Newest.Errors),
	)
	m.gauge(
		"snap_last_snapshot_copied_bytes",
		"What the run copied that made the newest snapshot.",
		float64(s.Copied()),
	)
	if s.Last.Usual > 0 {
		m.gauge(
			"snap_backup_interval_seconds",
			"The median of the last intervals between backups.",
			s.Last.Usual.Seconds(),
		)
	}
}

func (m *metrics) lastCheck(s *query.Status) {
	c := s.Check
	if c == nil {
		return
	}
	left := int64(0)
	if c.Left != nil {
		left = c.Left.Errors
	}
	m.time("snap_last_check_timestamp_seconds", "When the last check began.", c.Time)
	m.gauge("snap_check_errors", "Faults that checks found and that no check since has found well.", float64(left))
	m.gauge(
		"snap_data_read_ratio",
		fmt.Sprintf("Which part of the bytes that are there now checks have read within %d days, about.", query.DataReadDays),
		s.DataRead,
	)
}

func (m *metrics) space(s *query.Space) {
	m.gauge("snap_free_bytes", "Free space in the file system of the destination.", float64(s.Free))
	m.gauge("snap_size_bytes", "Size of the file system of the destination.", float64(s.Total))
	if s.HasInodes {
		m.gauge("snap_free_inodes", "Free inodes in the file system of the destination.", float64(s.Inodes))
	}
	if g := &s.Growth; g.Known {
		m.gauge(
			"snap_growth_bytes_per_second",
			"By how much less is free, in the mean of the last days.",
			g.PerDay/(24*60*60),
		)
	}
	if !s.Full.IsZero() {
		m.time("snap_full_timestamp_seconds", "When the file system is full if that goes on.", s.Full)
	}
}

// metrics writes them.
type metrics struct {
	bytes.Buffer
	label string // the destination
}

// head writes what a metric is.
func (m *metrics) head(name, help string) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

func (m *metrics) sample(name string, more [2]string, value float64) {
	fmt.Fprintf(m, `%s{destination="%s"`, name, escaped.Replace(m.label))
	if more[0] != "" {
		fmt.Fprintf(m, `,%s="%s"`, more[0], escaped.Replace(more[1]))
	}
	fmt.Fprintf(m, "} %s\n", strconv.FormatFloat(value, 'f', -1, 64))
}

func (m *metrics) gauge(name, help string, value float64) {
	m.head(name, help)
	m.sample(name, [2]string{}, value)
}

func (m *metrics) time(name, help string, t time.Time) {
	m.gauge(name, help, float64(t.UnixMilli())/1000)
}

// escaped escapes the value of a label.
var escaped = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
