package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"snap/backup/source"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/filter"
	"snap/internal/hint"
	"snap/internal/quote"
)

// filters reads the lists of a destination, if there is one, and the patterns and files of patterns on the command
// line.
func (c *call) filters(dest string, src source.Chosen) (*filter.Set, error) {
	fc := c.filterContext(src)
	var lists [2][]*filter.Rule
	if dest != "" {
		var err error
		if lists, err = settings.Lists(dest, fc); err != nil {
			return nil, exit.ReadHint(err, dest)
		}
	}
	for i, flag := range []string{"exclude", "include"} {
		rules, err := c.flagRules(flag, fc)
		if err != nil {
			return nil, err
		}
		lists[i] = append(lists[i], rules...)
	}
	return filter.New(lists[0], lists[1], fc), nil
}

// flagRules are the rules of a flag, and of the files that the flag with -from names.
func (c *call) flagRules(flag string, fc filter.Context) (rules []*filter.Rule, err error) {
	for _, name := range c.flags.Strings(flag + "-from") {
		listed, err := c.patternFile(flag+"-from", name, fc)
		if err != nil {
			return nil, err
		}
		rules = append(rules, listed...)
	}
	for i, text := range c.flags.Strings(flag) {
		rule, err := filter.ParseLine("--"+flag, i+1, text, fc)
		if err != nil {
			return nil, hint.Usagef("%s", err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// patternFile reads a file of patterns; - is standard input, which can be read once.
func (c *call) patternFile(flag, name string, fc filter.Context) ([]*filter.Rule, error) {
	var in io.Reader
	shown := name
	switch name {
	case "-":
		text, err := c.listFromStdin(flag)
		if err != nil {
			return nil, err
		}
		in, shown = bytes.NewReader(text), "standard input"
	default:
		f, err := os.Open(c.abs(name))
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", flag, err)
		}
		defer f.Close()
		in = f
	}
	rules, err := filter.Parse(shown, in, fc)
	if bad := (*filter.PatternError)(nil); errors.As(err, &bad) {
		return nil, hint.Usagef("--%s: %v", flag, err)
	}
	if err != nil {
		return nil, fmt.Errorf("--%s %s: %w", flag, quote.Name(name), err)
	}
	return rules, nil
}

// maxListed bounds a list from standard input, as no list is that long.
const maxListed = 64 << 20

// listFromStdin is what standard input holds, for one flag; several snapshots may ask for it.
func (c *call) listFromStdin(flag string) ([]byte, error) {
	if c.stdinOf == flag {
		return c.stdin, nil
	}
	if c.stdinOf != "" || c.env.Stdin == nil {
		return nil, hint.Usagef("--%s -: standard input can be read only once", flag)
	}
	text, err := io.ReadAll(io.LimitReader(c.env.Stdin, maxListed))
	if err != nil {
		return nil, fmt.Errorf("--%s -: %w", flag, err)
	}
	c.stdin, c.stdinOf = text, flag
	return text, nil
}

// readSettings reads BackupOptions.txt in dest and says what is strange in it. Without a destination they are the
// defaults.
func (c *call) readSettings(dest string) (settings.Settings, error) {
	if dest == "" {
		return settings.Default(), nil
	}
	s, warnings, err := settings.Read(dest, c.settingsContext())
	for _, w := range warnings {
		c.warn("%s", w)
	}
	return s, exit.ReadHint(err, dest)
}

// settingsContext is what the settings are read with.
func (c *call) settingsContext() filter.Context {
	return filter.Context{Home: filepath.ToSlash(c.home()), Env: c.env.LookupEnv}
}
