package destination

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strconv"
	"strings"

	"snap/internal/file"
)

// A sealed file is two lines: JSON, and its CRC-32C in hex.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeSealed puts v into the file name in dir, durable, in place of what is there.
func (d *Destination) writeSealed(dir *file.Dir, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	text = fmt.Appendf(text, "\n%08x\n", crc32.Checksum(text, castagnoli))
	tmp := name + "-new"
	if err := d.Tmp.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := d.Tmp.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.Tmp.Replace(tmp, dir, name); err != nil {
		return err
	}
	return dir.Sync()
}

// unsealed is the JSON in the text of a sealed file, false if it does not match its checksum.
func unsealed(text []byte) (body []byte, ok bool) {
	body, rest, _ := bytes.Cut(text, []byte("\n"))
	sum, err := strconv.ParseUint(strings.TrimSuffix(string(rest), "\n"), 16, 32)
	return body, err == nil && uint32(sum) == crc32.Checksum(body, castagnoli)
}
