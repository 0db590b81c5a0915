package web

import (
	"context"
	"errors"
	"io/fs"
	"net/http"

	"snap/cli/exit"
	"snap/cli/wire"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
)

// errNoPart says that a script asks for something that the page does not have.
var errNoPart = errors.New("there is no such part of this page")

// errEmpty says that there is nothing to show yet: see nothingYet.
var errEmpty = errors.New("there is no snapshot yet")

// statusError is an error with the HTTP status that it is answered with.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// notFound is err for an address that leads to nothing; one that says that the question is wrong stays so.
func notFound(err error) error {
	if hint.IsUsage(err) {
		return err
	}
	return &statusError{http.StatusNotFound, err}
}

// statusOf is the HTTP status of an error, by its exit code on a command line.
func statusOf(ctx context.Context, err error) (status, code int) {
	code = exit.Code(ctx, err)
	var known *statusError
	switch {
	case errors.As(err, &known):
		return known.status, code
	case errors.Is(err, index.ErrNotFound), errors.Is(err, errEmpty):
		return http.StatusNotFound, code
	case errors.Is(err, errNoPath):
		return http.StatusBadRequest, exit.Usage
	case errors.Is(err, index.ErrMissing), errors.Is(err, fs.ErrNotExist) && code == exit.Failed:
		return http.StatusNotFound, exit.NoDest
	}
	switch code {
	case exit.Usage:
		return http.StatusBadRequest, code
	case exit.Refused:
		return http.StatusConflict, code
	case exit.NoDest:
		return http.StatusNotFound, code
	case exit.Locked:
		return http.StatusLocked, code
	}
	return http.StatusInternalServerError, code
}

// problem is what an error page says: the sentence and the hints that a command would print.
type problem struct {
	Status int
	Title  string
	Lines  []string
	Hints  []string
	Ways   []way
	Retry  bool // it may pass by itself
}

func asText(s string) string { return s }

// fail answers with an error.
func (q *question) fail(err error) {
	if q.ctx.Err() != nil {
		return // nobody reads it
	}
	status, code := statusOf(q.ctx, err)
	if q.to.name == "api" {
		q.failJSON(err, status, code)
		return
	}
	if q.to.page && errors.Is(err, errEmpty) && q.welcome() == nil {
		return
	}
	p := &problem{Status: status, Title: titleOf(err, status)}
	for _, part := range hint.Parts(err) {
		p.Lines = append(p.Lines, quote.Clean(part.Error()))
	}
	p.Hints, p.Ways = hintsOf(err), q.waysFrom(err)
	p.Retry = errors.Is(err, index.ErrBusy) || errors.Is(err, index.ErrMissing)
	_ = q.write(status, "error", view{Title: p.Title, Body: p}) // a page without a question cannot fail
}

// problemOf is an error as a page tells it beside what it shows.
func problemOf(err error, status int) *problem {
	return &problem{Title: titleOf(err, status), Lines: []string{capital(quote.Clean(err.Error()))}, Hints: hintsOf(err)}
}

func titleOf(err error, status int) string {
	switch {
	case errors.Is(err, errEmpty):
		return "Nothing was backed up yet"
	case errors.Is(err, index.ErrMissing):
		return "The index is not there"
	case errors.Is(err, index.ErrBusy):
		return "Another run is at work"
	case errors.Is(err, job.ErrRunning):
		return "Another job is at work"
	case errors.Is(err, query.ErrDamaged):
		return "Damaged"
	case status == http.StatusNotFound:
		return "Not found"
	case status == http.StatusBadRequest:
		return "This cannot be asked"
	}
	return "That did not work"
}

// failJSON answers with an error as the API does.
func (q *question) failJSON(err error, status, code int) {
	hints := hint.Lines(err, asText)
	for i := range hints {
		hints[i] = quote.Clean(hints[i])
	}
	b, encodeErr := wire.Encode(wire.WebError{Error: quote.Clean(err.Error()), Hints: append([]string{}, hints...),
		Code: code})
	if encodeErr != nil {
		status, b = http.StatusInternalServerError, nil
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(status)
	_, _ = q.w.Write(append(b, '\n'))
}

// refuse is what whoever did not pass the guard is told: how to come in, and nothing of what is behind it.
func (s *site) refuse(w http.ResponseWriter, _ *http.Request, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	what, way := "Not this way", "This address answers only to the pages of snap itself."
	switch status {
	case http.StatusUnauthorized:
		what, way = "Please sign in", "Open the link that <code>snap web</code> printed, or get a new one with "+
			"<code>snap web --link</code>. A link works once, for ten minutes."
	case http.StatusNotFound:
		what, way = "Not found", "There is no such page."
	case http.StatusMethodNotAllowed:
		what, way = "Not this way", "This page cannot be asked so."
	}
	_, _ = w.Write([]byte(`<!doctype html><html lang="en"><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width, initial-scale=1">` +
		`<meta name="color-scheme" content="light dark">` +
		`<title>` + what + ` · snap</title><main><h1>` + what + `</h1><p>` + way + `</p></main></html>`))
}
