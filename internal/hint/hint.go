// Package hint has errors that say what to do, and those that say that a request is wrong. What answers a request
// returns them; what talks to the user, a terminal or a page, shows the hints beside the error.
package hint

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/xrash/smetrics"
)

// usageError is an error because the request is wrong: what was asked for cannot be.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// Usagef is an error that says that the request is wrong.
func Usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// Usage is err as an error that says that the request is wrong; nil for nil.
func Usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// IsUsage reports whether err says that the request is wrong.
func IsUsage(err error) bool { return errors.As(err, new(*usageError)) }

// hintedError is an error with the way out of it.
type hintedError struct {
	err    error
	format string
	args   []any
	last   bool // behind those of err
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// Text is a hint made elsewhere, as an argument of With: the command lines in it are shown as those in the format.
type Text string

// With adds what to do to err; nil for nil.
func With(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hintedError{err, format, args, false}
}

// Also adds what else there is to do, behind the hints that err has already.
func Also(err error, format string, args ...any) error { return &hintedError{err, format, args, true} }

// Lines are the lines of all hints in err. typed is applied to the formats of the hints, and to each Text among their
// arguments: it may change how the program is called in command lines.
func Lines(err error, typed func(string) string) (lines []string) {
	switch e := err.(type) { //nolint:errorlint // it takes the tree of errors apart, level by level
	case *hintedError:
		args := slices.Clone(e.args)
		for i, arg := range args {
			if text, ok := arg.(Text); ok {
				args[i] = typed(string(text))
			}
		}
		own, others := strings.Split(fmt.Sprintf(typed(e.format), args...), "\n"), Lines(e.err, typed)
		if e.last {
			own, others = others, own
		}
		return append(own, others...)
	case interface{ Unwrap() error }:
		return Lines(e.Unwrap(), typed)
	case interface{ Unwrap() []error }:
		for _, e := range e.Unwrap() {
			lines = append(lines, Lines(e, typed)...)
		}
	}
	return lines
}

// Parts are the errors that err was joined of; those without a text are left out.
func Parts(err error) (all []error) {
	if err == nil || err.Error() == "" {
		return nil
	}
	switch e := err.(type) { //nolint:errorlint // as in Parts
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil && inner.Error() == err.Error() {
			return Parts(inner)
		}
	case interface{ Unwrap() []error }:
		if text := errors.Join(e.Unwrap()...).Error(); text == err.Error() {
			for _, e := range e.Unwrap() {
				all = append(all, Parts(e)...)
			}
			return all
		}
	}
	return []error{err}
}

// Nearest is the one of known that word was most likely meant to be, "" if none is near.
func Nearest(word string, known []string) string {
	best, found := 0.75, ""
	for _, k := range known {
		if d := smetrics.JaroWinkler(word, k, 0.7, 4); d > best {
			best, found = d, k
		}
	}
	return found
}
