package settings

import (
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/remote/store"
)

// FindRemote is the remote of dest that to names: by its name in Remotes.txt, or by its URL there.
func FindRemote(dest, to string) (*Remote, error) {
	all, err := ReadRemotes(dest)
	if err != nil {
		return nil, err
	}
	var known []string
	for i := range all {
		if all[i].Name == to || all[i].URL == to {
			return &all[i], nil
		}
		known = append(known, all[i].Name)
	}
	if store.IsURL(to) {
		return nil, hint.With(hint.Usagef("%s is not in %s", quote.Name(to), RemotesFile),
			"to make a vault there: snap remote add NAME %s", quote.Word(to))
	}
	err = hint.Usagef("no remote is called %s", quote.Name(to))
	if len(known) > 0 {
		return nil, hint.With(err, "there is %s", quote.List(known))
	}
	return nil, hint.With(err, "to make one: snap remote add %s URL", quote.Word(to))
}
