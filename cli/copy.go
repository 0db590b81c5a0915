package cli

import (
	"errors"
	"io/fs"
	"time"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/job"
	"snap/query"
	"snap/remote"
	"snap/remote/vault"
)

func copyCommand() *command {
	return &command{
		Name: "copy", Args: "TO [REF…]", Min: 1, Max: -1, Group: groupFar, Effect: true,
		Short: "copy the snapshots that another place lacks",
		Long: `
Brings the snapshots that TO lacks, oldest first; with REF only these. TO is

  NAME                 the name of a remote: snap remote add makes one
  /mnt/other/me        a folder on another disk: a replica, which is a
                       destination with the same snapshots
  ssh://HOST/FOLDER    a replica on another machine, where snap is, too; also
                       ssh://USER@HOST:PORT/FOLDER

To a vault only what is new goes over the line, encrypted here. A replica makes its
links itself: it gets what is new, and costs what changed. It is backed up to after
snap promote. Killed or cut off, the same command goes on. A backup may run beside it.

With -d a vault or another machine is what is copied, to a folder here.

A file whose bytes are damaged here and nowhere whole is named, the rest is copied,
and the exit code is 3.`,
		Examples: `
snap copy b2 -n           # what would be copied?
snap copy b2 --since @1mo  # begin there, not with the oldest
snap copy b2
snap copy b2 --limit-upload 2M
snap copy /mnt/other/me   # to another disk
snap copy -d b2 /mnt/new/me  # a destination again, from the vault`,
		Codes: []int{exit.Refused, exit.NoDest, exit.Locked, exit.WrongKey, exit.Unreachable, exit.Interrupted,
			exit.Terminated},
		Flags: flags{
			dryFlag("say what would be copied and copy nothing"),
			{Name: "since", Kind: cmdline.String, Usage: "begin an empty remote with the snapshot `REF`"},
			{Name: "follow", Usage: "make TO follow from now on, which was backed up to before"},
			hereFlag(),
			{Name: "limit-upload", Kind: cmdline.String, Usage: "send at most `SIZE` a second, such as 2M"},
			{Name: "jobs", Kind: cmdline.Int, Usage: "`N` uploads at the same time (default: 4)"},
			{Name: "retry-for", Kind: cmdline.String,
				Usage: "try again for `TIME` when the place does not answer (default: 15min)"},
			{Name: "checkpoint", Kind: cmdline.String, Usage: "make a long copy safe every `TIME` (default: 10min)"},
		},
		Complete: completeRemote,
		Run:      runCopy,
	}
}

func runCopy(c *call) error {
	from, err := c.far()
	if err != nil {
		return err
	}
	if from != nil {
		return c.copyBack(from)
	}
	dest, err := c.findOwn()
	if err != nil {
		return err
	}
	r, err := job.PlaceOf(dest, c.args[0], c.abs(c.args[0]))
	if err != nil {
		return err
	}
	if remote.FormOf(r.URL) == remote.Disk {
		if err := c.checkStrange(r.URL, "", settings.Default().Format); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	o, v, err := c.copyOptions(dest, r)
	if err != nil {
		return err
	}
	return c.reading(func(d *query.Reader) error {
		if v.Seqs, v.Since, err = c.toCopy(d.Resolver(), d.Snapshots); err != nil {
			return err
		}
		return c.copyTo(d, r, o, v)
	})
}

// toCopy are the numbers of the snapshots that the command line names, none for all, and that to begin with.
func (c *call) toCopy(refs query.Resolver, all query.Snapshots) (only []uint64, since uint64, err error) {
	if len(c.args) > 1 {
		places, err := refs.ResolveRanges(c.args[1:])
		if err != nil {
			return nil, 0, err
		}
		for _, pos := range places {
			only = append(only, all[pos].Seq)
		}
	}
	if ref := c.flags.String("since"); ref != "" {
		pos, err := refs.Resolve(ref)
		if err != nil {
			return nil, 0, err
		}
		since = all[pos].Seq
	}
	return only, since, nil
}

// copyTo copies to a remote, and says what was done.
func (c *call) copyTo(d *query.Reader, r *settings.Remote, o remote.Options, v vault.CopyOptions) error {
	line := c.progress()
	cp := &job.Copying{Place: c.place(d.Dir), Remote: r, Options: o, Show: line.Show, CopyOptions: v,
		Follow: c.flags.Bool("follow"), LockWait: c.opts.lockWait, Stderr: c.env.Stderr}
	res, err := cp.Run(c.ctx, d)
	line.End()
	if res == nil || err != nil && len(res.Snapshots) == 0 {
		return err
	}
	return errors.Join(c.tellCopied(r.Called(), res, v.DryRun), err)
}

func (c *call) copyOptions(dest string, r *settings.Remote) (o remote.Options, v vault.CopyOptions, err error) {
	if o, err = c.place(dest).RemoteOptions(r.Name, c.remoteFront(), 0); err != nil {
		return o, v, err
	}
	v.DryRun, o.Jobs = c.flags.Bool("dry-run"), c.flags.Int("jobs")
	if c.flags.IsSet("jobs") && (o.Jobs < 1 || o.Jobs > 64) {
		return o, v, hint.Usagef("--jobs %d: must be a number from 1 to 64", o.Jobs)
	}
	if s := c.flags.String("limit-upload"); s != "" {
		if o.Limit, err = text.ParseAmount(s); err != nil {
			return o, v, hint.Usagef("--limit-upload: %s", err)
		}
	}
	if o.RetryFor, err = c.span("retry-for"); err != nil {
		return o, v, err
	}
	v.Checkpoint, err = c.span("checkpoint")
	return o, v, err
}

// span is the value of a flag that is a time; 0 if it is not given.
func (c *call) span(flag string) (time.Duration, error) {
	s := c.flags.String(flag)
	if s == "" {
		return 0, nil
	}
	age, err := when.ParseAge(s)
	if err != nil {
		return 0, hint.Usagef("--%s %s: write it as 30s, 5min or 1h", flag, quote.Name(s))
	}
	return age.Duration()
}

// tellCopied says what a copy did.
func (c *call) tellCopied(name string, res *job.CopyResult, dry bool) error {
	var err error
	for i := range res.Missing {
		m := &res.Missing[i]
		c.warn("copy %s: its bytes are damaged here and nowhere whole: %v", quote.Path(m.Path), m.Why)
	}
	for _, of := range res.Passed {
		c.warn("copy %s: its folder is not there any more", quote.Name(of))
	}
	for _, text := range res.After {
		c.warn("copy: %s", text)
	}
	switch {
	case c.opts.json:
		err = c.json(wire.NewCopied(name, &res.CopyResult, dry, res.Took))
	case !c.opts.quiet:
		err = c.print().Copied(name, &res.CopyResult, dry, res.Took)
		if len(res.Earlier) > 0 {
			c.note("older than the newest snapshot there, and left: %s", quote.List(res.Earlier))
		}
		if res.Lacks > 0 {
			c.note("%s without their owner, mode or attributes in the tree there; a restore brings them back",
				text.Plural(res.Lacks, "entry is", "entries are"))
		}
	}
	if err == nil && res.Incomplete() {
		err = exit.With(exit.Partial, nil)
	}
	return err
}
