package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/remote"
)

func TestRemotes(t *testing.T) {
	all, err := ParseRemotes("R", []byte("# c\n[b2]\nurl = s3://bucket/me # x\nlock = 30d\nrecipients = age1a, age1b\n"+
		"limit_upload = 2M\nmin_storage = 90d\nkeys = home\nkeep_daily = 30\nkeep_within = 1y\n\n[disk]\nurl=vault:/mnt/x\n"))
	if err != nil || len(all) != 2 {
		t.Fatalf("%v %v", all, err)
	}
	b := all[0]
	if b.Name != "b2" || b.URL != "s3://bucket/me" || b.Lock != 30*24*time.Hour || len(b.Recipients) != 2 ||
		b.LimitUpload != 2<<20 || b.MinStorage != 90*24*time.Hour || !b.KeysHome || *b.Keep.Counts()["daily"] != 30 || b.Keep.within != "1y" {
		t.Errorf("%+v", b)
	}
	for text, want := range map[string]string{
		"url = s3://b":                       "R:1: url stands before",
		"[a]\n":                              "R:1: [a] has no url",
		"[a]\nurl = x/y\n":                   "R:2: url = x/y: write it as",
		"[a]\nurl = s3://b\n\n[a]\n":         "R:4: [a] is there twice",
		"[a]\nurl = s3://b\nurl = s3://c":    "R:3: url is set twice, first in line 2",
		"[a b]\n":                            "R:1: a b cannot be",
		"[a]\nurl = s3://b\nsecret_key = x":  "R:3: unknown setting secret_key",
		"[a]\nurl = s3://b\nkeep_daily = -1": "R:3: keep_daily = -1",
		"[a]\nurl = s3://b\nkeys = there":    "R:3: keys = there: write it as home or here",
		"[a]\nurl":                           "R:2: url is no setting",
	} {
		if _, err := ParseRemotes("R", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestAddAndRemoveRemotes(t *testing.T) {
	dest := t.TempDir()
	one := remote.Remote{Name: "one", URL: "s3:https://h/b", Lock: 48 * time.Hour, Recipients: []string{"age1x"},
		LimitUpload: 1000, KeysHome: true, Profile: "p", StorageClass: "C", Endpoint: "https://e", CACert: "/c"}
	for _, r := range []remote.Remote{one, {Name: "two", URL: "vault:/x"}} {
		if err := AddRemote(dest, &r); err != nil {
			t.Fatal(err)
		}
	}
	all, err := ReadRemotes(dest)
	if err != nil || len(all) != 2 || all[1].Name != "two" {
		t.Fatalf("%v %v", all, err)
	}
	got := all[0].Remote
	if got.Recipients[0] != "age1x" || got.Lock != one.Lock || got.LimitUpload != 1000 || !got.KeysHome || got.CACert != "/c" {
		t.Errorf("%+v", got)
	}
	if err := RemoveRemote(dest, "one"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dest, RemotesFile))
	if err != nil || strings.Contains(string(text), "age1x") || !strings.Contains(string(text), "[two]") {
		t.Errorf("%s %v", text, err)
	}
}
