package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The user's files in a destination.
const (
	OptionsFile   = "BackupOptions.txt"
	BlacklistFile = "Blacklist.txt"
	WhitelistFile = "Whitelist.txt"
)

const optionsHead = `# Settings of the snapshots in this folder. "key = value", one a line; what starts
# with # is not read. Flags on the command line win over this file.
`

const listRules = `#
# One filter a line:
#   Documents/old.txt     a file or folder with everything in it, from the source on
#   /home/me/tmp          the same as an absolute path
#   *.tmp                 a pattern without a slash matches in every folder
#   f?r  [äöü]*  [!a-z]*  ? is one character, [] one of those in it, [!] one of all others
#   /build/**             with a slash it starts at the source; ** is any folders
#   node_modules/         a slash at the end: only folders
#   ~/cache  $HOME/cache  ~ and $VARIABLES are filled in
#   ^/home/me/.*\.iso$    a line starting with ^ is a regular expression (as in
#                         Python), matched from the start of the absolute path
# "snap explain PATH" says which line decides about a path.
`

const blacklistHead = `# What to leave out of the snapshots. Whitelist.txt wins over this file.
` + listRules

const whitelistHead = `# What to take in although Blacklist.txt names it, also inside a folder that is
# left out.
` + listRules

// optionsText is the BackupOptions.txt that snap makes.
func optionsText() string {
	var b strings.Builder
	b.WriteString(optionsHead)
	for _, k := range table() {
		if k.about != "" { // else it is one of a group
			fmt.Fprintf(&b, "\n# %s\n", strings.ReplaceAll(k.about, "\n", "\n# "))
		}
		fmt.Fprintf(&b, "%s\n", strings.TrimRight(k.key+" = "+k.value, " "))
	}
	return b.String()
}

// WriteTemplates makes the settings files that are not there and returns their names. It replaces none.
func WriteTemplates(dest string) (made []string, err error) {
	for _, f := range []struct{ name, text string }{
		{OptionsFile, optionsText()}, {BlacklistFile, blacklistHead}, {WhitelistFile, whitelistHead},
	} {
		switch err := writeNew(filepath.Join(dest, f.name), f.text); {
		case err == nil:
			made = append(made, f.name)
		case !errors.Is(err, fs.ErrExist):
			return made, err
		}
	}
	return made, nil
}

// Lost says that files of the settings which snapshots were made with were gone, and are made anew.
func Lost(made []string) string {
	return strings.Join(made, ", ") + ": not there any more, and made again with defaults; the rules and exclusions " +
		"that stood there count no more"
}

// writeNew makes a file that was not there; one that could not be written whole is removed again.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}
