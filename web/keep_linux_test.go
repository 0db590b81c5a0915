package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/destination"
)

// decided is what the API says of a plan.
func (s *shown) decided(t testing.TB, q string) (kept, going int, freed int64, reasons map[string]string) {
	t.Helper()
	reasons = map[string]string{}
	for line := range strings.Lines(s.get(t, s.base+"/api/prune?"+q)) {
		var l struct {
			Type    string `json:"message_type"`
			Name    string
			Reasons []string
			Kept    int
			Removed int
			Freed   int64 `json:"bytes_freed"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Type == "summary" {
			kept, going, freed = l.Kept, l.Removed, l.Freed
		} else {
			reasons[l.Name] = strings.Join(l.Reasons, ", ")
		}
	}
	return kept, going, freed, reasons
}

// TestKeepSaysWhatPruneSays: how many stay, what that frees, and why each stays, are those of `snap prune -n`.
func TestKeepSaysWhatPruneSays(t *testing.T) {
	s := show(t, weights(t))
	for _, q := range []string{"keep_last=2", "keep_daily=1&keep_weekly=1", "keep_within=2d", "keep_last=1&allow_most=1",
		"keep_hourly=9", "keep_last=1&min_free=1B"} {
		kept, going, freed, reasons := s.decided(t, q)
		page := s.get(t, s.base+"/keep?count=1&"+q)
		text := told(t, page)
		head := fmt.Sprintf("Keeps %d of %d snapshots , would free %s", kept, kept+going, s.style().Size(freed))
		if going == 0 {
			head = fmt.Sprintf("Keeps all %d snapshots: nothing goes", kept)
		}
		says(t, q, strings.ReplaceAll(text, ", would", " , would"), strings.ReplaceAll(head, " ,", " ,"))
		for name, why := range reasons {
			says(t, q, text, why)
			if !strings.Contains(page, `title="`+name+`"`) {
				t.Errorf("%s: %s is not on the page", q, name)
			}
		}
		v, err := url.ParseQuery(q)
		s.Do(err)
		for key := range v {
			if key == "allow_most" {
				continue
			}
			says(t, q, page, `name="`+key+`" id="`+key+`" value="`+v.Get(key)+`"`)
			says(t, q, text, "--"+strings.ReplaceAll(key, "_", "-")+" ", key+" = ")
		}
		quick := told(t, s.get(t, s.base+"/keep?"+q, head2("kept")))
		says(t, q+", while numbers change", quick, strings.SplitN(head, " ,", 2)[0])
	}
}

func head2(part string) func(*http.Request) { return head("Snap-Fragment", part) }

// TestKeepBeginsWithTheRulesInForce: those of the settings, which no look changes.
func TestKeepBeginsWithTheRulesInForce(t *testing.T) {
	p := weights(t)
	s := show(t, p)
	says(t, "without a rule", told(t, s.get(t, s.site.Keep())), "Keeps all 4 snapshots", "No rule is in force")
	p.Do(os.WriteFile(in(p.Dest, "BackupOptions.txt"), []byte("keep_last = 3\nkeep_tag = good, best\n"), 0o600))
	d, err := destination.Open(t.Context(), p.Dest, destination.Options{})
	p.Do(err)
	p.Do(d.SetLabels(t.Context(), "20261118-100000", []string{"good", "best"}, ""))
	p.Do(d.Close())
	page := s.get(t, s.site.Keep("count", "1"))
	says(t, "the rules in force", told(t, page), "By the rules in force", "Keeps 3 of 4 snapshots", "keep_last = 3",
		"last 1",
		"tag good, tag best", "no rule keeps it")
	says(t, "their numbers", page, `id="keep_last" value="3"`, `id="keep_tag" value="good, best"`)
	says(t, "others", told(t, s.get(t, s.site.Keep("keep_last", "4"))), "Tried out: nothing is saved",
		"the rules in force",
		"nothing goes")
	for lines, want := range map[string]string{"kep_last = 3\n": "looks like a rule",
		"colour = red\nkeep_last = 1\n": "has settings that snap does not know"} {
		p.Do(os.WriteFile(in(p.Dest, "BackupOptions.txt"), []byte(lines), 0o600))
		a := s.do(http.MethodGet, s.site.Keep())
		says(t, lines, told(t, a.Body.String()), want, "Keeps all 4")
	}
}

// TestKeepTellsOfMistakes: in what was typed, and of rules that take too much.
func TestKeepTellsOfMistakes(t *testing.T) {
	s := show(t, weights(t))
	for q, want := range map[string]string{
		"keep_daily=x": "must be a number of snapshots", "keep_last=-1": "must be a number of snapshots",
		"keep_within=soon": "Keep_within",
		"keep_tag=never":   "no snapshot has this tag", "min_free=200%25": "a percentage is more than 0% and less than 100%",
	} {
		for part, status := range map[string]int{"": http.StatusBadRequest, "kept": http.StatusOK} {
			a := s.do(http.MethodGet, s.base+"/keep?"+q, head("Snap-Fragment", part))
			if q == "keep_tag=never" { // it can be asked; nothing goes
				status = http.StatusOK
			}
			if a.Code != status {
				t.Errorf("%s: %d", q, a.Code)
			}
			says(t, q, told(t, a.Body.String()), want)
		}
	}
	for _, empty := range []string{"keep_daily=", "keep_daily=0", "keep_daily=&keep_tag=&min_free="} {
		says(t, empty, told(t, s.get(t, s.base+"/keep?"+empty)), "Keeps all 4 snapshots")
	}
}

// TestKeepTellsOfMost: rules that take more than half away are told, with the command that does it all the same, on the
// page and on each of its parts.
func TestKeepTellsOfMost(t *testing.T) {
	p := backuptest.NewPlace(t)
	for _, name := range []string{"20260801-100000", "20260901-100000", "20261001-100000", "20261101-100000"} {
		p.Write("diary.txt", "until "+name)
		snapshot(p, name)
	}
	s := show(t, p)
	for _, with := range [][]func(*http.Request){nil, {head2("kept")}, {head2("counted")}} {
		says(t, "rules that take three of four", told(t, s.get(t, s.base+"/keep?count=1&keep_last=1", with...)),
			"a backup deletes none of them then", "snap prune --keep-last 1 --allow-most")
	}
}

// TestDashesStandForSnapshots: one each, in order.
func TestDashesStandForSnapshots(t *testing.T) {
	for _, n := range []int{0, 1, 1000} {
		on := dashes(n, func(i int) bool { return i%4 == 0 })
		if got := strings.Count(on, "M"); got != (n+3)/4 {
			t.Errorf("%d: %d", n, got)
		}
		if len(on) > 8_000 {
			t.Errorf("%d bytes for a rule", len(on))
		}
	}
	for reason, key := range map[string]string{"last 3": "keep_last", "daily 2026-01-01": "keep_daily",
		"within 30d": "keep_within",
		"tag good":   "keep_tag", "pinned": "always", "newest": "always", "newest without errors": "always",
		"its time is in the future": "always", "newest of its day": "min_free"} {
		for _, k := range append([]string{"always"}, rulesNamed()...) {
			if got := isReason([]string{reason}, reasonOf(k)); got != (k == key) {
				t.Errorf("%q is a reason of %s: %v", reason, k, got)
			}
		}
	}
}

func rulesNamed() (keys []string) {
	for _, r := range rulesOn {
		keys = append(keys, r.Key)
	}
	return keys
}
