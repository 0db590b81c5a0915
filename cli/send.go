package cli

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
	"snap/record"
	"snap/remote/peer"
	"snap/remote/replica"
)

func sendCommand() *command {
	return &command{
		Name: "send", Args: "[A..]B", Min: 1, Max: 1, Group: groupFar, Effect: true,
		Short: "write snapshots to standard output, for a pipe or a tape",
		Long: `
Writes the snapshot B, or with A all after A up to B, for one who has A already. On
the other side snap receive makes a replica of it. It is not encrypted.`,
		Examples: `
snap send latest >all
snap send oldest..latest | gzip >rest.gz`,
		Codes: []int{exit.NoDest},
		Run:   runSend,
	}
}

func runSend(c *call) error {
	if c.env.StdoutTTY || c.opts.json {
		return hint.With(hint.Usagef("send writes bytes to standard output"), "to a file: snap send %s >FILE",
			quote.Word(c.args[0]))
	}
	return c.reading(func(d *query.Reader) error {
		if d.Treeless() {
			return hint.Usagef("send: what is far is copied to a folder first: snap copy -d … DIR")
		}
		base, all, err := c.toSend(d)
		if err != nil {
			return err
		}
		x, err := replica.OpenHere(c.ctx, d.Dir, c.trusted(d.Dir)...)
		if err != nil {
			return err
		}
		lost := 0
		err = peer.Send(c.ctx, c.env.Stdout, x, base, all, func(path string, why error) {
			lost++
			c.warn("send %s: %v", quote.Path(path), why)
		})
		if err = errors.Join(err, x.Close()); err == nil && lost > 0 {
			err = exit.With(exit.Partial, nil)
		}
		return err
	})
}

// toSend are the snapshots that [A..]B names, and the one that they go on from.
func (c *call) toSend(d *query.Reader) (base *record.Header, all []record.Header, err error) {
	from, to, several := strings.Cut(c.args[0], "..")
	if !several {
		from, to = "", from
	}
	last, err := d.Resolver().Resolve(to)
	if err != nil {
		return nil, nil, err
	}
	if from == "" {
		return nil, d.Snapshots[last : last+1], nil
	}
	first, err := d.Resolver().Resolve(from)
	if err != nil {
		return nil, nil, err
	}
	if first >= last {
		return nil, nil, hint.Usagef("send: %s is not before %s", quote.Name(d.Snapshots[first].Name),
			quote.Name(d.Snapshots[last].Name))
	}
	return &d.Snapshots[first], slices.Clone(d.Snapshots[first+1 : last+1]), nil
}

func receiveCommand() *command {
	return &command{
		Name: "receive", Args: "DEST", Min: 1, Max: 1, Group: groupFar, Effect: true,
		Short: "make a replica of what snap send has written, from standard input",
		Long: `
Reads all of standard input, and when its SHA-256 is right, makes the snapshots in the
replica DEST that it lacks. Where only changes were sent it must have the snapshot
before as its newest. A pipe is kept in DEST meanwhile, so that there is to be room.`,
		Examples: `
snap receive /mnt/other/received <all`,
		Codes: []int{exit.Refused, exit.NoDest, exit.Locked},
		Flags: flags{hereFlag(), {Name: "follow", Usage: "make DEST follow from now on, which was backed up to before"}},
		Run: func(c *call) error {
			to := c.abs(c.args[0])
			err := c.checkStrange(to, "", settings.Default().Format)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			line := c.progress()
			b := &job.Back{Place: c.place(to), To: to, Show: line.Show,
				Options: replica.Options{Follow: c.flags.Bool("follow"), LockWait: c.opts.lockWait}}
			res, err := b.Receive(c.ctx, c.env.Stdin)
			line.End()
			if res == nil || err != nil && len(res.Snapshots) == 0 {
				return err
			}
			return errors.Join(c.tellCopied(to, res, false), err)
		},
	}
}
