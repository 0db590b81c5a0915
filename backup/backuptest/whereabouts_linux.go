package backuptest

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"snap/destination"
	"snap/record"
)

// wantWhereabouts checks where the index says that each inode was last against the trees.
func (p *Place) wantWhereabouts(ctx context.Context, d *destination.Destination, heads []record.Header, what string) {
	p.T.Helper()
	type name struct {
		path string
		last int // of heads, that it was in
	}
	last := map[uint64]name{}
	var seqs []uint64
	for i := range heads {
		seqs = append(seqs, heads[i].Seq)
		root := filepath.Join(p.Dest, heads[i].Name)
		p.Do(filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			ino := inodeOf(info.Sys().(*syscall.Stat_t))
			rel := strings.TrimPrefix(path, root+"/")
			if n, ok := last[ino]; !ok || n.last < i || record.Compare(rel, n.path) < 0 {
				last[ino] = name{rel, i}
			}
			return nil
		}))
	}
	var want, got []string
	for _, n := range last {
		want = append(want, fmt.Sprintf("%q %v", n.path, n.last == len(heads)-1))
	}
	p.Do(d.DB.Whereabouts(ctx, seqs, func(path string, newest bool, _ int64) error {
		got = append(got, fmt.Sprintf("%q %v", path, newest))
		return nil
	}))
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		p.T.Fatalf(
			"%s: where inodes were last, by the trees:\n%s\nby the index:\n%s",
			what,
			strings.Join(want, "\n"),
			strings.Join(got, "\n"),
		)
	}
}
