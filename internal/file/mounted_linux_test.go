package file

import "testing"

func TestListsMount(t *testing.T) {
	const text = "24 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 24 0:44 / /home/u/my\\040vault\\134x rw,nosuid - fuse.gocryptfs /home/u/c rw,user_id=1000\n"
	for path, want := range map[string]bool{"/home/u/my vault\\x": true, "/": true, "/home/u": false, "/home/u/my vault\\x/y": false} {
		if got := listsMount(text, path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}
