package cli

import (
	"cmp"
	"slices"
	"strings"

	"snap/cli/cmdline"
	"snap/internal/file"
	"snap/internal/when"
	"snap/query"
	"snap/query/gone"
	"snap/record"
)

// completeDestinations lists the destinations that were backed up to.
func completeDestinations(c *call, _ string) (all []candidate) {
	for _, k := range c.known() {
		all = append(all, candidate{Word: k.Path, About: "last of " + k.Source})
	}
	return all
}

// completeTags lists the tags that snapshots have, and the one that means something.
func completeTags(c *call, _ string) []candidate {
	all := []candidate{{Word: "pin", About: "never prune it"}}
	_ = c.reading(func(d *query.Reader) error {
		for i := range d.Snapshots {
			for _, t := range d.Snapshots[i].Tags {
				if cand := (candidate{Word: t, About: "a tag"}); t != "pin" && !slices.Contains(all, cand) {
					all = append(all, cand)
				}
			}
		}
		return nil
	})
	return all
}

// offeredTimes are words for a time, as most people need them.
var offeredTimes = append(append([]string{"7d", "1mo"}, when.Days...), when.Periods...)

// completeWhen lists words for a time.
func completeWhen(*call, string) (all []candidate) {
	for _, word := range offeredTimes {
		all = append(all, candidate{Word: word})
	}
	return all
}

// completeTimes are the words for a time that lead to a snapshot, and to which.
func completeTimes(d *query.Reader) (all []candidate) {
	r := d.Resolver()
	for _, word := range offeredTimes {
		if pos, err := r.Resolve("@" + word); err == nil {
			all = append(all, candidate{Word: "@" + word, About: d.Snapshots[pos].Name})
		}
	}
	return all
}

// completeRef lists snapshots, the newest first; after an @ times.
func completeRef(c *call, word string) (all []candidate) {
	_ = c.reading(func(d *query.Reader) error {
		if strings.HasPrefix(word, "@") {
			all = completeTimes(d)
			return nil
		}
		all = append(all, candidate{Word: "latest", About: "the newest snapshot"},
			candidate{Word: "oldest", About: "the first snapshot"})
		for i := d.Snapshots.Newest(); i >= 0; i-- {
			h := &d.Snapshots[i]
			all = append(all, candidate{Word: h.Name, About: c.Since(h.Time)})
		}
		return nil
	})
	return all
}

// completePathRef lists snapshots, and after the colon what is in one.
func completePathRef(c *call, word string) (all []candidate) {
	if !strings.Contains(word, ":") {
		for _, ref := range completeRef(c, word) {
			all = append(all, candidate{Word: ref.Word + ":", About: ref.About})
		}
		return all
	}
	_ = c.reading(func(d *query.Reader) error {
		r := d.Resolver()
		head, typed := r.Split(word)
		pos, err := r.Resolve(head)
		if err != nil {
			return err
		}
		all = folderCandidates(c, d, pos, head+":", typed)
		return nil
	})
	return all
}

// completePathOrRef lists snapshots and what is in one, and what is in the newest.
func completePathOrRef(c *call, word string) []candidate {
	all := completePathRef(c, word)
	if word == "" || strings.Contains(word, ":") {
		return all
	}
	return append(all, completeNewestPath(c, word)...)
}

// completeNewestPath lists what is in the newest snapshot.
func completeNewestPath(c *call, word string) (all []candidate) {
	_ = c.reading(func(d *query.Reader) error {
		all = folderCandidates(c, d, d.Snapshots.Newest(), "", word)
		return nil
	})
	return all
}

// completeGone lists what is gone from the source, and the folders that it may have been in.
func completeGone(c *call, word string) (all []candidate) {
	dir, before := "", ""
	if i := strings.LastIndexByte(word, '/'); i >= 0 {
		dir, before = word[:i], word[:i+1]
	}
	_ = c.reading(func(d *query.Reader) error {
		paths, err := d.Paths(cmp.Or(dir, "."))
		if err != nil {
			return err
		}
		for n, err := range gone.Names(c.ctx, d, paths[0]) {
			if err != nil || len(all) == cmdline.MaxCandidates {
				break
			}
			name, about := n.Name, n.Kind.String()
			if n.Kind == file.Folder {
				name += "/"
			}
			if n.Gone {
				about += ", gone"
			}
			all = append(all, candidate{Word: before + name, About: about})
		}
		return nil
	})
	return all
}

// folderCandidates are the entries of the folder that typed has come to, after what stands before it.
func folderCandidates(c *call, d *query.Reader, pos int, before, typed string) (all []candidate) {
	if pos < 0 {
		return nil
	}
	dir := ""
	if i := strings.LastIndexByte(typed, '/'); i >= 0 {
		dir = typed[:i]
	}
	path, err := query.SourcePath(&d.Snapshots[pos], dir)
	if err != nil {
		return nil
	}
	if dir != "" {
		before += dir + "/"
	}
	for e, err := range d.List(c.ctx, &d.Snapshots[pos], path, false) {
		if err != nil || len(all) == cmdline.MaxCandidates {
			break
		}
		_, name := record.Split(e.Path)
		if e.Kind == file.Folder {
			name += "/"
		}
		all = append(all, candidate{Word: before + name, About: e.Kind.String()})
	}
	return all
}
