package web

import (
	"errors"
	"strconv"
	"syscall"
)

func portText(port int) string { return strconv.Itoa(port) }

// orDefaultPort is a port for a hint.
func orDefaultPort(port string) string {
	if port == "" {
		return portText(defaultPort)
	}
	return port
}

// inUse reports whether somebody else listens there.
func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
