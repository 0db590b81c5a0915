package source

import (
	"errors"
	"fmt"
	"io"
	"os"

	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
)

// Amiss is what is wrong with the sources of a snapshot now, so that a backup of them would be refused, as far as one
// look tells: one is not there, or the only one has become empty or a file. "" for nothing, and on another machine.
func Amiss(h *record.Header) string {
	if host, err := os.Hostname(); err != nil || h.Host != "" && h.Host != host {
		return ""
	}
	all := h.AllSources()
	for _, path := range all {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Sprintf("source %s: %v", quote.Name(path), file.Reason(err))
		}
		if len(h.Sources) == 0 && !info.IsDir() {
			return fmt.Sprintf("source %s: it is no folder any more", quote.Name(path))
		}
		if len(all) == 1 && h.Files > 0 && info.IsDir() && empty(path) {
			return fmt.Sprintf("source %s: it is empty", quote.Name(path))
		}
	}
	return ""
}

func empty(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	return errors.Is(err, io.EOF)
}
