package events

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"snap/backup"
	"snap/cli/exit"
	"snap/cli/logfile"
	"snap/cli/text"
	"snap/destination"
	"snap/hooks"
	"snap/internal/quote"
	"snap/internal/stream"
	"snap/notify"
)

// Done takes in what became of the backup.
func (e *Events) Done(made bool, res *backup.Result) {
	if e == nil {
		return
	}
	e.log = nil // the destination is about to be closed, and a command may unmount it
	e.made = made
	e.facts.Errors = res.Errors
	if h := res.Header; h != nil {
		e.facts.Snapshot, e.facts.Files, e.facts.Copied = filepath.Join(e.facts.Dest, h.Name), h.Files, h.CopiedBytes
	}
}

// End runs what is to run after a backup that ended with err, and returns how it ends now.
func (e *Events) End(ctx context.Context, err error) error {
	if e == nil {
		return err
	}
	e.said.keeps(false)
	code := exit.Code(ctx, err)
	switch {
	case e.foreign != "":
		e.trouble = append(e.trouble, e.foreignText())
		if err == nil {
			err = exit.With(exit.Partial, nil)
		}
		return err
	case e.caller.DryRun || exit.Typed(err) && !e.began:
		return err
	}
	interrupted := code == exit.Interrupted // by who is there, and a machine that is shut down terminates
	e.facts.Result, e.facts.Code, e.log = "failed", code, nil
	switch {
	case e.made && e.facts.Snapshot != "":
		e.facts.Result = "snapshot"
	case e.made:
		e.facts.Result = "unchanged"
	default:
		e.facts.Snapshot = ""
	}
	e.said.keeps(true) // what is said from now on is told too
	if e.began {
		err = e.finish(ctx, hooks.After, err)
	}
	switch code = exit.Code(ctx, err); {
	case interrupted, code == 0:
	case code == exit.Partial:
		err = e.finish(ctx, hooks.OnWarning, err)
	default:
		err = e.finish(ctx, hooks.OnFailure, err)
	}
	if !interrupted {
		e.tellEnd(ctx, err)
	} else if e.start != nil {
		<-e.start
	}
	e.said.keeps(false)
	e.writeLog()
	return err
}

// finish runs the command of an event after the backup. One that fails is told, and makes a backup that was well one
// that needs a look.
func (e *Events) finish(ctx context.Context, event hooks.Event, err error) error {
	e.facts.Message = strings.Join(e.lines(err), "\n")
	if failed := e.run(ctx, event); failed != nil {
		e.say(failed.Error())
		e.trouble = append(e.trouble, failed.Error())
		if err == nil {
			err = exit.With(exit.Partial, nil)
			e.facts.Code = exit.Partial
		}
	}
	return err
}

// lines are what is told of a backup that ended with err: the last lines that were said, the reason among them.
func (e *Events) lines(err error) []string {
	lines := append(e.said.last(), e.caller.Complaint(err)...)
	if len(lines) == 0 && err != nil { // it was said only where somebody would have been there
		lines = append(lines, "snap: "+e.summary())
	}
	return lines
}

// Trouble is what went wrong around a backup when it was over; "" for nothing.
func (e *Events) Trouble() string {
	if e == nil {
		return ""
	}
	return strings.Join(e.trouble, "; ")
}

// tellEnd tells how the backup went to those who want to hear of it.
func (e *Events) tellEnd(ctx context.Context, err error) {
	m := &notify.Message{Stage: notify.Failure, Time: e.caller.Now()}
	verdict := fmt.Sprintf("no backup (exit code %d)", exit.Code(ctx, err))
	switch code := exit.Code(ctx, err); {
	case code == 0:
		m.Stage, verdict = notify.Well, "all well"
	case e.made:
		m.Stage, verdict = notify.Warning, fmt.Sprintf("done, but something needs a look (exit code %d)", code)
	}
	host, _ := os.Hostname()
	m.Subject = quote.Clean(fmt.Sprintf("snap on %s: backup to %s: %s", host, e.facts.Dest, verdict))
	m.Body = strings.Join(append(e.lines(err), "", e.summary()), "\n")
	var failed []error
	if e.start != nil {
		failed = <-e.start
	}
	telling, cancel := context.WithoutCancel(ctx), context.CancelFunc(func() {})
	if ctx.Err() != nil {
		telling, cancel = context.WithTimeout(telling, interruptedLimit)
	}
	defer cancel()
	said := map[string]bool{} // who cannot be reached at the end either is named once
	for _, err := range append(failed, e.tell(telling, m)...) {
		if text := err.Error(); !said[text] {
			said[text] = true
			e.say(text)
		}
	}
}

// tell tells all who want to hear of a message of its stage.
func (e *Events) tell(ctx context.Context, m *notify.Message) (failed []error) {
	how := &notify.How{Root: os.Geteuid() == 0, Lookup: e.caller.LookupEnv, Sleep: stream.Pause}
	for _, t := range e.want.Notify {
		if m.Stage != notify.Well || t.Always() || e.want.Always {
			failed = append(failed, t.Tell(ctx, m, how))
		}
	}
	return slices.DeleteFunc(failed, func(err error) bool { return err == nil })
}

// summary is what the backup did, in a line.
func (e *Events) summary() string {
	f := &e.facts
	of := fmt.Sprintf("backup to %s: ", f.Dest)
	if f.Source != "" { // else it did not come so far
		of = fmt.Sprintf("backup of %s to %s: ", strings.ReplaceAll(f.Source, "\n", ", "), f.Dest)
	}
	switch f.Result {
	case "snapshot":
		of += fmt.Sprintf("snapshot %s, %s, %s copied", filepath.Base(f.Snapshot), text.Plural(f.Files, "file", "files"),
			e.caller.Size(f.Copied))
	case "unchanged":
		of += "nothing changed, no snapshot made"
	default:
		of += "no snapshot made"
	}
	if f.Errors > 0 {
		of += ", " + strconv.FormatInt(f.Errors, 10) + " not read"
	}
	return quote.Clean(of)
}

// writeLog writes to the log what was said after it was closed, if the destination is still there.
func (e *Events) writeLog() {
	if len(e.kept) == 0 || e.logfile == "" {
		return
	}
	if info, err := os.Lstat(filepath.Join(e.facts.Dest, destination.MetaName)); err != nil || !info.IsDir() {
		return
	}
	log, end := logfile.Open(e.logfile, e.level)
	for _, line := range e.kept {
		log.Info(quote.Clean(line))
	}
	if err := end(); err != nil {
		e.caller.Warn("%v", err)
	}
}
