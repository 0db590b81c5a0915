package web

import (
	"errors"
	"net"
	"strconv"
	"syscall"

	"snap/internal/hint"
)

const (
	defaultPort = 7627 // SNAP on a telephone
	portsTried  = 20
)

// listen opens the address that is asked for. Nothing but this machine reaches it, unless there is a certificate: what
// goes over a network can be read there, and changed.
func listen(o *Options) ([]net.Listener, error) {
	if o.Listen != "" {
		if o.TLS == nil {
			_, port, _ := net.SplitHostPort(o.Listen)
			return nil, hint.With(hint.Usagef("--listen: without --cert and --key everybody on the network could read along"),
				"from another machine: ssh -L %s:127.0.0.1:%[1]s THIS-MACHINE, and snap web here", orDefaultPort(port))
		}
		l, err := net.Listen("tcp", o.Listen)
		return []net.Listener{l}, err
	}
	if o.Port != 0 {
		all, err := listenHere(o.Port)
		return all, hint.With(err, "another port: --port N; without --port it is the next that is free")
	}
	for port := defaultPort; port < defaultPort+portsTried; port++ {
		if all, err := listenHere(port); err == nil {
			return all, nil
		}
	}
	return listenHere(0)
}

// listenHere listens on both addresses of this machine, which only programs on it reach. Both ports are ours or
// neither: another user must not answer to "localhost" where we answer to 127.0.0.1.
func listenHere(port int) ([]net.Listener, error) {
	four, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", portText(port)))
	if err != nil {
		return nil, err
	}
	port = four.Addr().(*net.TCPAddr).Port
	six, err := net.Listen("tcp6", net.JoinHostPort("::1", portText(port)))
	switch {
	case err == nil:
		return []net.Listener{four, six}, nil
	case inUse(err):
		return nil, errors.Join(err, four.Close())
	}
	return []net.Listener{four}, nil // a machine without IPv6
}

func closeAll(listeners []net.Listener) (err error) {
	for _, l := range listeners {
		err = errors.Join(err, l.Close())
	}
	return err
}

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
