package settings

import "log/slog"

// LevelCritical is what ends a run; slog has no name for it.
const LevelCritical = slog.LevelError + 4

// LogLevels are the levels as BackupOptions.txt spells them.
var LogLevels = map[string]slog.Level{
	"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARNING": slog.LevelWarn, "ERROR": slog.LevelError,
	"CRITICAL": LevelCritical,
}
