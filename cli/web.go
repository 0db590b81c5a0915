package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/job"
	"snap/query"
	"snap/web"
)

func webCommand() *command {
	return &command{
		Name: "web", Short: "look instead of type: a page in the browser", Group: groupLook, Effect: true,
		Codes: []int{exit.NoDest, exit.Locked},
		Long: `
Opens a page in the browser of this machine: is all well, what is in each folder at
any time, all versions of a file and how they differ, what is gone, search through
all snapshots, downloads; restores, after a look at what they would do, and a backup
of what the newest snapshot is of. Nothing is loaded from elsewhere, and nothing of
it is on the network: the page answers to this machine alone, and there to this user
alone.

The link that is printed signs in once, within ten minutes; --link prints another
for a page that is being served. Removing the file web.key in the folder of snap's
state ($XDG_STATE_HOME/snap, else ~/.local/state/snap) ends all sessions.

From another machine: ssh -L 7627:127.0.0.1:7627 HOST, and there snap web --no-open.
With --listen others on the network reach it, so that needs a certificate; HOST is
each name that the page is called by.

It ends with Ctrl-C, or when nobody has looked and nothing was at work for 12 hours.`,
		Examples: `
snap web
snap web --no-open            # only print the link
snap web --link               # another link for the page that is being served
snap web --port 8000 --read-only`,
		Flags: flags{
			{Name: "port", Kind: cmdline.Int, Usage: "listen at port `N`; else at 7627, or the next that is free"},
			{Name: "no-open", Usage: "open no browser"},
			{Name: "link", Usage: "print a new link for the page that is being served, and end"},
			{Name: "allow-delete", Usage: "let snapshots be deleted from the page, after a look, their number typed"},
			{Name: "read-only", Usage: "take no request that could change anything"},
			{Name: "listen", Kind: cmdline.String, Usage: "listen at `ADDRESS:PORT` of the network, with --cert and --key"},
			{Name: "cert", Kind: cmdline.String, Usage: "certificate for --listen, a `FILE` in PEM"},
			{Name: "key", Kind: cmdline.String, Usage: "its key, a `FILE` in PEM"},
			{Name: "host", Kind: cmdline.Strings, Usage: "answer to this `NAME` too; may be repeated"},
			{Name: "idle", Kind: cmdline.String, Usage: "end when nobody has looked for this `AGE`, 12h otherwise"},
		},
		Run: runWeb,
	}
}

func runWeb(c *call) error {
	o, err := c.webOptions()
	if err != nil {
		return err
	}
	if c.flags.Bool("link") {
		return c.webLinks(o)
	}
	if o.Dir, err = c.find(); err != nil {
		if c.opensBrowser() && !c.env.StderrTTY { // else nobody would see why nothing opens
			if page, err := web.Tell(o.Folders, err); err == nil {
				_ = c.openBrowser(page)
			}
		}
		return err
	}
	o.Trust = c.trusted(o.Dir)
	o.Place = job.Place{Dest: o.Dir, User: c.user(), Environ: c.env.Environ, Now: c.now}
	o.Explain = func(d *query.Reader, path string) (wire.Explained, error) {
		e, err := c.explained(d, path)
		if err != nil {
			return wire.Explained{}, err
		}
		return wire.NewExplained(e.Explained, e.Setting), nil
	}
	o.Judge = func(d *query.Reader) (so query.StatusOptions, rules []string) {
		so, rules = settings.Judged(d, c.settingsContext(), c.now())
		if id, err := d.DB.ID(c.ctx); err == nil {
			so.Unnoted = c.user().Unnoted(id)
		}
		return so, rules
	}
	o.Start = func(link string) {
		c.out.direct = true // it is read while the command runs
		_ = c.printf("%s\n", link)
		c.out.Flush()
		c.note("%s: this link signs in once; Ctrl-C ends", quote.Name(o.Dir))
	}
	if c.opensBrowser() {
		o.Open = c.openBrowser
	}
	err = web.Serve(c.ctx, o)
	if c.ctx.Err() != nil && err == nil { // Ctrl-C is how it ends
		return nil
	}
	return err
}

