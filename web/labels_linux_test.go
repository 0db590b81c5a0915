package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestLabelsOnItsPage: pin, tags and note of a snapshot, as the commands change them, and what is no tag.
func TestLabelsOnItsPage(t *testing.T) {
	s := show(t, diary(t))
	name := "20261120-100000"
	at := s.site.Snapshot(name)
	says(t, "the page", told(t, s.get(t, at)), "Fri, 20 Nov 2026, 10:00", "Rules may delete it one day", "What changed",
		"snap tag "+name,
		"1 modified")
	for _, c := range []struct {
		form string
		want []string
		not  string
	}{
		{"pin=1", []string{"pinned", "No rule ever deletes it"}, ""},
		{"add=release", []string{"release", "pinned"}, ""},
		{"note=" + url.QueryEscape("before <b>the</b> move\u202e"), []string{"before <b>the</b> move"}, "\u202e"},
		{"remove=release", nil, "Take the tag release"},
		{"pin=0", []string{"Rules may delete it"}, "No rule ever"},
		{"note=", nil, "&lt;b&gt;the"},
	} {
		a := s.do(http.MethodPost, s.site.Labels(), form("snapshot="+name+"&"+c.form))
		if a.Code != http.StatusSeeOther || a.Header().Get("Location") != at {
			t.Errorf("%s: %d %.200s", c.form, a.Code, told(t, a.Body.String()))
		}
		page := s.get(t, at)
		says(t, c.form, told(t, page), c.want...)
		if c.not != "" && strings.Contains(page, c.not) {
			t.Errorf("%s: %q is there", c.form, c.not)
		}
	}
	for body, status := range map[string]int{
		"snapshot=" + name + "&add=a+b": 400, "snapshot=" + name + "&add=": 400, "snapshot=" + name + "&add=Pin": 400,
		"add=x":                  400,
		"snapshot=nowhere&add=x": 404, "snapshot=latest&add=x": 400, "snapshot=" + name + "&pin=2": 400,
	} {
		if a := s.do(http.MethodPost, s.site.Labels(), form(body)); a.Code != status {
			t.Errorf("%s: %d %.200s", body, a.Code, told(t, a.Body.String()))
		}
	}
	if list := s.get(t, s.base+"/api/list"); strings.Contains(list, `"x"`) {
		t.Error(list)
	}
	s.do(http.MethodPost, s.site.Labels(), form("snapshot="+name+"&add=kept&note=told"))
	says(t, "the list", told(t, s.get(t, s.site.Snapshots(""))), "kept", "told")
	ro := show(t, s.Place, func(o *Options) { o.ReadOnly = true })
	if page := ro.get(t, ro.site.Snapshot(name)); strings.Contains(page, "<form") && strings.Contains(page,
		"labels\"><input") {
		t.Error("a page that only reads offers to label")
	}
	says(t, "read-only", told(t, ro.get(t, ro.site.Snapshot(name))), "kept", "told")
}

// TestLabelsByTheAPI: JSON in, the job out, and the labels are changed.
func TestLabelsByTheAPI(t *testing.T) {
	s := show(t, diary(t), deleting)
	send := func(what, body string) answer {
		return s.do(http.MethodPost, s.base+"/api/"+what, func(r *http.Request) {
			form(body)(r)
			r.Header.Set("Content-Type", "application/json")
		})
	}
	for _, c := range []struct {
		what, body string
		status     int
		want       string
	}{
		{"tag", `{"snapshots":["20261120-100000"],"add":["pin"]}`, 200, `"kind":"label"`},
		{"tag", `{"snapshots":["20261120-100000"],"add":["a b"]}`, 400, `cannot be a tag`},
		{"tag", `{"snapshots":["20261120-100000"]}`, 400, `needed`},
		{"tag", `{"snapshots":["latest"],"add":["x"]}`, 400, `whole name`},
		{"note", `{"snapshot":"20261120-100000","note":"hm"}`, 200, `"kind":"label"`},
		{"note", `{"snapshot":"20261120-100000"}`, 400, `needed`},
		{"note", `{"snapshot":"20261120-100000","notes":"hm"}`, 400, `unknown field`},
		{"delete", `{"snapshots":["20261119-100000"],"dry_run":true}`, 200, `"snapshots":["20261119-100000"]`},
		{"delete", `{"snapshots":["20261120-100000"],"dry_run":true}`, 409, `is pinned`},
		{"delete", `{"snapshots":["20261119-100000"]}`, 409, `without a look`},
		{"delete", `{"snapshots":["nowhere"],"dry_run":true}`, 404, `no such snapshot`},
		{"prune", `{"rules":{"keep_last":"1"},"dry_run":true}`, 200, `"snapshots":["20261119-100000"]`},
		{"prune", `{"rules":{"keep_lats":"1"},"dry_run":true}`, 400, `no rule`},
		{"prune", `{"rules":{},"dry_run":true}`, 400, `no rule says what to keep`},
		{"prune", `{"rules":{"keep_last":"1"},"count":1}`, 409, `without a look`},
	} {
		a := send(c.what, c.body)
		if a.Code != c.status || !strings.Contains(a.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s", c.what, c.body, a.Code, a.Body)
		}
	}
	look := send("prune", `{"rules":{"keep_last":"1"},"dry_run":true}`).Body.String()
	_, ticket, _ := strings.Cut(look, `"ticket":"`)
	ticket, _, _ = strings.Cut(ticket, `"`)
	if a := send("prune", `{"rules":{"keep_last":"1"},"count":2,"ticket":"`+ticket+`"}`); a.Code != 400 ||
		s.names() != threeNames {
		t.Errorf("%d %s", a.Code, a.Body)
	}
	if a := send("prune", `{"rules":{"keep_last":"1"},"count":1,"ticket":"`+ticket+`"}`); a.Code != 200 ||
		s.names() != "20261120-100000 20261121-100000" {
		t.Errorf("%d %s %s", a.Code, a.Body, s.names())
	}
	says(t, "the last job", s.get(t, s.base+"/api/jobs"),
		`"removed":{"message_type":"summary","dry_run":false,"kept":2,"removed":1`)
}
