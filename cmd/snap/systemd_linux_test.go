package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"snap/internal/long"
)

// bootSystemd makes a system of its own in namespaces and has a systemd begin there, with nothing but timers. Whatever
// is mounted is read-only to it before it begins, and the places that it writes to are empty ones, because a systemd
// that starts tidies /tmp. It ends with 77 where that cannot be had.
const bootSystemd = `
mount --make-rprivate / || exit 77
while read -r _ at _; do
	mount -o remount,bind,ro "$(printf %b "$at")" 2>/dev/null || [ ! -d "$(printf %b "$at")" ] || exit 77
done </proc/self/mounts
touch "$0.written" 2>/dev/null && exit 77
program=$(cat "$1" | base64 -w0) || exit 77
for dir in /tmp /var/tmp /run /etc/systemd/system /var/lib/systemd /var/log /home /root /srv /mnt; do
	mount -t tmpfs tmpfs $dir || exit 77
done
mkdir /mnt/bin /run/lock
echo "$program" | base64 -d >/mnt/bin/snap
chmod 755 /mnt/bin/snap
umount -R -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup && mount -t proc proc /proc || exit 77
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys || exit 77
for unit in tmpfiles-setup tmpfiles-setup-dev tmpfiles-setup-dev-early tmpfiles-clean sysctl udevd udev-trigger \
	random-seed sysusers modules-load remount-fs networkd resolved timesyncd binfmt update-utmp; do
	ln -s /dev/null /etc/systemd/system/systemd-$unit.service
done
export container=test
exec "$2" --system --unit=timers.target --log-target=null --show-status=0`

// useSystemd is what is done there: a timer runs a backup, one that fails is told, and nothing is left in the end.
const useSystemd = `
set -e
export PATH=/mnt/bin:$PATH HOME=/root TZ=UTC
cd /
n=0
until systemctl is-system-running | grep -qx -e running -e degraded; do # another unit of this machine may fail
	n=$((n + 1)); [ $n -lt 300 ] || { systemctl is-system-running || true; exit 77; }
	sleep 0.2
done
dest="/mnt/my disk 50% of \"it's\" \\x"
mkdir "$dest" /home/me; echo 1 >/home/me/a
snap backup -q "$dest" /home/me
snap schedule "*:*:0/3"
unit=$(systemctl list-timers --no-legend --plain --no-pager snap-backup-* | grep -o 'snap-backup-[^ ]*service')
echo 2 >/home/me/b
n=0
until [ "$(snap list --json | grep -o '"seq":2')" ]; do
	n=$((n + 1)); [ $n -lt 300 ] || { snap schedule; journalctl --no-pager; exit 1; }
	sleep 0.2
done
snap schedule daily
rm -r /home/me
systemctl start "$unit" && exit 1
snap schedule && exit 1
snap schedule off
snap schedule && exit 1
ls -A /etc/systemd/system | grep snap && exit 1
echo "all was seen"`

// TestScheduleOnARealSystemd has backups run by a systemd, in namespaces of its own.
func TestScheduleOnARealSystemd(t *testing.T) {
	if !long.Form() {
		t.Skip("SNAP_LONG=1 runs it")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	systemd := "/lib/systemd/systemd"
	if _, err := os.Stat(systemd); err != nil {
		t.Skip("no systemd in namespaces here: ", err)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "snap")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	boot := filepath.Join(dir, "boot")
	if err := os.WriteFile(boot, []byte(bootSystemd), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "unshare", "-m", "-p", "-f", "-u", "-i", "-n", "-C", "--kill-child",
		"sh", boot, program, systemd)
	if err := c.Start(); err != nil {
		t.Skip("no systemd in namespaces here: ", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	defer func() {
		cancel()
		<-ended
	}()
	pid := childOf(t, c.Process.Pid, ended)
	inside := exec.CommandContext(ctx, "nsenter", "-t", pid, "-m", "-p", "-u", "-n", "-C", "sh", "-c", useSystemd)
	out, err := inside.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 77 { //nolint:errorlint // CombinedOutput wraps nothing
		t.Skipf("no systemd in namespaces here: it does not get up: %s", out)
	}
	if err != nil || !strings.Contains(string(out), "all was seen") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{"is now backed up", "failed with exit code 1",
		"no longer run by themselves", "nothing backs up to"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("nothing says %q:\n%s", want, out)
		}
	}
}

// childOf is the number of the one child of a process, once it is a systemd.
func childOf(t *testing.T, pid int, ended chan error) string {
	for range 600 {
		select {
		case err := <-ended:
			ended <- err
			t.Skip("no systemd in namespaces here: ", err)
		case <-time.After(100 * time.Millisecond):
		}
		at := strconv.Itoa(pid)
		children, _ := os.ReadFile("/proc/" + at + "/task/" + at + "/children")
		child := strings.TrimSpace(string(children))
		if name, _ := os.ReadFile("/proc/" + child + "/comm"); strings.TrimSpace(string(name)) == "systemd" {
			return child
		}
	}
	t.Fatal("systemd does not begin")
	return ""
}
