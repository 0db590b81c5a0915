package cli

import (
	"errors"
	"io/fs"
	"path/filepath"

	"snap/cli/exit"
	"snap/cli/locate"
	"snap/internal/hint"
	"snap/remote/peer"
)

func serveCommand() *command {
	return &command{
		Name: "serve", Args: "DEST", Min: 1, Max: 1, Group: groupFar, Effect: true,
		Short: "what ssh runs for snap copy ssh://… and -d ssh://…",
		Long: `
Answers a snap on another machine, on standard input and output, for the destination
DEST. It is run by ssh, not by people. In ~/.ssh/authorized_keys a line such as

  restrict,command="snap serve --append-only /srv/b/ann" ssh-ed25519 AAAA…

lets who has that key add snapshots to this destination, and read it, and no more.`,
		Examples: `
snap serve --read-only /mnt/disk/me </dev/null`,
		Codes: []int{exit.Unreachable},
		Flags: flags{
			{Name: "append-only", Usage: "let snapshots be added: labels, settings and all snapshots stay"},
			{Name: "read-only", Usage: "let nothing be changed"},
		},
		Run: func(c *call) error {
			if c.opts.json {
				return hint.Usagef("serve prints no JSON: its standard output is for another snap")
			}
			dest := c.args[0]
			if !filepath.IsAbs(dest) {
				dest = filepath.Join(c.env.Dir, dest)
			}
			o := peer.ServeOptions{AppendOnly: c.flags.Bool("append-only"), ReadOnly: c.flags.Bool("read-only"),
				Holder: c.holder("serve"), Trust: c.trusted(dest), Explain: func(err error) *peer.Trouble {
					err = exit.Hint(err, dest)
					if there, _ := locate.IsDestination(dest); !there && errors.Is(err, fs.ErrNotExist) {
						err = exit.With(exit.NoDest, err)
					}
					return exit.Explain(c.ctx, err, c.env.program.Typed)
				}}
			return peer.Serve(c.ctx, c.env.Stdin, c.env.Stdout, dest, o)
		},
	}
}
