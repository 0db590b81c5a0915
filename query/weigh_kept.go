package query

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snap/internal/file"
	"snap/record"
)

// Weights of a snapshot stay true, because a snapshot never changes: in memory those of the last few that were asked
// about, and in the user's cache folder those of some more, a file each. They are a convenience: what cannot be
// written, or read again, is found out anew.
const (
	weightsInMemory = 4
	weightsInFiles  = 16
	weightsPrefix   = "weights-"
	weightsMagic    = "snap weights 1\n"
	weightsMax      = 256 << 20 // bytes of a file that is read
)

// weighedAs is what h is known by. What a purge takes from a snapshot is in its counts.
func weighedAs(h *record.Header) string {
	return fmt.Sprintf("%d %s %d %d %d %d", h.Seq, h.Name, h.Finished.UnixNano(), h.Files, h.Dirs, h.Bytes)
}

// knownWeights are those of h, nil if they have to be found out.
func (k *Kept) knownWeights(h *record.Header) *folderWeights {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	as := weighedAs(h)
	if i := slices.IndexFunc(k.weights, func(f *folderWeights) bool { return f.of == as }); i >= 0 {
		f := k.weights[i]
		copy(k.weights[1:i+1], k.weights[:i])
		k.weights[0] = f
		return f
	}
	if k.cacheDir == "" {
		return nil
	}
	f := readWeights(k.weightsFile(as), k.id+" "+as)
	if f != nil {
		f.of = as
		k.remember(f)
	}
	return f
}

// remember keeps f in memory, as the one asked about last.
func (k *Kept) remember(f *folderWeights) {
	k.weights = slices.Insert(k.weights, 0, f)
	k.weights = k.weights[:min(len(k.weights), weightsInMemory)]
}

// keepWeights keeps what was found out about h.
func (k *Kept) keepWeights(h *record.Header, f *folderWeights) {
	if k == nil {
		return
	}
	f.of = weighedAs(h)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.remember(f)
	if k.cacheDir != "" {
		_ = k.writeWeights(k.weightsFile(f.of), f.pack(k.id+" "+f.of))
	}
}

// weightsFile is where the weights of a snapshot lie. Names of snapshots are no names of files there.
func (k *Kept) weightsFile(as string) string {
	sum := sha256.Sum256([]byte(k.id + " " + as))
	return filepath.Join(k.cacheDir, weightsPrefix+hex.EncodeToString(sum[:16]))
}

// writeWeights makes the file, for this user alone, by a rename, and removes the oldest of too many.
func (k *Kept) writeWeights(name string, text []byte) error {
	if err := os.MkdirAll(k.cacheDir, 0o700); err != nil {
		return err
	}
	dir, err := file.OpenRoot(k.cacheDir)
	if err != nil {
		return err
	}
	defer dir.Close()
	made := "new-" + weightsPrefix + strings.ToLower(rand.Text()[:16])
	f, err := dir.Create(made)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = dir.Replace(made, dir, filepath.Base(name))
	}
	if err != nil {
		return errors.Join(err, dir.Remove(made))
	}
	return dropOldWeights(dir)
}

// dropOldWeights removes all but the last files of weights, and what a crash has left of one.
func dropOldWeights(dir *file.Dir) error {
	entries, err := dir.Entries()
	if err != nil {
		return err
	}
	type old struct {
		name string
		time file.Time
	}
	var all []old
	for i := range entries {
		name := strings.TrimPrefix(entries[i].Name, "new-")
		if s, err := dir.Lstat(entries[i].Name); strings.HasPrefix(name, weightsPrefix) && err == nil &&
			s.Kind == file.Regular {
			all = append(all, old{entries[i].Name, s.Mtime})
		}
	}
	slices.SortFunc(all, func(a, b old) int {
		if a.time == b.time {
			return strings.Compare(a.name, b.name)
		}
		return map[bool]int{true: 1, false: -1}[a.time.Before(b.time)] // the newest first
	})
	for _, o := range all[min(len(all), weightsInFiles):] {
		err = errors.Join(err, dir.Remove(o.name))
	}
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// pack is the text of a file: what it is of, then for each folder how many bytes of the path are those of the one
// before, the others, and its weight, as varints; last a CRC-32C.
func (f *folderWeights) pack(of string) []byte {
	b := appendText([]byte(weightsMagic), of)
	b = binary.AppendUvarint(b, uint64(len(f.paths)))
	before := ""
	for i, path := range f.paths {
		same := 0
		for same < min(len(path), len(before)) && path[same] == before[same] {
			same++
		}
		b = appendText(binary.AppendUvarint(b, uint64(same)), path[same:])
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(f.sums[i].Entries)), uint64(f.sums[i].Bytes))
		before = path
	}
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// readWeights reads what pack has written about of, nil if the file is not that.
func readWeights(name, of string) *folderWeights {
	f, err := os.OpenFile(name, os.O_RDONLY|file.Plain, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, weightsMax))
	if err != nil {
		return nil
	}
	return unpackWeights(b, of)
}

// unpackWeights is what pack has made.
func unpackWeights(b []byte, of string) *folderWeights {
	end := len(b) - 4
	if end < 0 || crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return nil
	}
	rest, ok := bytes.CutPrefix(b[:end], []byte(weightsMagic))
	bad := !ok
	number := func() uint64 {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			bad, n = true, 0
		}
		rest = rest[n:]
		return v
	}
	text := func(most uint64) string {
		n := number()
		if bad = bad || n > most || n > uint64(len(rest)); bad {
			return ""
		}
		s := string(rest[:n])
		rest = rest[n:]
		return s
	}
	if text(1<<16) != of {
		return nil
	}
	f, before := &folderWeights{}, ""
	for n := number(); n > 0 && !bad; n-- {
		same := number()
		if bad = bad || same > uint64(len(before)); bad {
			break
		}
		path := before[:same] + text(record.MaxPath)
		w := Weight{Entries: int64(number()), Bytes: int64(number())}
		if !record.ValidPath(path) || len(f.paths) > 0 && record.Compare(before, path) >= 0 || w.Entries < 0 || w.Bytes < 0 {
			return nil
		}
		f.paths, f.sums, before = append(f.paths, path), append(f.sums, w), path
	}
	if bad || len(rest) > 0 {
		return nil
	}
	return f
}
