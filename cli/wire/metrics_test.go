package wire

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"snap/destination"
	"snap/query"
	"snap/record"
)

// metricLine is a sample as the format has it: name, labels whose values are escaped, and a number.
var metricLine = regexp.MustCompile(
	`^([a-z_]+)\{destination="((?:[^"\\\n]|\\["\\n])*)"(?:,concern="[a-z_]+")?\} -?[0-9.]+$`,
)

// TestMetricsCanBeRead: every line is of the format, HELP and TYPE stand once before the samples of their metric, and
// a name of any bytes is one label.
func TestMetricsCanBeRead(t *testing.T) {
	at := time.Unix(1_800_000_000, 500_000_000)
	s := &query.Status{
		Dir: "/mnt/\"disk\\\n\xff", Now: at, Snapshots: 2, Newest: &record.Header{Time: at, Errors: 3},
		Check: &destination.LastCheck{Time: at, Left: &destination.DamageLeft{Errors: 4}},
		Space: query.Space{
			Free:      5,
			Total:     1 << 50,
			HasInodes: true,
			Full:      at,
			Growth:    query.Growth{Known: true, PerDay: 86400},
		},
		Last: query.LastBackup{Time: at, Pace: query.Pace{Usual: time.Hour}},
	}
	for _, full := range []bool{true, false} {
		if !full {
			s = &query.Status{Dir: "/d", Now: at}
		}
		text := string(Metrics(s))
		helped, typed, sampled := map[string]int{}, map[string]int{}, map[string]bool{}
		for line := range strings.Lines(text) {
			words := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
			switch {
			case words[1] == "HELP":
				if helped[words[2]]++; sampled[words[2]] || len(words) < 4 {
					t.Errorf("misplaced: %s", line)
				}
			case words[1] == "TYPE":
				if typed[words[2]]++; words[3] != "gauge" {
					t.Errorf("misplaced: %s", line)
				}
			default:
				m := metricLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
				if m == nil || helped[m[1]] != 1 || typed[m[1]] != 1 {
					t.Errorf("no sample: %q", line)
					continue
				}
				sampled[m[1]] = true
			}
		}
		for name := range helped {
			if !sampled[name] {
				t.Errorf("%s has no sample", name)
			}
		}
		for _, want := range []string{
			`snap_last_backup_timestamp_seconds{destination="/mnt/\"disk\\\n\\xff"} 1800000000.5`,
			`snap_last_snapshot_errors{destination="/mnt/\"disk\\\n\\xff"} 3`,
			`snap_check_errors{destination="/mnt/\"disk\\\n\\xff"} 4`,
			`snap_size_bytes{destination="/mnt/\"disk\\\n\\xff"} 1125899906842624`,
			`snap_growth_bytes_per_second{destination="/mnt/\"disk\\\n\\xff"} 1`,
		} {
			if strings.Contains(text, want+"\n") != full {
				t.Errorf("full %v: %s in\n%s", full, want, text)
			}
		}
	}
}
