package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"snap/internal/quote"
)

// showLimit is how long a message may take to get to the desktop.
const showLimit = 10 * time.Second

// show shows a message on the desktop of the user, by notify-send over the bus of the session. A job of the user's own
// systemd, or of cron, finds that bus by the folder that the user has while logged in.
func show(ctx context.Context, m *Message, how *How) error {
	if how.Root {
		return errors.New("root has no desktop; use mail, or a backup of the user's own")
	}
	path, err := exec.LookPath("notify-send")
	if err != nil {
		return errors.New("there is no notify-send here (package libnotify-bin)")
	}
	var env []string
	if _, ok := how.Lookup("DBUS_SESSION_BUS_ADDRESS"); !ok {
		dir, _ := how.Lookup("XDG_RUNTIME_DIR")
		bus := filepath.Join(dir, "bus")
		if dir == "" {
			bus = fmt.Sprintf("/run/user/%d/bus", os.Geteuid())
		}
		if _, err := os.Stat(bus); err != nil {
			return errors.New("the user is not logged in on a desktop")
		}
		env = append(env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+bus)
	}
	urgency := "normal"
	if m.Stage == Failure {
		urgency = "critical"
	}
	lines := strings.Split(strings.TrimSpace(m.Body), "\n")
	body := html.EscapeString(strings.Join(lines[max(0, len(lines)-5):], "\n")) // the body may hold markup
	ctx, cancel := context.WithTimeout(ctx, showLimit)
	defer cancel()
	return how.run(
		ctx,
		&program{Args: []string{path, "--app-name=snap", "--urgency=" + urgency, "--", oneLine(m.Subject), body}, Env: env},
	)
}

// run starts a program and waits for it.
func (how *How) run(ctx context.Context, p *program) error {
	c := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...)
	c.Stdin = strings.NewReader(p.Stdin)
	if p.Env != nil {
		c.Env = append(os.Environ(), p.Env...)
	}
	c.WaitDelay = time.Second
	var errs bytes.Buffer
	c.Stderr = &errs
	err := c.Run()
	if errors.Is(err, exec.ErrWaitDelay) { // it has gone well, and left something in the background
		err = nil
	}
	if said := strings.TrimSpace(errs.String()); err != nil && said != "" && ctx.Err() == nil {
		said, _, _ = strings.Cut(said, "\n")
		return fmt.Errorf("%s: %w: %s", p.Args[0], err, quote.Clean(said))
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", p.Args[0], err)
	}
	return errors.Join(err, ctx.Err())
}
