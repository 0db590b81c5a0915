//go:build unix

package backup

import "syscall"

// openPlain opens no symbolic link, and waits for nobody at the other end of a FIFO.
const openPlain = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
