package destination

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"snap/internal/file"
	"snap/internal/quote"
)

// Holder is who holds the lock of a destination, or died holding it. The zero one is nobody that is known.
type Holder struct {
	Text  string    // as that run wrote it into the lock file, for people
	What  string    // the command that it runs, "" where that is not known
	PID   int       // its process, 0 where that is not known
	Host  string    // on this machine
	Since time.Time // by that machine's clock, taken for one of this zone
}

// holderText is how a run calls itself: the format of the lock file.
const holderText = "snap %s (process %d on %s, since %s)"

// holderTime is how it says since when.
const holderTime = "2006-01-02 15:04:05"

// NewHolder is this process, which runs the command what since then.
func NewHolder(what string, since time.Time) Holder {
	host, _ := os.Hostname()
	return parseHolder(fmt.Sprintf(holderText, what, os.Getpid(), quote.Clean(host), since.Format(holderTime)))
}

// parseHolder reads what a run calls itself. What has another format has a text only.
func parseHolder(text string) Holder {
	h := Holder{Text: text}
	what, after, found := strings.Cut(text, " (process ")
	number, after, of := strings.Cut(after, " on ")
	host, at, since := strings.Cut(after, ", since ")
	if pid := 0; found && of && since {
		if _, err := fmt.Sscanf(number, "%d", &pid); err == nil && pid > 0 {
			h.PID, h.Host, h.What = pid, host, strings.TrimPrefix(what, "snap ")
			h.Since, _ = time.ParseInLocation(holderTime, strings.TrimSuffix(at, ")"), time.Local)
		}
	}
	return h
}

// Gone reports whether the holder is a process of this machine that is no more.
func (h *Holder) Gone() bool {
	host, err := os.Hostname()
	if err != nil || h.PID == 0 || h.Host != quote.Clean(host) {
		return false
	}
	p, err := os.FindProcess(h.PID)
	if err != nil {
		return true
	}
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// writeHolder writes into the lock file who holds it.
func writeHolder(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|file.Plain, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// Present is the run that is at work in the destination, nil if none is that is known of.
func Present(root *file.Dir) *Holder {
	h := holderIn(filepath.Join(root.Path(), MetaName, lockName))
	if h.Text == "" || h.Gone() {
		return nil
	}
	return &h
}

// holderIn is what the lock file says about who holds it.
func holderIn(path string) Holder {
	f, err := os.OpenFile(path, os.O_RDONLY|file.Plain, 0)
	if err != nil {
		return Holder{}
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, 300))
	return parseHolder(strings.TrimSpace(string(text)))
}
