package cli

import (
	"slices"
	"testing"
)

// A new command must say whether it changes a destination: those that do never guess which.
func TestEveryCommandSaysWhetherItChangesADestination(t *testing.T) {
	asks := []string{"init", "status", "list", "ls", "diff", "find", "history", "stats", "cat", "explain", "destinations",
		"web", "completion", "__complete", "man", "version", "help", "send",
		"promote", "receive", "serve"} // which one is always said
	for _, cmd := range commands() {
		if _, does := changing[cmd.Name]; does == slices.Contains(asks, cmd.Name) {
			t.Errorf("snap %s: is it in changing, or does it only ask?", cmd.Name)
		}
	}
	for name := range changing {
		if !slices.ContainsFunc(commands(), func(c *command) bool { return c.Name == name }) {
			t.Errorf("changing names %s, and there is no such command", name)
		}
	}
}
