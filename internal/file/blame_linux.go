package file

import "golang.org/x/sys/unix"

// brokenHere are errors of a broken file system that other systems do not have.
var brokenHere = []error{unix.ENOMEDIUM, unix.ESHUTDOWN, unix.EUCLEAN, unix.EREMOTEIO, unix.EHOSTDOWN}
