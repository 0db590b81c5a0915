package check_test

import (
	"fmt"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/filetest"
)

// TestCheckNamesGivenAway: what was given away with the whole snapshot is told with its owner, not with the mode
// alone that went with it, and what was taken over in order is not.
func TestCheckNamesGivenAway(t *testing.T) {
	u := backuptest.NewUsers(t)
	u.Uid = 4321 // 65534 is anybody's, where numbers are not known
	filetest.Must(t, "chown", "-R", "4321:4321", u.Dir)
	filetest.Must(t, "sh", "-c",
		"cd "+u.Dir+"/s && mkdir a && echo 1 >a/f && ln -s f a/l && echo 2 >g && chown -hR 4321:4321 . && chmod 4755 a/f")
	u.Run(false, 0, "backup", "d", "s", "--time", "2026-01-01")
	given := func(root bool, to uint32, snapshot string) {
		t.Helper()
		u.Run(root, 0, "check", "-d", "d")
		filetest.Must(t, "chown", "-hR", fmt.Sprint(to), u.Path("d/"+snapshot))
		out := u.Run(true, 1, "check", "-d", "d")
		for _, name := range []string{"a/", "a/f", "a/l", "g"} {
			if !strings.Contains("\n"+out,
				"\n"+strings.TrimSuffix(name, "/")+": its owner is "+fmt.Sprint(to)+":4321, not 4321:4321") {
				t.Errorf("%s given to %d: %s", name, to, out)
			}
		}
	}
	given(false, 0, "20260101-000000")
	filetest.Must(t, "chown", "-hR", "4321", u.Path("d/20260101-000000"))
	filetest.Must(t, "chmod", "4755", u.Path("d/20260101-000000/a/f"))
	given(false, 4242, "20260101-000000")
	filetest.Must(t, "chown", "-hR", "4321", u.Path("d/20260101-000000"))
	filetest.Must(t, "chmod", "4755", u.Path("d/20260101-000000/a/f"))

	u.Run(true, 0, "init", "-q", "d", "--take-over")
	u.Run(true, 0, "check", "-d", "d") // the user's snapshot in root's destination
	u.Run(true, 0, "backup", "--force", "-q", "d", "s", "--time", "2026-01-02")
	given(true, 4242, "20260102-000000")
	filetest.Must(t, "chown", "-hR", "4242", u.Path("d")) // the whole destination is another's: so it is after a move
	filetest.Must(t, "chmod", "4755", u.Path("d/20260101-000000/a/f"), u.Path("d/20260102-000000/a/f"))
	u.Run(true, 0, "check", "-d", "d")
}
