package file

import (
	"fmt"
	"io/fs"
	"os"
)

// RefusePipe is an error if opening path would wait for a writer, as a FIFO does.
func RefusePipe(path string) error {
	if info, err := os.Stat(path); err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 {
		return fmt.Errorf("%s: is no regular file", path)
	}
	return nil
}
