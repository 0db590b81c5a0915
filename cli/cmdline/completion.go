package cmdline

import (
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
)

// CompleteCommand is the command that the scripts of CompletionScript call, with the line up to the cursor as its one
// argument and in the flag BreaksFlag what breaks words. It is a hidden one that calls Complete.
const (
	CompleteCommand = "__complete"
	BreaksFlag      = "break"
)

// Shells are those that CompletionScript has a script for.
var Shells = []string{"bash", "zsh", "fish"}

// CompletionScript is a script for the completion of a shell, for the name that the program was called by.
func (p *Program[C]) CompletionScript(shell string) (string, error) {
	script, ok := completionScripts[shell]
	if !ok {
		return "", hint.Usagef("no completion for %s: must be bash, zsh or fish", quote.Name(shell))
	}
	name := p.String()
	identifier := strings.NewReplacer("-", "_", ".", "_").Replace(name)
	return strings.NewReplacer("PROGRAM", name, "IDENTIFIER", identifier).Replace(script), nil
}

// completionScripts hand the line up to the cursor to CompleteCommand, as one argument, and its
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
