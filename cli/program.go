package cli

import (
	"runtime/debug"
	"strings"
	"time"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/meant"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
)

// What package cmdline makes of snap.
type (
	program   = cmdline.Program[*call]
	command   = cmdline.Command[*call]
	flags     = []cmdline.Flag[*call]
	candidate = cmdline.Candidate
)

// newProgram is snap, called by a name; "" for snap.
func newProgram(called string) *program {
	return &program{
		Name: "snap", Called: called,
		About:    "snap makes incremental backups as plain folders with hard links.",
		Commands: commands(), Flags: globalFlags(),
		Default: "status", Topics: []string{aboutDest, aboutRefs},
		OtherCommand: meant.Command, OtherFlag: otherFlag,
		Codes:      exit.Texts,
		Always:     []int{0, exit.Failed, exit.Usage, exit.Interrupted, exit.Terminated},
		WithEffect: []int{exit.Partial},
	}
}

// commands are all commands in the order of the help text. A new one is one line here.
func commands() []*command {
	return []*command{
		backupCommand(),
		initCommand(),
		statusCommand(),
		scheduleCommand(),
		listCommand(),
		lsCommand(),
		diffCommand(),
		findCommand(),
		historyCommand(),
		statsCommand(),
		catCommand(),
		restoreCommand(),
		undeleteCommand(),
		explainCommand(),
		webCommand(),
		checkCommand(),
		remoteCommand(),
		copyCommand(),
		promoteCommand(),
		serveCommand(),
		sendCommand(),
		receiveCommand(),
		pruneCommand(),
		deleteCommand(),
		purgeCommand(),
		tagCommand(),
		noteCommand(),
		reindexCommand(),
		destinationsCommand(),
		completionCommand(),
		completeCommand(),
		manCommand(),
		versionCommand(),
		helpCommand(),
	}
}

// The headings that commands stand under.
const (
	groupMake  = "Making snapshots"
	groupLook  = "Asking the snapshots"
	groupKeep  = "Keeping a destination"
	groupFar   = "Copies elsewhere"
	groupOther = "Other"
)

const aboutDest = `Which destination: -d DIR, else $SNAP_DEST, else the current folder or a parent
that holds .snap/, else the one that you backed up to last, among those that
snap init made or two backups have named: see snap destinations.
With several, what changes something there or in the source is refused.
`

const aboutRefs = `Naming a snapshot (REF):
  20261122-134510   its name, or a beginning that no other name has
  latest, oldest    the newest, the first; latest~2 is two before the newest
  tag:weekly        the newest with this tag
  @2026-11-20       the newest of that day or before; also @"2026-11-20 13:00",
                    with seconds, or with a zone as in @2026-11-20T13:00Z
  @7d               the newest that is at least so old: @30s @5min @2h @3w @2mo
                    @1y2mo, @"3 days ago"
  @yesterday        the newest of that day, week, month or year, or before:
                    @monday @last-monday @last-week @this-month @october
                    @2026-10 @2025, @"yesterday 18:00"; - may be a space
  yesterday         @yesterday: the days, today to monday, do without the @,
                    but not where snapshots are deleted
  REF~N             N snapshots before REF
  REF:PATH          a path in it, from the source down, or absolute

Snapshots may have colons in their names: REF ends at the last colon behind the
name of one.
`

// manual is what the manual page says and no help does.
func manual() cmdline.Manual {
	return cmdline.Manual{
		Summary: "incremental backups as plain folders",
		Version: "snap " + buildInfo().Version,
		Date:    builtOn(),
		Description: `
snap makes backups of a folder. Every backup, a snapshot, is a plain folder with everything in it, while only
new and changed files take space: unchanged, moved and renamed files are hard links into the snapshot before. An
index beside the snapshots answers what changed, where a file went, and which versions of it there are.

Do not edit files in a snapshot: what is written to one is written to all that share it.

` + aboutDest,
		Sections: []cmdline.Section{{Title: "NAMING A SNAPSHOT", Text: aboutRefs}},
		Environment: []cmdline.Item{
			{Name: "SNAP_DEST", Text: "the destination, where -d does not name one"},
			{Name: "XDG_STATE_HOME", Text: "where snap/destinations.json is kept, by default ~/.local/state: the " +
				"destinations that this user has backed up to, by which a disk that is not mounted, or another in its " +
				"place, is noticed"},
			{Name: "SNAP_PASSPHRASE_FILE", Text: "a file with the passphrase of a vault, from its recovery sheet"},
			{Name: "SNAP_SSH", Text: "the program that is used in the place of ssh, with its arguments"},
			{Name: "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_PROFILE, …", Text: "the credentials of an S3 store, as its " +
				"own tools read them"},
			{Name: "XDG_CACHE_HOME", Text: "where snap/ID is kept, by default ~/.cache: what remotes hold, so that they can " +
				"be asked at once"},
			{Name: "XDG_CONFIG_HOME", Text: "where snap/ID/keys is kept, by default ~/.config: the keys of remotes that " +
				"do not lie in the destination"},
			{Name: "NO_COLOR", Text: "no colours, if it is set"},
		},
		Files: []cmdline.Item{
			{Name: "DEST/BackupOptions.txt", Text: "settings, with comments"},
			{Name: "DEST/Blacklist.txt, DEST/Whitelist.txt", Text: "what to leave out, and what to take in even so"},
			{Name: "DEST/Remotes.txt", Text: "the places that snapshots are copied to"},
			{Name: "DEST/20261122-134510/", Text: "a snapshot"},
			{Name: "DEST/.snap/", Text: "index and change sets"},
		},
	}
}

