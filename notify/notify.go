// Package notify tells people and services how a backup went: a message on the desktop, a mail, a ping to a health
// check.
//
// Invariants:
//
//   - What cannot be told never changes how a backup ended: errors are returned, for whoever called to say.
//   - Everything has an end within a minute, whatever the other side does.
//   - A name that a file of the source has makes no header of a mail, no markup of a message and no option of a
//     program.
//
// [Parse] reads a target, [Target.Tell] tells it.
package notify

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"snap/internal/quote"
)

// Target is who is told.
type Target struct {
	kind  string // "desktop", "mail" or "url"
	value string // an address, or an address of the web
}

// Forms says how a target is written, for a message.
const Forms = "desktop, mail ADDRESS or url https://…"

// Parse reads a target: "desktop", "mail me@example.org", "url https://hc.example.org/ping/1234".
func Parse(text string) (t Target, err error) {
	kind, value, _ := strings.Cut(strings.TrimSpace(text), " ")
	t = Target{strings.ToLower(kind), strings.TrimSpace(value)}
	switch t.kind {
	case "desktop":
		if t.value != "" {
			return t, fmt.Errorf("desktop stands alone, without %s", quote.Name(t.value))
		}
	case "mail":
		a, err := mail.ParseAddress(t.value)
		if err != nil || a.Name != "" || a.Address != t.value || strings.ContainsAny(t.value, "\"<>, \t") {
			if local := t.value; err != nil && local != "" &&
				strings.Trim(local, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == "" &&
				local[0] != '-' {
				return t, nil // a user of this machine, as root
			}
			if t.value == "" {
				return t, fmt.Errorf("mail lacks its address: write it as mail me@example.org")
			}
			return t, fmt.Errorf("%s is no address: write it as mail me@example.org", quote.Name(t.value))
		}
	case "url":
		u, err := url.Parse(t.value)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Fragment != "" ||
			strings.ContainsAny(t.value, " \t") {
			if t.value == "" {
				return t, fmt.Errorf("url lacks its address: write it as url https://…")
			}
			return t, fmt.Errorf("%s is no address that can be called: write it as url https://…", quote.Name(t.value))
		}
	default:
		if kind, colon := strings.CutSuffix(t.kind, ":"); colon && (kind == "mail" || kind == "url" || kind == "desktop") {
			return t, fmt.Errorf("%s: without the colon: %s", quote.Name(text),
				quote.Name(strings.TrimSpace(kind+" "+t.value)))
		}
		return t, fmt.Errorf("%s: must be %s", quote.Name(text), Forms)
	}
	return t, nil
}

// String is the target as it is written. What is secret in the path of a URL is not shown.
func (t Target) String() string {
	if t.kind != "url" {
		return strings.TrimSpace(t.kind + " " + t.value)
	}
	u, err := url.Parse(t.value)
	if err != nil {
		return "url"
	}
	return "url " + u.Scheme + "://" + u.Host + "/…"
}

// Always reports whether the target wants to hear of each backup: a health check notices that none comes.
func (t Target) Always() bool { return t.kind == "url" }

// Open reports whether what is told goes over the network for all to read.
func (t Target) Open() bool {
	u, err := url.Parse(t.value)
	return t.kind == "url" && err == nil && u.Scheme == "http" && !loopback(u.Hostname())
}

// Stage is how far a backup is.
type Stage uint8

// The stages.
const (
	Start   Stage = iota // it begins; only a URL is told
	Well                 // a snapshot was made, or nothing had changed
	Warning              // a snapshot was made, but something needs a look
	Failure              // no snapshot was made
)

// Message is what is told.
type Message struct {
	Stage   Stage
	Subject string // a line: which host, which backup, and how it went
	Body    string // lines
	Time    time.Time
}

// How is what telling needs of the process around it.
type How struct {
	Root     bool                                       // root has no desktop
	Lookup   func(key string) (string, bool)            // the environment
	Sleep    func(context.Context, time.Duration) error // between two tries
	Sendmail []string                                   // where sendmail is looked for; nil: where it usually is
}

// program is a program to start.
type program struct {
	Args  []string
	Env   []string // more than the environment of the process
	Stdin string
}

// limit is how long telling one target may take.
const limit = time.Minute

// Tell tells a target. An error says who was not told, and why.
func (t Target) Tell(ctx context.Context, m *Message, how *How) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var err error
	switch {
	case t.kind == "url":
		err = ping(ctx, t.value, m, how)
	case m.Stage == Start:
	case t.kind == "mail":
		err = send(ctx, t.value, m, how)
	default:
		err = show(ctx, m, how)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %s", limit)
	}
	if err != nil {
		return fmt.Errorf("%s was not told: %w", quote.Name(t.String()), err)
	}
	return nil
}
