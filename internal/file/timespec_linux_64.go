//go:build linux && (amd64 || arm64 || riscv64 || ppc64le || s390x || loong64)

package file

import "golang.org/x/sys/unix"

func timespec(t Time) unix.Timespec { return unix.Timespec{Sec: t.Sec, Nsec: int64(t.Nsec)} }
