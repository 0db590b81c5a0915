package file

import "golang.org/x/sys/unix"

// DeviceNumbers are the major and minor number of a device, as archives have them.
func DeviceNumbers(rdev uint64) (major, minor uint32) { return unix.Major(rdev), unix.Minor(rdev) }
