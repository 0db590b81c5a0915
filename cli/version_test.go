package cli

import (
	"os"
	"regexp"
	"runtime/debug"
	"testing"
)

func TestVersionOfABuild(t *testing.T) {
	const commit = "3f2c9a1b7d0455aa"
	for _, c := range []struct{ release, module, commit, modified, want string }{
		{release: "1.2.0", module: "v0.0.0-20261130114441-3f2c9a1b7d04", commit: commit, want: "1.2.0"},
		{module: "v1.2.0", commit: commit, want: "1.2.0"},
		{module: "v1.2.1-0.20261130114441-3f2c9a1b7d04", commit: commit, want: "1.2.1-0.20261130114441-3f2c9a1b7d04"},
		{module: "v0.0.0-20261130114441-3f2c9a1b7d04", commit: commit, want: next + "-dev+3f2c9a1b7d04"},
		{module: "v0.0.0-20261130114441-3f2c9a1b7d04+dirty", commit: commit, modified: "true",
			want: next + "-dev+3f2c9a1b7d04.dirty"},
		{module: "(devel)", want: next + "-dev"},
		{module: "(devel)", commit: "3f2c", modified: "false", want: next + "-dev+3f2c"},
		{want: next + "-dev"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: c.module}}
		for key, value := range map[string]string{"vcs.revision": c.commit, "vcs.modified": c.modified} {
			if value != "" {
				info.Settings = append(info.Settings, debug.BuildSetting{Key: key, Value: value})
			}
		}
		if got, rev := versionOf(c.release, info); got != c.want || rev != c.commit {
			t.Errorf("%+v: version %q of %q", c, got, rev)
		}
	}
	if got, _ := versionOf("", nil); got != next+"-dev" {
		t.Errorf("nothing is known: %q", got)
	}
}

// TestNextVersionIsTheOneOfTheChangelog: as long as its first section is not yet tagged.
func TestNextVersionIsTheOneOfTheChangelog(t *testing.T) {
	text, err := os.ReadFile("../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^## \[(.*?)\](.*)$`).FindStringSubmatch(string(text))
	if m == nil {
		t.Fatal("CHANGELOG.md has no section")
	}
	if m[2] == " – not yet tagged" && m[1] != next {
		t.Errorf("CHANGELOG.md begins with %s, and the program is before %s", m[1], next)
	}
}
