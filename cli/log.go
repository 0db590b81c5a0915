package cli

import (
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
// everything goes nowhere. The closer ends it.
func openLog(dest, file, level string) (*slog.Logger, io.Closer) {
	if file == "" {
		return slog.New(slog.DiscardHandler), io.NopCloser(nil)
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dest, file)
	}
	w := &timberjack.Logger{Filename: file, MaxSize: 1, MaxBackups: 10, LocalTime: true, FileMode: 0o600}
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
	return slog.New(h), w
}

// logEnd writes how a run ended.
func logEnd(log *slog.Logger, what string, err error) {
	if err != nil {
		log.Log(context.Background(), levelCritical, fmt.Sprintf("%s failed", what), "error", clean(err.Error()))
	}
}
