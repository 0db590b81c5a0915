//go:build !unix

package file

import (
	"errors"
	"os/exec"
)

// OwnGroup is for systems with process groups: elsewhere it returns errors.ErrUnsupported.
func OwnGroup(*exec.Cmd) (end func(), err error) { return nil, errors.ErrUnsupported }
