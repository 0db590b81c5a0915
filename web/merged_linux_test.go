package web

import (
	"net/http"
	"strings"
	"testing"
)

// TestMergedCountsAreNoRuns: when the snapshots before one are deleted, what they changed is in its change set; no page
// says that its run did that.
func TestMergedCountsAreNoRuns(t *testing.T) {
	s := show(t, diary(t), deleting)
	says(t, "before", told(t, s.get(t, s.Health())), "Fri, 20 Nov 2026, 10:00: done, 2 changes, 23 B copied")
	a := s.do(http.MethodPost, s.base+"/api/delete", func(r *http.Request) {
		form(`{"snapshots":["20261119-100000"],"dry_run":true}`)(r)
		r.Header.Set("Content-Type", "application/json")
	})
	_, ticket, _ := strings.Cut(a.Body.String(), `"ticket":"`)
	ticket, _, _ = strings.Cut(ticket, `"`)
	s.do(http.MethodPost, s.base+"/api/delete", func(r *http.Request) {
		form(`{"snapshots":["20261119-100000"],"count":1,"ticket":"` + ticket + `"}`)(r)
		r.Header.Set("Content-Type", "application/json")
	})
	if s.names() != "20261120-100000 20261121-100000" {
		t.Fatal(s.names())
	}
	says(t, "after", told(t, s.get(t, s.Health())), "Fri, 20 Nov 2026, 10:00: done, 23 B copied",
		"Sat, 21 Nov 2026, 10:00: done, 3 changes")
	says(t, "the snapshot", told(t, s.get(t, s.site.Snapshot("20261120-100000"))), "Changed since the one before")
	if list := s.get(t, s.site.Snapshots("")); strings.Count(list, `title="added"`) != 1 {
		t.Error(told(t, list))
	}
}
