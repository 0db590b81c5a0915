package file

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func (d *Dir) session() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	var x unix.Statx_t
	_, err = retry(func() (int, error) {
		return 0, unix.Statx(d.fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID_UNIQUE, &x)
	})
	if err != nil || x.Mask&unix.STATX_MNT_ID_UNIQUE == 0 {
		return ""
	}
	return fmt.Sprintf("%s/%d", strings.TrimSpace(string(boot)), x.Mnt_id)
}
