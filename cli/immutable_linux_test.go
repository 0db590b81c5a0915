package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"snap/cli/exit"
)

// TestDeleteOfWhatIsImmutable: where not even root may remove what a restore is to delete, it says once what may
// stand in the way.
func TestDeleteOfWhatIsImmutable(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("attributes of files need root")
	}
	l := newLogs(t, 1)
	l.snap("backup", l.dest, l.src)
	target := filepath.Join(filepath.Dir(l.dest), "target")
	l.snap("restore", "latest", "--target", target)
	folder := filepath.Join(target, "more")
	extra := filepath.Join(folder, "extra")
	l.must(os.Mkdir(folder, 0o755))
	l.must(os.WriteFile(extra, nil, 0o600))
	if out, err := exec.Command("chattr", "+i", extra, folder).CombinedOutput(); err != nil {
		t.Skipf("chattr: %v %s", err, out)
	}
	defer exec.Command("chattr", "-i", folder, extra).Run()
	for _, more := range []string{"--overwrite=always", "-q", "--json"} {
		_, said, code := l.try("restore", "latest", "--target", target, "--overwrite=always", "--delete", more)
		if want := "lsattr -d " + extra + " " + folder + " " + target + ";"; code != exit.Partial ||
			strings.Count(said, want) != 1 {
			t.Errorf("%s: exit code %d, %s", more, code, said)
		}
	}
}
