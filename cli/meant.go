package cli

import (
	"slices"
	"strings"

	"snap/cli/meant"
)

// otherFlag says what an unknown flag is called here, what to do instead, or which commands have it; "" for nothing.
// cmd is nil for a flag of snap itself.
func otherFlag(cmd *command, name string) string {
	command := ""
	if cmd != nil {
		command = cmd.Name
		if (name == "dry-run" || name == "n") && cmd.Group == groupLook {
			return "snap " + command + " only reads: there is nothing to rehearse"
		}
	}
	if s := meant.Flag(command, name); s != "" {
		return s
	}
	var have []string
	for _, c := range commands() {
		if hasFlag(c.Flags, name) && !c.Hidden {
			have = append(have, "snap "+c.Name)
		}
	}
	if len(have) > 0 && len(name) > 1 {
		return "--" + name + " is a flag of " + strings.Join(have, ", ")
	}
	return ""
}

func hasFlag(all flags, name string) bool {
	for i := range all {
		if f := &all[i]; f.Name == name || slices.Contains(f.Aliases, name) {
			return true
		}
	}
	return false
}
