package cli

import (
	"errors"
	"os"
	"path/filepath"
)

// fakeSystemctl and fakeCrontab stand in for those of the system in documents and examples, which must not write into
// its schedules. They keep what they are told in $FAKE. The last run was well.
const (
	fakeSystemctl = `#!/bin/sh
[ "$1" = --user ] && shift
case "$*" in
is-system-running) echo running ;;
*UnitPath*) echo "$FAKE/etc/systemd/system $FAKE/etc/systemd/user" ;;
show*.timer) printf 'ActiveState=active\nUnitFileState=enabled\nNextElapseUSecRealtime=Sun 2025-11-23 00:00:00 UTC\nLastTriggerUSec=\n' ;;
show*) printf 'ActiveState=inactive\nResult=success\nExecMainStatus=0\nExecMainExitTimestamp=Sat 2025-11-22 00:12:00 UTC\n' ;;
esac
`
	fakeCrontab = `#!/bin/sh
case $1 in
-l) cat "$FAKE/crontab" 2>/dev/null || { echo "no crontab for me" >&2; exit 1; } ;;
-) cat >"$FAKE/crontab" ;;
esac
`
)

// fakeSchedulers puts them into a folder and returns the environment that they are found by.
func fakeSchedulers(dir string) ([]string, error) {
	bin := filepath.Join(dir, "bin")
	return []string{"FAKE=" + dir, "PATH=" + bin + string(filepath.ListSeparator) + os.Getenv("PATH")}, errors.Join(
		os.MkdirAll(bin, 0o755), os.WriteFile(filepath.Join(bin, "systemctl"), []byte(fakeSystemctl), 0o755),
		os.WriteFile(filepath.Join(bin, "crontab"), []byte(fakeCrontab), 0o755))
}
