package web

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestEndsLeadOn: from an error, and from a job that has ended, there is a way on.
func TestEndsLeadOn(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	a := s.do(http.MethodGet, s.Files("20261120-110000", "docs"))
	if a.Code != http.StatusNotFound {
		t.Error(a.Code)
	}
	says(t, "a snapshot deleted meanwhile", a.Body.String(), "The nearest, 20 Nov, 10:00",
		`href="`+s.Files("20261120-100000", "docs")+`"`, "The newest", `href="`+s.Files("20261121-100000", "docs")+`"`)
	if a := s.do(http.MethodGet, s.Files("nothing", "")); strings.Contains(a.Body.String(), "The nearest") {
		t.Error("a word that is no time has a nearest snapshot")
	}
	page, _ := s.post(t, s.site.Check(), "")
	says(t, "a check", page, `<a class="way" href="`+s.Health()+`">Health</a>`)
	goOn := make(chan struct{})
	j := s.waiting(goOn)
	a = s.doNow(http.MethodPost, s.site.Check(), form(""))
	says(t, "one that is refused", a.Body.String(), `href="`+s.Job(j.ID)+`"`)
	j.Cancel()
	<-j.Done()
	says(t, "a cancelled one", told(t, s.get(t, s.Job(j.ID))), "The backup was cancelled", "Try again", "Overview")
	p.Do(os.RemoveAll(p.Src))
	page, _ = s.post(t, s.site.Backup(), "")
	says(t, "a backup that failed", told(t, page), "The backup failed", "Try again", "Health")
	ro := show(t, p, func(o *Options) { o.ReadOnly = true })
	says(t, "read-only", told(t, ro.get(t, ro.Jobs())), "Jobs")
}

// TestABadTargetKeepsTheForm: what was typed and chosen is there still, with what is wrong with it.
func TestABadTargetKeepsTheForm(t *testing.T) {
	s := show(t, diary(t))
	a := s.do(http.MethodPost, s.Restore("20261121-100000", "docs"),
		form("where=folder&target=here&overwrite=skip&p=docs%2Fnew.txt"))
	if a.Code != http.StatusBadRequest {
		t.Error(a.Code)
	}
	says(t, "the form", a.Body.String(), "is no absolute path", `name="target" value="here"`, `value="skip" checked`,
		`name="p" value="docs/new.txt"`)
	if strings.Contains(a.Body.String(), `value="never" checked`) {
		t.Error("two choices are made")
	}
}
