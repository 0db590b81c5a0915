package file

import (
	"errors"
	"io/fs"
)

// Reason is the reason in a *fs.PathError, for messages that name the path themselves.
func Reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
