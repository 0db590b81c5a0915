package text

import (
	"testing"

	"snap/internal/file"
)

func TestPermissions(t *testing.T) {
	for _, c := range []struct {
		kind file.Kind
		mode uint16
		want string
	}{
		{file.Regular, 0o644, "-rw-r--r--"}, {file.Folder, 0o1777, "drwxrwxrwt"}, {file.Symlink, 0o777, "lrwxrwxrwx"},
		{file.FIFO, 0, "p---------"},
		{file.Socket, 0o700, "srwx------"}, {file.CharDevice, 0o620, "crw--w----"}, {file.BlockDevice, 0o660, "brw-rw----"},
		{file.Regular, 0o4755, "-rwsr-xr-x"}, {file.Regular, 0o6644, "-rwSr-Sr--"}, {file.Folder, 0o3770, "drwxrws--T"},
	} {
		if got := Permissions(&file.Stat{Kind: c.kind, Mode: c.mode}); got != c.want {
			t.Errorf("%s %o: %s, want %s", c.kind, c.mode, got, c.want)
		}
	}
}
