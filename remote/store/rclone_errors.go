package store

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"snap/internal/hint"
)

func (r *rclone) judge(err error, status int) error {
	return r.judgeWords(firstOf(r.pipe.said(), err.Error()), err, status)
}

// judgeWords says what rclone's words mean, which is all it has: its server says 500 to everything that went wrong.
func (r *rclone) judgeWords(said string, err error, status int) error {
	lower := strings.ToLower(said)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(lower, w) })
	}
	reach := func(k Kind, way string) error {
		return hint.With(&ReachError{Kind: k, Said: said, Err: err}, "%s", way)
	}
	switch {
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusRequestedRangeNotSatisfiable:
		return ErrShort
	case has("didn't find section in config", "unknown backend", "didn't find backend"):
		return reach(NoPlace, "rclone listremotes has those that are there; rclone config makes one")
	case has("unable to decrypt config", "failed to load config", "couldn't decrypt"):
		return reach(Credentials, "export RCLONE_CONFIG_PASS=…, the password of rclone's configuration")
	case has("unknown flag", "unknown command"):
		return reach(Refused, "a newer rclone is needed: rclone selfupdate")
	case has("invalid_grant", "token expired", "oauth", "unauthorized", "401", "invalidaccesskeyid",
		"signaturedoesnotmatch", "authentication failed", "unable to authenticate"):
		return reach(Credentials, "rclone config reconnect "+r.remoteName())
	case has("quota", "insufficient storage", "no space left", "storage limit"):
		return reach(Full, "make room there; what was uploaded stays")
	case has("permission denied", "access denied", "forbidden", "accessdenied"):
		return reach(Rights, "rclone's remote "+r.remoteName()+" needs the right to write there")
	case has("429", "too many requests", "rate limit", "slowdown", "ratelimit"):
		return &passing{err: errors.New(said), tooMuch: true}
	}
	return &passing{err: errors.New(said)}
}

func (r *rclone) remoteName() string {
	name, _, _ := strings.Cut(r.remote, ":")
	return name + ":"
}

// lastLine is the last of rclone's words, without the time and level before it.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	line := strings.TrimSpace(lines[len(lines)-1])
	for _, level := range []string{"CRITICAL: ", "ERROR : ", "NOTICE: "} {
		if _, words, found := strings.Cut(line, level); found {
			return strings.TrimSpace(words)
		}
	}
	return line
}
