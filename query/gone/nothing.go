package gone

import (
	"errors"
	"fmt"
	"path"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// Why says why the pattern brings nothing back.
func (w *Useless) Why() string {
	switch {
	case w.There != "":
		return fmt.Sprintf("%s: nothing that it fits is gone: %s is there", quote.Name(w.Pattern), quote.Name(w.There))
	case w.Older:
		return fmt.Sprintf("%s: what it fits was gone before that", quote.Name(w.Pattern))
	}
	return fmt.Sprintf("%s: in no snapshot", quote.Name(w.Pattern))
}

// Nothing is the error that nothing is gone, with what to do instead.
func (a *Answer) Nothing(snaps query.Snapshots) error {
	switch {
	case len(a.Moved) > 0:
		m := &a.Moved[0]
		return hint.With(errors.New("undelete: nothing is gone, it was moved"),
			"to have it where it was, too: snap restore %s --in-place\nwhat else was there once: snap history %s",
			quote.Word(snaps[m.Pos].Name+":"+m.Path), quote.Arg(m.Path))
	case len(a.Useless) == 0:
		return errors.New("undelete: nothing is gone")
	}
	w := &a.Useless[0]
	err := fmt.Errorf("undelete: %s", w.Why())
	switch {
	case w.There != "" && w.Kind == file.Folder:
		return hint.With(err, "as it was in a snapshot: snap restore %s --target DIR", quote.Word("REF:"+w.Path))
	case w.There != "":
		return hint.With(err, "its older versions: snap find %s; all of them: snap restore --target DIR --versions %s",
			quote.Arg(w.Pattern), quote.Arg(w.Path))
	case w.Older:
		return hint.With(err, "to see when, without --since: snap undelete -n %s", quote.Arg(w.Pattern))
	}
	return hint.With(err, "to search for a part of a name: snap find %s", quote.Word("*"+path.Base(w.Pattern)+"*"))
}
