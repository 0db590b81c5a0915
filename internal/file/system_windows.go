package file

import "golang.org/x/sys/windows"

func (d *Dir) system() (SystemInfo, error) {
	var info SystemInfo
	p, err := windows.UTF16PtrFromString(d.path)
	if err != nil {
		return info, err
	}
	err = windows.GetDiskFreeSpaceEx(p, &info.FreeBytes, &info.TotalBytes, nil)
	return info, err
}
