//go:build !linux

package file

// DeviceNumbers are the major and minor number of a device as Linux packs them: snapshots of devices are made there.
func DeviceNumbers(rdev uint64) (major, minor uint32) {
	return uint32(rdev>>8&0xfff | rdev>>32&0xfffff000), uint32(rdev&0xff | rdev>>12&0xffffff00)
}
