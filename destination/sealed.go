package destination

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"snap/internal/file"
	"snap/record"
)

// A sealed file is two lines: JSON, and its CRC-32C in hex.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealed is the text of a sealed file that holds v.
func sealed(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return fmt.Appendf(text, "\n%08x\n", crc32.Checksum(text, castagnoli)), err
}

// writeSealed puts v into the file name in dir, durable, in place of what is there.
func (d *Destination) writeSealed(dir *file.Dir, name string, v any) error {
	text, err := sealed(v)
	if err != nil {
		return err
	}
	tmp := name + "-new"
	if err := d.Tmp.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return replaceBy(d.Tmp, tmp, text, dir, name)
}

// rewrite changes what the file name in .snap holds, which is read into v. A damaged one is removed.
func (d *Destination) rewrite(name string, v any, change func()) error {
	err := readSealed(d.Meta, name, v)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, record.ErrDamaged):
		return remove(d.Meta, name)
	case err != nil:
		return err
	}
	change()
	return d.RetryWithoutReserve(func() error { return d.writeSealed(d.Meta, name, v) })
}

// leave puts what of makes into the file name in .snap, without the lock: it appears by a rename. A destination of
// another user is not written to, nor, by root, one where others may write.
func (d *Destination) leave(name string, of func(meta *file.Dir) any) error {
	if err := d.checkOwner(true); err != nil {
		return err
	}
	if err := d.checkWriters(); err != nil {
		return err
	}
	meta, err := d.Root.OpenDir(MetaName)
	if err != nil {
		return err
	}
	defer meta.Close()
	tmp, err := meta.OpenDir(TmpName)
	if err != nil {
		return err
	}
	defer tmp.Close()
	text, err := sealed(of(meta))
	if err != nil {
		return err
	}
	made := name + "-" + strings.ToLower(rand.Text()[:16]) // what a crash leaves of it goes with the next recovery
	if err := replaceBy(tmp, made, text, meta, name); err != nil {
		_ = tmp.Remove(made)
		return err
	}
	return nil
}

// replaceBy puts text, durable, into the file name in dir, by way of the new file made in tmp.
func replaceBy(tmp *file.Dir, made string, text []byte, dir *file.Dir, name string) error {
	f, err := tmp.Create(made)
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
	if err := tmp.Replace(made, dir, name); err != nil {
		return err
	}
	return dir.Sync()
}

// readSealed reads what writeSealed put into the file name in dir: fs.ErrNotExist, or record.ErrDamaged if it is not
// that.
func readSealed(dir *file.Dir, name string, v any) error {
	f, err := openFile(dir, name)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, labelsMax))
	if err != nil {
		return err
	}
	body, ok := unsealed(text)
	if !ok {
		return fmt.Errorf("%s: %w: its checksum is wrong", f.Name(), record.ErrDamaged)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return fmt.Errorf("%s: %w: %w", f.Name(), record.ErrDamaged, err)
	}
	return nil
}

// unsealed is the JSON in the text of a sealed file, false if it does not match its checksum.
func unsealed(text []byte) (body []byte, ok bool) {
	body, rest, _ := bytes.Cut(text, []byte("\n"))
	sum, err := strconv.ParseUint(strings.TrimSuffix(string(rest), "\n"), 16, 32)
	return body, err == nil && uint32(sum) == crc32.Checksum(body, castagnoli)
}
