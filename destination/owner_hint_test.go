package destination

import (
	"strings"
	"testing"
)

// TestWritersHint is the table of what is to be done about a folder that others may write to.
func TestWritersHint(t *testing.T) {
	const (
		chmod = "chmod go-w /mnt/d"
		ntfs  = "NTFS shows the modes that it was mounted with"
		share = "a share shows the modes that it was mounted with"
		fuse  = chmod + "; where that changes nothing"
	)
	for _, c := range []struct{ system, options, want string }{
		{"ext4", "rw,errors=remount-ro", chmod + "$"},
		{"btrfs", "", chmod + "$"},
		{"nfs", "rw,vers=4.2,sec=sys", chmod + "$"},
		{"ntfs3", "rw,uid=0,gid=0,umask=000",
			"the mount option umask=000 lets others write: unmount it, and mount it with -o umask=022$"},
		{"ntfs3", "rw,uid=1000,fmask=0133,dmask=0",
			"the mount option dmask=0 lets others write: unmount it, and mount it with -o dmask=022$"},
		{"ntfs3", "rw,umask=000,dmask=022", ntfs}, // dmask goes before
		{"ntfs3", "rw,umask=0002", "the mount option umask=0002 lets"},
		{"ntfs3", "rw,uid=0,gid=0,iocharset=utf8", ntfs},
		{"ntfs", "rw,umask=0077", ntfs},
		{"vboxsf", "rw,dmode=0777",
			"the mount option dmode=0777 lets others write: unmount it, and mount it with -o dmode=0755$"},
		{"cifs", "rw,noperm,file_mode=0644,dir_mode=0777",
			"the mount option dir_mode=0777 lets others write: unmount it, and mount it with -o dir_mode=0755$"},
		{"smb2", "rw,uid=0,forceuid,dir_mode=0775", "the mount option dir_mode=0775 lets"},
		{"smb2", "rw,noperm,dir_mode=0755", share},
		{"smb2", "rw,noperm", share},
		{"smb2", "rw,posix,dir_mode=0755", chmod + "$"},
		{"cifs", "rw,unix,dir_mode=0755", chmod + "$"},
		{"fuse", "rw,user_id=0,group_id=0,default_permissions,allow_other", fuse},
		{"fuse", "rw,umask=nothing", fuse},
		{"0x786f4256", "rw,dmask=0007", "the mount option dmask=0007 lets"}, // the group writes
	} {
		got := writersHint(c.system, c.options, "/mnt/d")
		if want, whole := strings.CutSuffix(c.want, "$"); !strings.HasPrefix(got, want) || whole && got != want {
			t.Errorf("%s, %s:\n  %s\nwant\n  %s", c.system, c.options, got, c.want)
		}
	}
}
