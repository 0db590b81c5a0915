package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/DeRuina/timberjack"
)

// levelCritical is what ends a run; slog has no name for it.
const levelCritical = slog.LevelError + 4

// logLevels are the levels as BackupOptions.txt spells them.
var logLevels = map[string]slog.Level{
	"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARNING": slog.LevelWarn, "ERROR": slog.LevelError, "CRITICAL": levelCritical,
}

// openLog opens the log file of a destination: put aside at 1 MiB, 10 old ones kept. Without a log file
// everything goes nowhere. end closes it, and warns if it could not be written to.
func (c *call) openLog(dest, file, level string) (log *slog.Logger, end func()) {
	if file == "" {
		return slog.New(slog.DiscardHandler), func() {}
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dest, file)
	}
	w := &logFile{WriteCloser: &timberjack.Logger{Filename: file, MaxSize: 1, MaxBackups: 10, LocalTime: true, FileMode: 0o600}}
	h := slog.NewTextHandler(w, &slog.HandlerOptions{
		Level: logLevels[level],
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if l, ok := a.Value.Any().(slog.Level); ok && a.Key == slog.LevelKey {
				for name, v := range logLevels {
					if v == l {
						return slog.String(a.Key, name)
					}
				}
			}
			return a
		},
	})
	return slog.New(h), func() {
		if err := cmp.Or(w.err, w.Close()); err != nil {
			c.warn("log file %s: %v", quote(file), err)
		}
	}
}

// logFile keeps the first error, which slog passes over.
type logFile struct {
	io.WriteCloser
	err error
}

func (l *logFile) Write(p []byte) (int, error) {
	n, err := l.WriteCloser.Write(p)
	l.err = cmp.Or(l.err, err)
	return n, err
}

// logEnd writes how a run ended.
func logEnd(log *slog.Logger, what string, err error) {
	if err != nil {
		log.Log(context.Background(), levelCritical, fmt.Sprintf("%s failed", what), "error", clean(err.Error()))
	}
}
