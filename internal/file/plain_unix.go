//go:build unix

package file

import "syscall"

// Plain opens no symbolic link, and waits for nobody at the other end of a FIFO.
const Plain = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
