//go:build linux && (386 || arm)

package file

import "golang.org/x/sys/unix"

func timespec(t Time) unix.Timespec { return unix.Timespec{Sec: int32(t.Sec), Nsec: t.Nsec} }
