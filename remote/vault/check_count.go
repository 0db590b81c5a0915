package vault

import (
	"iter"

	"snap/remote/vault/table"
)

// count says of each bad pack how many files cannot be had: not those whose bytes another pack has, too.
func (c *checking) count() error {
	if len(c.lost) == 0 && len(c.unread) == 0 {
		return nil
	}
	stays := keeping{condemned: c.v.h.Condemned}
	for _, t := range c.v.tables {
		for r, err := range t.rows() {
			if err != nil {
				return err
			}
			if c.unread[r.Pack] {
				c.lost[r.Key] = r.Pack
			}
		}
	}
	for _, t := range c.v.tables {
		for r, err := range t.rows() {
			if err != nil {
				return err
			}
			if bad, ok := c.lost[r.Key]; ok && bad != r.Pack && !c.unread[r.Pack] && stays.row(&r) {
				delete(c.lost, r.Key)
			}
		}
	}
	return c.countFiles()
}

// countFiles counts a large file with the pack of its first piece that is lost.
func (c *checking) countFiles() error {
	files, pieces := map[[32]byte]int64{}, map[[32]byte]bool{}
	var lists []iter.Seq2[table.List, error]
	for _, t := range c.v.tables {
		lists = append(lists, t.lists())
	}
	for l, err := range table.MergeLists(nil, lists...) {
		if err != nil {
			return err
		}
		counted := false
		for _, p := range l.Pieces {
			pack, ok := c.lost[p]
			if !ok {
				continue
			}
			if pieces[p] = true; !counted {
				files[pack]++
				counted = true
			}
		}
	}
	for key, pack := range c.lost {
		if !pieces[key] {
			files[pack]++
		}
	}
	for i := range c.res.Bad {
		if pack, ok := c.packs[c.res.Bad[i].Name]; ok {
			c.res.Bad[i].Files = files[pack]
		}
	}
	return nil
}
