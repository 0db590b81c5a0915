package cli

import (
	"strings"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/remote"
	"snap/remote/store"
	"snap/remote/vault/seal"
)

func remoteCommand() *command {
	return &command{
		Name: "remote", Args: "add NAME URL | list | show NAME | key NAME | extend NAME|URL | remove NAME", Min: 1, Max: 3,
		Group: groupFar, Effect: true,
		Short: "the places that snapshots are copied to",
		Long: `
add makes an encrypted vault at URL: s3://BUCKET/PREFIX, s3:https://HOST/BUCKET/PREFIX,
vault:/FOLDER or rclone:REMOTE:PATH, and prints the recovery sheet once. Put it away
where no fire reaches both: with it everything comes back on any machine, and without
it and without this disk nobody can read the vault. With --recipient contents are
sealed to your own keys of age instead. A folder or ssh://HOST/FOLDER is the place of
a replica, which has no keys.

list and show say what is where. key prints a recovery sheet anew, with a new
passphrase; with --rotate what is copied from now on is sealed to new keys, which the
new sheet opens, too. Against keys that somebody has, only a new vault helps. extend
locks objects for longer where the store does that; by URL and --lock it needs no key
and no destination. remove forgets a remote here: what is there stays.`,
		Examples: `
snap remote add b2 s3:https://s3.eu-central-003.backblazeb2.com/my-bucket/me
snap remote list
snap remote show b2
snap remote key b2`,
		Codes: []int{exit.Refused, exit.NoDest, exit.Locked, exit.WrongKey, exit.Unreachable},
		Flags: flags{
			{Name: "recipient", Kind: cmdline.Strings, Usage: "add: seal contents to the public `KEY` of age; may be repeated"},
			{Name: "no-encryption", Usage: "add: whoever reads the place reads the files"},
			{Name: "no-content-key", Usage: "add: do not keep here what opens contents; a restore asks for the passphrase"},
			{Name: "rotate", Usage: "key: seal what is copied from now on to new keys"},
			{Name: "lock", Kind: cmdline.String,
				Usage: "add, extend URL: lock each object against deletion for `TIME`, as 30d"},
			{Name: "storage-class", Kind: cmdline.String, Usage: "add: put objects into `CLASS` of S3"},
			{Name: "profile", Kind: cmdline.String, Usage: "add: the credentials are those of `PROFILE` in ~/.aws"},
			{Name: "endpoint", Kind: cmdline.String, Usage: "add: the `URL` of the store of s3://BUCKET"},
			{Name: "cacert", Kind: cmdline.String, Usage: "add: trust the certificates in `FILE`, too"},
			{Name: "keys-home", Usage: "add: keep the keys in ~/.config/snap, not in the destination"},
			{Name: "limit-upload", Kind: cmdline.String, Usage: "add: send at most `SIZE` a second, such as 2M"},
		},
		Complete: func(c *call, word string) []candidate {
			if len(c.args) > 0 {
				return completeRemote(c, word)
			}
			var all []candidate
			for _, verb := range remoteVerbs {
				all = append(all, candidate{Word: verb})
			}
			return all
		},
		Run: runRemote,
	}
}

var remoteVerbs = [...]string{"add", "list", "show", "key", "extend", "remove"}

// completeRemote lists the names of remotes.
func completeRemote(c *call, _ string) (all []candidate) {
	if dest, err := c.ownDest(); err == nil {
		known, _ := settings.ReadRemotes(dest)
		for i := range known {
			all = append(all, candidate{Word: known[i].Name, About: known[i].URL})
		}
	}
	return all
}

func runRemote(c *call) error {
	verb := c.args[0]
	need, known := map[string]int{"add": 3, "list": 1, "show": 2, "key": 2, "extend": 2, "remove": 2}[verb]
	if !known {
		return hint.Usagef("remote: %s is none of %s", quote.Name(verb), strings.Join(remoteVerbs[:], ", "))
	}
	if len(c.args) != need {
		return hint.With(hint.Usagef("remote %s: it takes %s", verb, text.Plural(need-1, "argument", "arguments")),
			"usage: snap help remote")
	}
	if verb == "extend" && store.IsURL(c.args[1]) {
		return c.remoteExtend(c.args[1])
	}
	find := c.findOwn
	if verb == "list" || verb == "show" {
		find = c.find
	}
	dest, err := find()
	if err != nil {
		return err
	}
	switch verb {
	case "add":
		return c.remoteAdd(dest)
	case "list":
		return c.remoteList(dest)
	}
	r, err := settings.FindRemote(dest, c.args[1])
	if err != nil {
		return err
	}
	if verb == "remove" {
		return c.remoteRemove(dest, r)
	}
	if remote.FormOf(r.URL) != remote.Vault {
		return hint.With(hint.Usagef("remote %s: %s is a replica, which has no keys and objects", verb, r.Name),
			"what it holds: snap list -d %s", r.Name)
	}
	if verb == "extend" {
		return c.extend(dest, r)
	}
	p, err := c.openRemote(r, job.RetryQuestion)
	if err != nil {
		return err
	}
	defer p.Close()
	switch verb {
	case "show":
		return exit.RemoteHint(c.remoteShow(p))
	default:
		return exit.RemoteHint(c.remoteKey(p))
	}
}

