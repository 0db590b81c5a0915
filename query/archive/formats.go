package archive

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"io"
	"math"
	"strings"
	"time"

	"snap/internal/file"
	"snap/record"
)

// tarWriter writes what GNU tar, bsdtar and star read: PAX headers with times in nanoseconds, owners by number and
// name, hard links, extended attributes. Holes are written as zeros.
type tarWriter struct{ *tar.Writer }

func newTar(w io.Writer) tarWriter { return tarWriter{tar.NewWriter(w)} }

var tarTypes = map[file.Kind]byte{
	file.Regular: tar.TypeReg, file.Folder: tar.TypeDir, file.Symlink: tar.TypeSymlink, file.FIFO: tar.TypeFifo,
	file.CharDevice: tar.TypeChar, file.BlockDevice: tar.TypeBlock,
}

func (t tarWriter) add(h *record.Header, e *record.Entry, name, first string, content io.Reader, size int64) error {
	kind, known := tarTypes[e.Kind]
	if !known {
		return errNotInArchive
	}
	m := &tar.Header{
		Typeflag: kind, Name: name, Linkname: e.Target, Size: size, Mode: int64(e.Mode), ModTime: e.Mtime.Time(),
		Format: tar.FormatPAX,
		Uid:    int(e.UID), Gid: int(e.GID), Uname: h.Users[e.UID], Gname: h.Groups[e.GID],
	}
	switch {
	case first != "":
		m.Typeflag, m.Linkname, m.Size = tar.TypeLink, first, 0
	case e.Kind == file.Folder:
		m.Name += "/"
	case e.Kind == file.CharDevice || e.Kind == file.BlockDevice:
		major, minor := file.DeviceNumbers(e.Rdev)
		m.Devmajor, m.Devminor = int64(major), int64(minor)
	}
	if first == "" && len(e.Xattrs) > 0 {
		m.PAXRecords = map[string]string{}
		for _, x := range e.Xattrs {
			if !strings.Contains(x.Name, "=") { // which ends the name there
				m.PAXRecords["SCHILY.xattr."+x.Name] = string(x.Value)
			}
		}
	}
	if err := t.WriteHeader(m); err != nil {
		return err
	}
	if first != "" || e.Kind != file.Regular {
		return nil
	}
	_, err := io.Copy(t.Writer, content)
	return err
}

// zipWriter writes what unzip and desktops read: modes, times in seconds and symbolic links. Another name of a file
// is another copy; owners, extended attributes and special files have no place in it.
type zipWriter struct {
	*zip.Writer
	links bool // symbolic links too
}

func newZip(w io.Writer, links bool) zipWriter {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate,
		func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	return zipWriter{z, links}
}

func (z zipWriter) add(_ *record.Header, e *record.Entry, name, _ string, content io.Reader, _ int64) error {
	m := &zip.FileHeader{Name: name, Modified: zipTime(e.Mtime.Time()), Method: zip.Deflate}
	m.SetMode(e.Perm())
	switch e.Kind {
	case file.Folder:
		m.Name, m.Method = name+"/", zip.Store
	case file.Symlink:
		if !z.links {
			return errNotInArchive
		}
		m.Method = zip.Store
	case file.Regular:
	default:
		return errNotInArchive
	}
	w, err := z.CreateHeader(m)
	if err != nil {
		return err
	}
	switch e.Kind {
	case file.Symlink:
		_, err = io.WriteString(w, e.Target)
	case file.Regular:
		_, err = io.Copy(w, content)
	}
	return err
}

// zipTime is the time in a zip archive that is nearest to t: its dates begin in 1980, and its seconds end in 2106.
func zipTime(t time.Time) time.Time {
	first, last := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(math.MaxUint32, 0).UTC()
	switch t = t.UTC(); {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}
