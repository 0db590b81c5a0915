package file

import (
	"fmt"
	"os"
	"strings"
)

func (d *Dir) mounted(name string) bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", d.fd))
	if err != nil {
		return false
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	return err == nil && listsMount(string(mounts), join(path, name))
}

// listsMount reports whether a text like /proc/self/mountinfo has a mount at path: the fifth field of a line.
func listsMount(text, path string) bool {
	at := mountEscapes.Replace(path)
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 4 && f[4] == at {
			return true
		}
	}
	return false
}

// mountEscapes are what the kernel escapes in names there.
var mountEscapes = strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`)
