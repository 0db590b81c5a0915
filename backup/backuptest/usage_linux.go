package backuptest

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"snap/destination"
	"snap/index"
	"snap/record"
)

// WantUsage checks what the index says of the inodes against the trees.
func (p *Place) WantUsage(what string) {
	p.T.Helper()
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		heads, err := d.DB.Snapshots(ctx)
		p.Do(err)
		u, err := d.DB.Usage(ctx)
		p.Do(err)
		trees := UsageOfTrees(p.T, p.Dest, heads)
		if diff := differentUsage(trees, u); diff != "" {
			p.T.Fatalf("%s:\n%s", what, diff)
		}
		p.wantWhereabouts(ctx, d, heads, what)
		for one := range heads { // that one goes, that one stays, and every second stays
			for _, stays := range []func(int) bool{func(i int) bool { return i != one }, func(i int) bool { return i == one },
				func(i int) bool { return (i^one)&1 == 0 }} {
				var stay []uint64
				for i := range heads {
					if stays(i) {
						stay = append(stay, heads[i].Seq)
					}
				}
				free, err := d.DB.Freeable(ctx, stay)
				p.Do(err)
				want := maps.Clone(trees)
				maps.DeleteFunc(want, func(s index.Span, _ index.Amount) bool {
					return slices.ContainsFunc(stay, s.Holds)
				})
				if diff := differentUsage(want, free); diff != "" {
					p.T.Fatalf("%s, and %v stay:\n%s", what, stay, diff)
				}
			}
		}
	})
}

// UsageOfTrees finds out from the trees themselves which snapshots hold each inode of a regular file.
func UsageOfTrees(t testing.TB, dest string, heads []record.Header) index.Usage {
	t.Helper()
	type life struct {
		size int64
		in   map[uint64]bool
	}
	all := map[uint64]*life{}
	var seqs []uint64
	for _, h := range heads {
		seqs = append(seqs, h.Seq)
		err := filepath.WalkDir(filepath.Join(dest, h.Name), func(_ string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			s := info.Sys().(*syscall.Stat_t)
			l := all[inodeOf(s)]
			if l == nil {
				l = &life{info.Size(), map[uint64]bool{}}
				if holes := s.Size - s.Blocks*512; holes >= 1<<20 { // else it is small, and its blocks may lie in its inode
					l.size -= holes
				}
				all[inodeOf(s)] = l
			}
			l.in[h.Seq] = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	u := index.Usage{}
	for _, l := range all {
		span, _ := index.SpanOf(seqs, func(seq uint64) bool { return l.in[seq] })
		a := u[span]
		a.Add(index.Amount{Inodes: 1, Bytes: l.size})
		u[span] = a
	}
	return u
}

func differentUsage(want, got index.Usage) string {
	var out []string
	for s, a := range want {
		if got[s] != a {
			out = append(out, fmt.Sprintf("%v: the trees hold %+v, the index says %+v", s, a, got[s]))
		}
	}
	for s, a := range got {
		if _, ok := want[s]; !ok {
			out = append(out, fmt.Sprintf("%v: the trees hold nothing, the index says %+v", s, a))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// InTrees is what all trees hold together.
func (p *Place) InTrees() (total index.Amount) {
	heads, _ := p.Knows()
	for _, a := range UsageOfTrees(p.T, p.Dest, heads) {
		total.Add(a)
	}
	return total
}

// inodeOf is a number for an inode. In subvolumes a file keeps that of its inode when its owner or mode changes, and is
// another file then.
func inodeOf(s *syscall.Stat_t) uint64 { return s.Ino | uint64(s.Mode)<<40 | uint64(s.Uid+s.Gid)<<56 }
