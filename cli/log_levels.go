package cli

import "log/slog"

// levelCritical is what ends a run; slog has no name for it.
const levelCritical = slog.LevelError + 4

// logLevels are the levels as BackupOptions.txt spells them.
var logLevels = map[string]slog.Level{
	"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARNING": slog.LevelWarn, "ERROR": slog.LevelError, "CRITICAL": levelCritical,
}
