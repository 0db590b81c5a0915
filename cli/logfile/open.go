// Package logfile is the log of a destination: where its settings want it, whether it may be written there, and the
// file itself, which is put aside when it is large. What is no log is never touched.
package logfile

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/DeRuina/timberjack"

	"snap/cli/settings"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// Path is where the log file of a destination is, "" for none, and then why
// none is kept, if that is to be said. What is no log there is not touched: the log is put aside by renaming it.
func Path(ctx context.Context, d *destination.Destination, dest, logfile string) (path, none string, err error) {
	path = At(dest, logfile)
	if path == "" {
		return "", "", nil
	}
	why := noFile(path)
	if in := file.Within(dest, path); in != "" && why == "" {
		if why, err = noLog(ctx, d, in); err != nil {
			return "", "", err
		}
	}
	if why = cmp.Or(why, foreignText(path)); why != "" {
		return "", "", logError(dest, path, why)
	}
	if foreign, err := ownedByAnother(dest); err != nil {
		return "", "", err
	} else if foreign {
		return "", "no log is kept: root does not write where another user says, to whom the destination or " +
			settings.OptionsFile + " belongs", nil
	}
	if _, err := os.Lstat(path); os.Geteuid() == 0 &&
		!errors.Is(err, syscall.ENOTDIR) { // else there is no way to it: told when it is opened
		if at := file.ReachOfOthers(path); at != "" {
			return "", fmt.Sprintf("no log is kept: root does not write %s, because %s belongs to another user or may be "+
				"changed by one",
				quote.Name(path), quote.Name(at)), nil
		}
	}
	return path, "", nil
}

func logError(dest, path, why string) error {
	return hint.With(settings.Wrong(fmt.Errorf("log file %s: %s", quote.Name(path), why)),
		"name another one as logfile in %s", quote.Name(filepath.Join(dest, settings.OptionsFile)))
}

// noFile says that what is at path is no regular file, if so.
func noFile(path string) (why string) {
	info, err := os.Stat(path)
	_, lerr := os.Lstat(path)
	if dead := destination.DeadLink(path); dead != "" {
		return "that is not a file: " + dead
	}
	if err == nil && !info.Mode().IsRegular() || err != nil && lerr == nil {
		return "that is not a file"
	}
	return ""
}

// foreignText says that the file at path has a text that is no log of snap's, if so. A file that is empty, or not
// there, can become one; of one that cannot be read this is told when it is opened. Blocks of zeros are what a crash
// leaves.
func foreignText(path string) (why string) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 4<<10)
	n, _ := io.ReadFull(f, head)
	head = bytes.TrimLeft(head[:n], "\x00")
	begins := []byte("time=")
	if bytes.HasPrefix(head, begins) || bytes.HasPrefix(begins, head) {
		return ""
	}
	return "that file has something else in it than a log of snap"
}

// CheckFolder refuses a log file in a folder that is not there: a typo, or a disk that is not mounted. Folders in the
// destination are made with the log. Outside of it, what stands there must be a log too.
func CheckFolder(ctx context.Context, dest, logfile string) error {
	path := At(dest, logfile)
	if path == "" || file.Within(dest, path) != "" {
		return nil
	}
	if why := cmp.Or(noFile(path), foreignText(path)); why != "" {
		return logError(dest, path, why)
	}
	if err := destination.CheckWrite(ctx, path); err != nil {
		return logError(dest, path, err.Error())
	}
	dir := filepath.Dir(path)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong with it is told when it is opened
	}
	return hint.With(settings.Wrong(fmt.Errorf("%s: logfile = %s: there is no folder %s",
		quote.Name(filepath.Join(dest, settings.OptionsFile)), quote.Name(logfile), quote.Name(dir))),
		"make it: mkdir -p %s; or name another file in that line", quote.Word(dir))
}

// At is where the settings of a destination want the log file, "" for nowhere.
func At(dest, logfile string) string {
	switch {
	case logfile == "" || logfile == os.DevNull:
		return ""
	case filepath.IsAbs(logfile):
		return logfile
	}
	return filepath.Join(dest, logfile)
}

// noLog says why the file at the path in below the destination cannot be a log; "" if it can.
func noLog(ctx context.Context, d *destination.Destination, in string) (why string, err error) {
	top, _, inFolder := strings.Cut(filepath.ToSlash(in), "/")
	switch {
	case slices.Contains([]string{settings.OptionsFile, settings.BlacklistFile, settings.WhitelistFile}, in):
		return "that is a settings file", nil
	case top == ".snap" || top == "latest":
		return "that folder is for snap itself", nil
	case !inFolder:
		return "", nil
	}
	snaps, err := d.DB.Snapshots(ctx)
	if slices.ContainsFunc(snaps, func(h record.Header) bool { return h.Name == top }) {
		why = "that folder is a snapshot"
	}
	return why, err
}

// ownedByAnother reports whether root is asking and the destination or its settings are not root's.
func ownedByAnother(dest string) (bool, error) {
	if os.Geteuid() != 0 {
		return false, nil
	}
	root, err := file.OpenRoot(dest)
	if err != nil {
		return false, err
	}
	defer root.Close()
	dir, err := root.Stat()
	if err != nil {
		return false, err
	}
	options, err := root.Lstat(settings.OptionsFile)
	return dir.UID != 0 || err == nil && options.UID != 0, nil
}

// Open opens a log file: put aside at 1 MiB, 10 old ones kept. Without a log file everything goes nowhere. end closes
// it, and says if it could not be written to.
func Open(file, level string) (log *slog.Logger, end func() error) {
	if file == "" {
		return slog.New(slog.DiscardHandler), func() error { return nil }
	}
	w := &firstError{WriteCloser: &timberjack.Logger{Filename: file, MaxSize: 1, MaxBackups: 10, LocalTime: true,
		FileMode: 0o600}}
	h := slog.NewTextHandler(w, &slog.HandlerOptions{
		Level: settings.LogLevels[level],
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if l, ok := a.Value.Any().(slog.Level); ok && a.Key == slog.LevelKey {
				for name, v := range settings.LogLevels {
					if v == l {
						return slog.String(a.Key, name)
					}
				}
			}
			return a
		},
	})
	return slog.New(h), func() error {
		if err := cmp.Or(w.err, w.Close()); err != nil {
			return hint.With(fmt.Errorf("log file %s: %w", quote.Name(file), err),
				"the log lacks what this run did; logfile stands in %s", settings.OptionsFile)
		}
		return nil
	}
}

// firstError keeps the first error, which slog passes over.
type firstError struct {
	io.WriteCloser
	err error
}

func (l *firstError) Write(p []byte) (int, error) {
	n, err := l.WriteCloser.Write(p)
	l.err = cmp.Or(l.err, err)
	return n, err
}

// Failed writes that a run failed, if so.
func Failed(log *slog.Logger, what string, err error) {
	if err != nil {
		log.Log(context.Background(), settings.LevelCritical, fmt.Sprintf("%s failed", what), "error",
			quote.Clean(err.Error()))
	}
}

// IsFile knows a log and those that were put aside: their names hold the time when that was.
func IsFile(log string) func(name string) bool {
	ext := filepath.Ext(log)
	aside := regexp.MustCompile(`^` + regexp.QuoteMeta(strings.TrimSuffix(log, ext)) +
		`-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d[.]\d+(-.*)?` + regexp.QuoteMeta(ext) + `$`)
	return func(name string) bool { return name == log || aside.MatchString(name) }
}