// webOptions are those that do not depend on the destination.
func (c *call) webOptions() (o web.Options, err error) {
	user := c.user()
	o = web.Options{
		Folders: web.Folders{State: user.WebFolder(), Runtime: user.RuntimeFolder()}, Cache: user.CacheFolder(),
		Now: c.now, Root: os.Geteuid() == 0, Build: buildInfo(), Units: c.opts.units,
		ReadOnly: c.flags.Bool("read-only"), AllowDelete: c.flags.Bool("allow-delete"), Port: c.flags.Int("port"),
		Listen: c.flags.String("listen"),
		Hosts:  c.flags.Strings("host"),
	}
	switch {
	case o.AllowDelete && o.ReadOnly:
		return o, hint.Usagef("--allow-delete and --read-only exclude each other")
	case c.flags.IsSet("port") && (o.Port < 1 || o.Port > 65535):
		return o, hint.Usagef("--port %d: it is a number from 1 to 65535", o.Port)
	case c.flags.IsSet("port") && o.Listen != "":
		return o, hint.Usagef("--port and --listen exclude each other: --listen ADDRESS:PORT has both")
	case o.Listen == "" && (c.flags.IsSet("cert") || c.flags.IsSet("key")):
		return o, hint.Usagef("--cert and --key are for --listen")
	}
	if s := c.flags.String("idle"); c.flags.IsSet("idle") {
		age, err := when.ParseAge(s)
		if err == nil {
			o.Idle, err = age.Duration()
		}
		if err != nil {
			return o, hint.Usagef("--idle: %s", err)
		}
		if o.Idle < time.Minute {
			return o, hint.Usagef("--idle %s: less than a minute", quote.Name(s))
		}
	}
	if cert, key := c.flags.String("cert"), c.flags.String("key"); o.Listen != "" && (cert != "" || key != "") {
		pair, err := tls.LoadX509KeyPair(c.abs(cert), c.abs(key))
		if err != nil {
			return o, fmt.Errorf("--cert and --key: %w", err)
		}
		o.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	if host, _, err := net.SplitHostPort(o.Listen); err == nil && net.ParseIP(host) != nil &&
		!net.ParseIP(host).IsUnspecified() {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		o.Hosts = append(o.Hosts, host)
	}
	o.Key, err = web.ReadKey(o.Folders)
	return o, err
}

// webLinks prints a new link for each page that this user is served now, or for the one of the destination that was
// named.
func (c *call) webLinks(o web.Options) error {
	dir := ""
	if c.opts.dest != "" {
		var err error
		if dir, err = c.find(); err != nil {
			return err
		}
	}
	links, err := web.Links(c.ctx, o.Folders, o.Key, c.env.Now())
	if err != nil {
		return err
	}
	found := 0
	for _, l := range links {
		if dir != "" && l.Dir != dir {
			continue
		}
		found++
		if err := c.printf("%s\n", l.Address); err != nil {
			return err
		}
		c.note("%s: this link signs in once", quote.Name(l.Dir))
	}
	if found == 0 {
		return hint.With(errors.New("no page is being served"), "to begin: snap web")
	}
	return nil
}

func (c *call) opensBrowser() bool { return !c.flags.Bool("no-open") && c.hasDisplay() }

// hasDisplay reports whether there is somebody before this machine for whom a browser could be opened. As root none is:
// a browser has no business with root's rights.
func (c *call) hasDisplay() bool {
	if os.Geteuid() == 0 || c.env.variable("SSH_CONNECTION") != "" {
		return false
	}
	switch runtime.GOOS {
	case "darwin", "windows":
		return true
	}
	return c.env.variable("DISPLAY") != "" || c.env.variable("WAYLAND_DISPLAY") != ""
}

// openBrowser opens the browser of the user on a page of his own. Where there is none the link that was printed does.
func (c *call) openBrowser(page string) error {
	name, args := "xdg-open", []string{page}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", page}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil //nolint:nilerr // the link is on the terminal
	}
	cmd := exec.CommandContext(context.WithoutCancel(c.ctx), path, args...) // it stays when this ends
	cmd.Env = c.env.Environ
	if err := cmd.Start(); err != nil {
		c.note("no browser was opened: %v", err)
		return nil
	}
	go cmd.Wait() //nolint:errcheck // it is no matter of ours how a browser ends
	return nil
}
