package web

import (
	"os"
	"strings"
	"testing"
)

// TestDamageIsToldWhereItIsMet: where the check ends, on Health, in the folder and before a restore, with a way to the
// file; and nothing of it where all is well.
func TestDamageIsToldWhereItIsMet(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	name, at := "20261119-100000", "docs/letters/landlord.txt"
	p.Do(os.Chmod(in(p.Dest, name+"/"+at), 0o600))
	f, err := os.OpenFile(in(p.Dest, name+"/"+at), os.O_WRONLY, 0)
	p.Do(err)
	_, err = f.WriteString("Dead")
	p.Do(err)
	p.Do(f.Close())
	way := `href="` + s.File(at, "b", name) + `"`
	page, _ := s.post(t, s.site.Check(), "read=1")
	says(t, "the check", told(t, page), "Damage was found", name, "Health tells what helps")
	says(t, "the check", page, way, `href="`+s.Health()+`#damage"`)
	page = s.get(t, s.Home())
	says(t, "the overview", page, `href="`+s.Health()+`#damage"`)
	if strings.Contains(page, "--repair") {
		t.Error("the overview says --repair, although nothing may be left to repair from")
	}
	says(t, "health", s.get(t, s.Health()), way, "snap check --read-data --repair -d")
	says(t, "the folder", told(t, s.get(t, s.Files(name, "docs/letters"))), "landlord.txt damaged, a check found")
	if text := told(t, s.get(t, s.Files("20261121-100000", "docs"))); strings.Contains(text, "a check found") {
		t.Error(text)
	}
	page, _ = s.post(t, s.Restore(name, "docs"), "where=folder&target="+t.TempDir()+"/x")
	says(t, "a look at it", page, way, "Known to be damaged", `class="seal warn"`)
	page, _ = s.post(t, s.Restore(name, "ideas.txt"), "where=folder&target="+t.TempDir()+"/x")
	if strings.Contains(page, "Known to be damaged") || !strings.Contains(page, "This is what it would do") {
		t.Error(told(t, page))
	}
}
