package filter

import "testing"

func TestExpand(t *testing.T) {
	c := Context{Home: "/home/me/", Env: func(name string) (string, bool) {
		return map[string]string{"A": "/a/b/", "B": "x"}[name], name != "NONE"
	}}
	for path, want := range map[string]string{
		"": "", "snap.log": "snap.log", "/a/~/b": "/a/~/b", "~": "/home/me/", "~/x.log": "/home/me/x.log", "~ann/x": "~ann/x",
		"$A/x":   "/a/b/x",
		"a${B}c": "axc", "a$/b$": "a$/b$", `\~/x`: "~/x", `\$A/x`: "$A/x", `C:\logs\x`: `C:\logs\x`, `a\`: `a\`,
		"[a]*?": "[a]*?", "ä$B": "äx",
	} {
		if got, err := Expand(path, c); err != nil || got != want {
			t.Errorf("Expand(%q) is %q, %v; want %q", path, got, err, want)
		}
	}
	for _, path := range []string{"$NONE/x", "$EMPTY", "${A", "${}"} {
		if got, err := Expand(path, c); err == nil {
			t.Errorf("Expand(%q) is %q", path, got)
		}
	}
	if _, err := Expand("~/x", Context{}); err == nil {
		t.Error("~ without a home")
	}
}
