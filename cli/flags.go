package cli

import (
	"time"

	"snap/cli/cmdline"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
)

// options are the global flags. The zero value is the default of each.
type options struct {
	dest     string
	quiet    bool
	verbose  int
	json     bool
	lockWait time.Duration
	utc      bool
	units    string // "iec", "si" or "raw"
	color    string // "auto", "always" or "never"
}

// globalFlags may stand anywhere on the line.
func globalFlags() flags {
	return flags{
		{Name: "dest", Kind: cmdline.String, Aliases: []string{"d"}, Complete: completeDestinations,
			Usage: "the destination `DIR`; see below"},
		{Name: "quiet", Aliases: []string{"q"}, Usage: "results and errors only"},
		{Name: "verbose", Aliases: []string{"v"}, Usage: "say more; -vv says most"},
		{Name: "json", Usage: "results as JSON"},
		{Name: "lock-wait", Kind: cmdline.String,
			Usage: "wait up to `TIME`, as 30s or 5min, until another run is done (default: not at all)"},
		{Name: "utc", Usage: "times in UTC, not in local time"},
		{Name: "units", Kind: cmdline.String, Default: "iec", OneOf: []string{"iec", "si", "raw"},
			Usage: "sizes in `UNITS` iec (KiB), si (kB) or raw"},
		{Name: "color", Kind: cmdline.String, Default: "auto", OneOf: []string{"auto", "always", "never"},
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
	}
	if c.IsSet("dest") && o.dest == "" {
		return o, hint.With(hint.Usagef("-d: DIR is empty"),
			"is a variable not set? Without -d snap looks for the destination by itself")
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
