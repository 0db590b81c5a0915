package cli

import (
	"path/filepath"
	"strings"

	"snap/cli/cmdline"
)

func helpCommand() *command {
	return &command{
		Name: "help", Args: "[COMMAND]", Short: "this help, or that of a command", Group: groupOther, Max: 1,
		Long:     "Shows what snap, or one of its commands, does.",
		Complete: func(c *call, _ string) []candidate { return c.env.program.CommandNames() },
		Run: func(c *call) error {
			if len(c.args) == 0 {
				return c.env.program.Help(c.out, nil)
			}
			cmd, err := c.env.program.Command(c.args[0])
			if err != nil {
				return err
			}
			return c.env.program.Help(c.out, cmd)
		},
	}
}

func manCommand() *command {
	return &command{
		Name: "man", Short: "the manual page", Group: groupOther,
		Long:     "Prints the manual page in the format of man(1).",
		Examples: "snap man | man -l -",
		Run: func(c *call) error {
			return c.printf("%s", c.env.program.ManPage(manual()))
		},
	}
}

func completionCommand() *command {
	return &command{
		Name: "completion", Args: "bash|zsh|fish", Short: "a script that completes snap's command lines", Group: groupOther,
		Min: 1, Max: 1,
		Long: `
Prints a script for the shell's completion of commands, flags, snapshots and paths
in snapshots, for the name that snap was called by. Nothing that was typed is ever
evaluated. In fish the script has to be a file, because fish has one for a snap of
its own.`,
		Examples: `
source <(snap completion bash)  # in ~/.bashrc
source <(snap completion zsh)   # in ~/.zshrc, after compinit
snap completion fish > ~/.config/fish/completions/snap.fish`,
		Complete: func(*call, string) []candidate { return cmdline.Words(cmdline.Shells...) },
		Run: func(c *call) error {
			script, err := c.env.program.CompletionScript(c.args[0])
			if err != nil {
				return err
			}
			return c.printf("%s", script)
		},
	}
}

// completeCommand is what the script of completionCommand calls.
func completeCommand() *command {
	return &command{
		Name: cmdline.CompleteCommand, Short: "candidates for the shell's completion", Hidden: true, Args: "LINE",
		Min: 1, Max: 1,
		Long: "Prints the candidates for the last word of LINE, each with a tab and what it is.",
		Flags: flags{
			{Name: cmdline.BreaksFlag, Kind: cmdline.String, Blank: true,
				Usage: "leave out what stands up to the last of CHARS in the word"},
		},
		Run: func(c *call) error {
			c.opts.quiet = true // a note would end up in the middle of the typed line
			return c.env.program.Complete(c.out, c.args[0], c.flags.String(cmdline.BreaksFlag),
				func(value func(string) string) *call {
					c.opts.dest = value("dest")
					if rest, ok := strings.CutPrefix(c.opts.dest, "~/"); ok { // the shell would put the home for ~
						c.opts.dest = filepath.Join(c.home(), rest)
					}
					return c
				})
		},
	}
}