// remoteExtend locks the objects of a place for longer: one of a remote of the destination, or from any other machine,
// with the flags that say what its section would.
func (c *call) remoteExtend(url string) (err error) {
	if dest, err := c.ownDest(); err == nil && !c.flags.IsSet("lock") {
		if r, err := settings.FindRemote(dest, url); err == nil {
			return c.extend(dest, r)
		}
	}
	r := &settings.Remote{Remote: remote.Remote{URL: url, Profile: c.flags.String("profile"),
		Endpoint: c.flags.String("endpoint"), CACert: c.flags.String("cacert")}}
	if r.Lock, err = c.span("lock"); err != nil {
		return err
	}
	return c.extend("", r)
}

func (c *call) extend(dest string, r *settings.Remote) error {
	res, err := c.place(dest).ExtendRemote(c.ctx, r, c.remoteFront())
	if err != nil {
		return err
	}
	if c.opts.json {
		return c.json(wire.NewExtended(r.Called(), &res))
	}
	if c.opts.quiet {
		return nil
	}
	return c.say("%d of %s locked for longer", res.Extended, text.Plural(res.Objects, "object", "objects"))
}

func (c *call) remoteAdd(dest string) error {
	r := remote.Remote{Name: c.args[1], URL: c.args[2], Recipients: c.flags.Strings("recipient"),
		StorageClass: c.flags.String("storage-class"), Profile: c.flags.String("profile"),
		KeysHome: c.flags.Bool("keys-home"), Endpoint: c.flags.String("endpoint"), CACert: c.flags.String("cacert")}
	a := remote.Addition{Unsealed: c.flags.Bool("no-encryption"), NoContent: c.flags.Bool("no-content-key")}
	if form := remote.FormOf(r.URL); form != remote.None && form != remote.Vault {
		return c.addReplica(dest, &r)
	}
	var err error
	if r.Lock, err = c.span("lock"); err != nil {
		return err
	}
	if s := c.flags.String("limit-upload"); s != "" {
		if r.LimitUpload, err = text.ParseAmount(s); err != nil {
			return hint.Usagef("--limit-upload: %s", err)
		}
	}
	if err := c.place(dest).AddRemote(c.ctx, r, a, c.remoteFront(), c.showSheet); err != nil {
		return err
	}
	c.note("%s is ready: snap copy %s", r.Name, r.Name)
	return nil
}

// addReplica names the place of a replica, which has no keys and is made by the first copy.
func (c *call) addReplica(dest string, r *remote.Remote) error {
	for _, flag := range c.flags.Given() {
		if hasFlag(remoteCommand().Flags, flag) {
			return hint.Usagef("--%s is about vaults, and %s is the place of a replica", flag, quote.Name(r.URL))
		}
	}
	if err := settings.AddRemote(dest, r); err != nil {
		return err
	}
	c.note("%s is the name of a replica: snap copy %s", r.Name, r.Name)
	return nil
}

// showSheet prints the recovery sheet, and has whoever is at the terminal type its last letters.
func (c *call) showSheet(sheet *seal.Sheet) error {
	if c.opts.json {
		return c.json(wire.NewSheet(sheet))
	}
	if err := c.printf("%s\n", sheet.Text()); err != nil {
		return err
	}
	if sheet.Passphrase == "" || c.env.AskSecret == nil || !c.env.StdoutTTY {
		return nil
	}
	c.out.Flush()
	for range 3 {
		typed, err := c.env.AskSecret("to show that it is written down, type the last four letters of the passphrase: ")
		if err != nil {
			return err
		}
		if strings.EqualFold(strings.TrimSpace(typed), sheet.Passphrase[len(sheet.Passphrase)-4:]) {
			return nil
		}
	}
	c.warn("these are not its last letters; the sheet is above, and snap remote key makes another")
	return nil
}

func (c *call) remoteList(dest string) error {
	all, holds, err := c.place(dest).Remotes()
	if err != nil {
		return err
	}
	if c.opts.json {
		return c.json(wire.NewRemotes(all, holds))
	}
	if len(all) == 0 {
		c.note("no remotes; to make one: snap remote add NAME URL")
		return nil
	}
	return c.print().Remotes(all, holds)
}

func (c *call) remoteShow(p *remote.Place) error {
	if err := p.Vault.Refresh(c.ctx); err != nil {
		return err
	}
	shown := wire.NewRemoteShown(p)
	if c.opts.json {
		return c.json(shown)
	}
	return c.print().Remote(&shown)
}

// remoteKey seals the keys by a new passphrase and prints the sheet.
func (c *call) remoteKey(p *remote.Place) error {
	words := ""
	if at := c.place(""); at.PassphraseGiven() {
		var err error
		if words, err = at.Passphrase(c.remoteFront()); err != nil {
			return err
		}
	}
	if c.flags.Bool("rotate") {
		return p.Rotate(c.ctx, words, c.showSheet)
	}
	return p.NewSheet(c.ctx, words, c.showSheet)
}

func (c *call) remoteRemove(dest string, r *settings.Remote) error {
	sealed, err := c.place(dest).RemoveRemote(r)
	if err != nil {
		return err
	}
	more := ""
	if sealed {
		more = "; its recovery sheet opens it"
	}
	c.note("%s is forgotten here; what is in %s stays%s", r.Name, quote.Name(r.URL), more)
	return nil
}
