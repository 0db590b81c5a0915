package cli

func completionCommand() *command {
	return &command{
		name: "completion", args: "bash|zsh|fish", short: "a script that completes snap's command lines", group: groupOther, min: 1, max: 1,
		long: `
Prints a script for the shell's completion of commands, flags, snapshots and paths
in snapshots. Nothing that was typed is ever evaluated.`,
		examples: `
source <(snap completion bash)    in ~/.bashrc
source <(snap completion zsh)     in ~/.zshrc, after compinit
snap completion fish > ~/.config/fish/completions/snap.fish`,
		complete: func(*call, string) []candidate {
			return []candidate{{"bash", ""}, {"zsh", ""}, {"fish", ""}}
		},
		run: func(c *call) error {
			script, ok := completionScripts[c.args[0]]
			if !ok {
				return usagef("no completion for %s: it is bash, zsh or fish", quote(c.args[0]))
			}
			return c.printf("%s", script)
		},
	}
}

// completionScripts hand the line up to the cursor to `snap __complete`, as one argument, and its
// answers to the shell. Where it has none the shell completes files.
var completionScripts = map[string]string{
	"bash": `# bash completion for snap
_snap() {
    local cand
    COMPREPLY=()
    while IFS= read -r cand; do
        cand=${cand%%$'\t'*}
        [[ $cand == *[/:=] ]] && compopt -o nospace
        [[ ${COMP_WORDS[COMP_CWORD]} == [\'\"]* ]] || printf -v cand %q "$cand"
        COMPREPLY+=("$cand")
    done < <(command snap __complete --break -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o bashdefault -o default -F _snap snap
`,
	"zsh": `#compdef snap
_snap() {
    local cand about
    local -a whole wholeabout begun begunabout
    while IFS=$'\t' read -r cand about; do
        if [[ $cand == *[/:=] ]]; then
            begun+=("$cand") begunabout+=("$cand${about:+  -- $about}")
        else
            whole+=("$cand") wholeabout+=("$cand${about:+  -- $about}")
        fi
    done < <(command snap __complete -- "${(j: :)words[1,CURRENT]}" 2>/dev/null)
    if (( ! $#whole && ! $#begun )); then
        _files
        return
    fi
    (( $#begun )) && compadd -S '' -l -d begunabout -a begun
    (( $#whole )) && compadd -l -d wholeabout -a whole
    return 0
}
compdef _snap snap
`,
	"fish": `# fish completion for snap
function __snap_complete
    set -l found (command snap __complete -- (commandline -cp | string collect) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c snap -f -a '(__snap_complete)'
`,
}
