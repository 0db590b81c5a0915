package cmdline

import "strings"

// splitLine takes a command line that is being typed apart as a shell does, without evaluating
// anything: quotes and backslashes are undone, what is open at the end is part of the last word. Not ok
// for a line with what only a shell can know ($, `, a pipe). broken is how much of the last word stands up to
// the last unquoted byte of breaks: bash takes what follows for a word.
func splitLine(line, breaks string) (words []string, broken int, ok bool) {
	var word strings.Builder
	open, quoted := false, byte(0)
	for i := 0; i < len(line); i++ {
		b := line[i]
		switch {
		case quoted != '\'' && (b == '$' || b == '`'), quoted == 0 && strings.IndexByte("|&;<>()\n", b) >= 0:
			return nil, 0, false
		case quoted != '\'' && b == '\\' && i+1 < len(line):
			if i++; quoted == '"' && strings.IndexByte(`\"$`+"`", line[i]) < 0 {
				word.WriteByte('\\')
			}
			word.WriteByte(line[i])
			open = true
		case quoted != 0 && b == quoted:
			quoted = 0
		case quoted == 0 && (b == '\'' || b == '"'):
			quoted, open = b, true
		case quoted == 0 && (b == ' ' || b == '\t'):
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open, broken = false, 0
		default:
			word.WriteByte(b)
			open = true
			if quoted == 0 && strings.IndexByte(breaks, b) >= 0 {
				broken = word.Len()
				if b == '@' { // bash leaves it in the word that it begins
					broken--
				}
			}
		}
	}
	return append(words, word.String()), broken, true
}
