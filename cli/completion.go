package cli

import (
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
)

func completionCommand() *command {
	return &command{
		name: "completion", args: "bash|zsh|fish", short: "a script that completes snap's command lines", group: groupOther,
		min: 1, max: 1,
		long: `
Prints a script for the shell's completion of commands, flags, snapshots and paths
in snapshots, for the name that snap was called by. Nothing that was typed is ever
evaluated. In fish the script has to be a file, because fish has one for a snap of
its own.`,
		examples: `
source <(snap completion bash)  # in ~/.bashrc
source <(snap completion zsh)   # in ~/.zshrc, after compinit
snap completion fish > ~/.config/fish/completions/snap.fish`,
		complete: func(*call, string) []candidate {
			return []candidate{{"bash", ""}, {"zsh", ""}, {"fish", ""}}
		},
		run: func(c *call) error {
			script, ok := completionScripts[c.args[0]]
			if !ok {
				return hint.Usagef("no completion for %s: it is bash, zsh or fish", quote.Name(c.args[0]))
			}
			name := c.env.program.String()
			identifier := strings.NewReplacer("-", "_", ".", "_").Replace(name)
			return c.printf("%s", strings.NewReplacer("PROGRAM", name, "IDENTIFIER", identifier).Replace(script))
		},
	}
}

// completionScripts hand the line up to the cursor to `snap __complete`, as one argument, and its
// answers to the shell. Where it has none the shell completes files.
var completionScripts = map[string]string{
	// Bash replaces what stands after the last of COMP_WORDBREAKS, and quotes nothing by itself.
	"bash": `# bash completion for PROGRAM
_IDENTIFIER() {
    local cand
    COMPREPLY=()
    compopt -o nosort 2>/dev/null # since bash 4.4
    while IFS= read -r cand; do
        cand=${cand%%$'\t'*}
        [[ $cand == *[/:=] ]] && compopt -o nospace
        case ${COMP_WORDS[COMP_CWORD]} in
            \'*) cand=${cand//\'/\'\\\'\'} ;;
            \"*) cand=${cand//[\\\"\$\` + "`" + `]/\\&} ;;
            *) printf -v cand %q "$cand" ;;
        esac
        COMPREPLY+=("$cand")
    done < <(command PROGRAM __complete --break="$COMP_WORDBREAKS" -- "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o bashdefault -o default -F _IDENTIFIER PROGRAM
`,
	// As a file in fpath it is the body of the function _PROGRAM, and is run for the first completion.
	"zsh": `#compdef PROGRAM
_IDENTIFIER() {
    local cand about
    local -a whole wholeabout begun begunabout
    while IFS=$'\t' read -r cand about; do
        if [[ $cand == *[/:=] ]]; then
            begun+=("$cand") begunabout+=("$cand${about:+  -- $about}")
        else
            whole+=("$cand") wholeabout+=("$cand${about:+  -- $about}")
        fi
    done < <(command PROGRAM __complete -- "${(j: :)words[1,CURRENT]}" 2>/dev/null)
    if (( ! $#whole && ! $#begun )); then
        _files
        return
    fi
    (( $#begun )) && compadd -V begun -S '' -l -d begunabout -a begun
    (( $#whole )) && compadd -V whole -l -d wholeabout -a whole
    return 0
}
if [[ $funcstack[1] == _PROGRAM ]]; then
    _IDENTIFIER "$@"
else
    compdef _IDENTIFIER PROGRAM
fi
`,
	"fish": `# fish completion for PROGRAM
function __IDENTIFIER_complete
    set -l found (command PROGRAM __complete -- (commandline -cp | string collect) 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c PROGRAM -k -f -a '(__IDENTIFIER_complete)'
`,
}