// builtOn is the day of the commit that this program was built of, "" when that is not known.
func builtOn() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			day, _, _ := strings.Cut(s.Value, "T")
			return day
		}
	}
	return ""
}

// options are the global flags. The zero value is the default of each.
type options struct {
	dest       string
	quiet      bool
	verbose    int
	json       bool
	lockWait   time.Duration
	utc        bool
	units      string   // "iec", "si" or "raw"
	identities []string // files with the user's own keys
	verifyKey  string   // of a vault, from its recovery sheet
	noCache    bool     // nothing is kept of what a remote is asked
	asOf       string   // when a remote is asked about; "": now
	color      string   // "auto", "always" or "never"
}

// globalFlags may stand anywhere on the line.
func globalFlags() flags {
	return flags{
		{Name: "dest", Kind: cmdline.String, Aliases: []string{"d"}, Complete: completeDestinations,
			Usage: "the destination `DIR`; see below"},
		{Name: "quiet", Aliases: []string{"q"}, Usage: "results and errors only"},
		{Name: "verbose", Aliases: []string{"v"}, Usage: "say more; -vv says most"},
		{Name: "json", Usage: "results as JSON"},
		{Name: "identity", Kind: cmdline.Strings,
			Usage: "open a vault with the private key of age in `FILE`"},
		{Name: "verify-key", Kind: cmdline.String,
			Usage: "refuse a vault that was not written with the verify `KEY` of its recovery sheet"},
		{Name: "as-of", Kind: cmdline.String, Last: true,
			Usage: "read a remote as it was at `TIME`, where its store keeps versions"},
		{Name: "no-cache", Last: true, Usage: "keep nothing in ~/.cache of what a remote is asked"},
		{Name: "lock-wait", Kind: cmdline.String, Last: true,
			Usage: "wait up to `TIME`, as 30s or 5min, until another run is done (default: not at all)"},
		{Name: "utc", Usage: "times in UTC, not in local time"},
		{Name: "units", Kind: cmdline.String, Last: true, Default: "iec", OneOf: []string{"iec", "si", "raw"},
			Usage: "sizes in `UNITS` iec (KiB), si (kB) or raw"},
		{Name: "color", Kind: cmdline.String, Last: true, Default: "auto", OneOf: []string{"auto", "always", "never"},
			Usage: "colour `WHEN`: auto, always or never"},
		{Name: "help", Aliases: []string{"h"}, Usage: "this help, or that of a command"},
		{Name: "version", Usage: "the version"},
	}
}

// readOptions checks the global flags.
func readOptions(c cmdline.Values) (options, error) {
	o := options{
		dest: c.String("dest"), quiet: c.Bool("quiet"), json: c.Bool("json"), utc: c.Bool("utc"),
		units: c.String("units"), color: c.String("color"), verbose: c.Times("verbose"),
		identities: c.Strings("identity"), verifyKey: c.String("verify-key"),
		noCache: c.Bool("no-cache"), asOf: c.String("as-of"),
	}
	if s := c.String("lock-wait"); s != "" {
		span, err := when.ParseAge(s)
		if err == nil {
			o.lockWait, err = span.Duration()
		}
		if err != nil {
			return o, hint.Usagef("--lock-wait %s: write it as 30s, 5min or 1h", quote.Name(s))
		}
	}
	return o, nil
}
