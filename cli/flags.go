package cli

import (
	"time"

	"github.com/urfave/cli/v2"

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
func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "dest", Aliases: []string{"d"}, Usage: "the destination `DIR`; see below"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "results and errors only"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say more; -vv says most"},
		&cli.BoolFlag{Name: "json", Usage: "results as JSON"},
		&cli.StringFlag{Name: "lock-wait", Usage: "wait so `LONG` for another run: 30s, 5min; else not"},
		&cli.BoolFlag{Name: "utc", Usage: "times in UTC, not in local time"},
		&cli.StringFlag{Name: "units", Value: "iec", Usage: "sizes in `UNITS` iec (KiB), si (kB) or raw"},
		&cli.StringFlag{Name: "color", Value: "auto", Usage: "colour `WHEN`: auto, always or never"},
		&cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "this text, or that of a command"},
		&cli.BoolFlag{Name: "version", Usage: "the version"},
	}
}

// readOptions checks the global flags.
func readOptions(c *cli.Context) (options, error) {
	o := options{
		dest: c.String("dest"), quiet: c.Bool("quiet"), json: c.Bool("json"), utc: c.Bool("utc"),
		units: c.String("units"), color: c.String("color"),
	}
	if c.IsSet("dest") && o.dest == "" {
		return o, hint.With(hint.Usagef("-d: DIR is empty"),
			"is a variable not set? Without -d snap looks for the destination by itself")
	}
	if err := oneOf("units", o.units, "iec", "si", "raw"); err != nil {
		return o, err
	}
	if err := oneOf("color", o.color, "auto", "always", "never"); err != nil {
		return o, err
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

// oneOf is a usage error unless value is among the allowed ones.
func oneOf(flag, value string, allowed ...string) error {
	list := ""
	for i, a := range allowed {
		switch {
		case a == value:
			return nil
		case i == len(allowed)-1:
			list += " or " + a
		case i > 0:
			list += ", " + a
		default:
			list = a
		}
	}
	return hint.Usagef("--%s %s: it is %s", flag, quote.Name(value), list)
}
