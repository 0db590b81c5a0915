package cmdline

import (
	"strconv"
	"strings"

	"snap/internal/quote"
)

// Again are those of the flags all that were given, as they are typed on another line: " --target DIR -n".
func Again[C any](all []Flag[C], v Values) string {
	var b strings.Builder
	for i := range all {
		f := &all[i]
		if !v.IsSet(f.Name) {
			continue
		}
		dashes, values := " --", []string{}
		if len(f.Name) == 1 {
			dashes = " -"
		}
		switch f.Kind {
		case Bool:
			b.WriteString(dashes + f.Name)
		case Int:
			values = []string{strconv.Itoa(v.Int(f.Name))}
		case String:
			values = []string{v.String(f.Name)}
		case Strings:
			values = v.Strings(f.Name)
		}
		for _, value := range values {
			b.WriteString(dashes + f.Name + " " + quote.Word(value))
		}
	}
	return b.String()
}
