package destination

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"sort"
	"strings"

	"snap/internal/file"
)

// Capabilities is what a destination's file system can do for snapshots, found by trying.
type Capabilities struct {
	System        string `json:"system"`
	HardLinks     bool   `json:"hard_links"`
	LinkLimit     int    `json:"link_limit"` // names an inode can have; 0: not known
	Reflinks      bool   `json:"reflinks"`
	Subvolumes    bool   `json:"subvolumes"` // that can be copied and made read-only
	Xattrs        bool   `json:"xattrs"`
	Owners        bool   `json:"owners"` // this user may give files away
	CaseSensitive bool   `json:"case_sensitive"`
	LongestName   int    `json:"longest_name"` // bytes
	// what no name may have, of what some file systems refuse: characters, "control characters", "not UTF-8"
	Refused    []string `json:"refused"`
	Timestamps string   `json:"timestamps"` // how fine: "1 ns", "100 ns", "1 µs", "1 ms", "10 ms", "1 s" or "2 s"
	FreeBytes  uint64   `json:"free_bytes"`
	FreeInodes uint64   `json:"free_inodes"`
	HasInodes  bool     `json:"has_inodes"`
}

// linkLimits are what the file systems allow: measured on ext4 and btrfs, documented for NTFS.
var linkLimits = map[string]int{"ext4": 65000, "btrfs": 65535, "overlay": 65000, "ntfs": 1023, "ntfs3": 1023}

// NoClones are file systems on which no file can share blocks with another. Others may.
var NoClones = map[string]bool{"ext4": true, "tmpfs": true, "f2fs": true, "ntfs": true, "ntfs3": true, "fuse": true}

// Capabilities tries what the destination can do, in a folder of its own that is gone afterwards.
func (d *Destination) Capabilities() (can Capabilities, err error) {
	info, err := d.Root.System()
	if err != nil {
		return can, err
	}
	can = Capabilities{System: info.Type, FreeBytes: info.FreeBytes, FreeInodes: info.FreeInodes,
		HasInodes: info.HasInodes, LinkLimit: linkLimits[info.Type], CaseSensitive: true}
	name := "probe-" + strings.ToLower(rand.Text())
	if err := d.Tmp.Mkdir(name); err != nil {
		return can, err
	}
	dir, err := d.Tmp.OpenDir(name)
	if err != nil {
		return can, err
	}
	defer func() {
		dir.Close()
		err = errors.Join(err, removeTree(context.Background(), d.Tmp, name, 1))
	}()
	f, err := dir.Create("probe")
	if err != nil {
		return can, err
	}
	if _, err := f.Write([]byte("probe")); err != nil {
		return can, errors.Join(err, f.Close())
	}
	m := &file.Meta{Kind: file.Regular, Mode: 0o600, UID: 1, GID: 1, Mtime: file.Time{Sec: 1000000001, Nsec: 123456789},
		Xattrs: []file.Xattr{{Name: "user.snap.probe", Value: []byte("1")}}}
	lost, err := f.SetMeta(m)
	if err != nil {
		return can, errors.Join(err, f.Close())
	}
	s, err := f.Stat()
	if err != nil {
		return can, errors.Join(err, f.Close())
	}
	can.Xattrs = lost&file.LostXattrs == 0
	can.Owners = lost&file.LostOwner == 0 && s.UID == m.UID && s.GID == m.GID // some say yes and do nothing
	can.Timestamps = Timestamps(s.Mtime, m.Mtime)
	can.HardLinks = dir.Link(dir, "probe", "link") == nil
	if g, err := dir.Create("clone"); err == nil {
		can.Reflinks = g.CloneFrom(f)
		g.Close()
	} else if !errors.Is(err, fs.ErrExist) {
		return can, errors.Join(err, f.Close())
	}
	can.Subvolumes = d.CanSubvolumes() == nil
	can.LongestName, can.Refused = probeNames(dir)
	if _, err := dir.Lstat("PROBE"); err == nil {
		can.CaseSensitive = false
	} else if !errors.Is(err, os.ErrNotExist) {
		return can, errors.Join(err, f.Close())
	}
	return can, f.Close()
}

// oddNames are what some file systems have in no name.
var oddNames = []struct{ what, sample string }{
	{":", ":"}, {"*", "*"}, {"?", "?"}, {"\"", "\""}, {"<", "<"}, {">", ">"}, {"|", "|"}, {"\\", "\\"},
	{"control characters", "\x01"}, {"not UTF-8", "\xff"},
}

// probeNames tries which names can be made in dir: how many bytes they may have, up to 255, and what not.
func probeNames(dir *file.Dir) (longest int, refused []string) {
	holds := func(name string) bool { return dir.Mkdir(name) == nil && dir.Rmdir(name) == nil }
	longest = sort.Search(255, func(n int) bool { return !holds(strings.Repeat("n", n+1)) })
	refused = []string{}
	for _, odd := range oddNames {
		if !holds("n" + odd.sample + "n") {
			refused = append(refused, odd.what)
		}
	}
	return longest, refused
}

// Timestamps is how fine a file system keeps times that made got of want.
func Timestamps(got, want file.Time) string {
	if got.Sec != want.Sec {
		return "2 s"
	}
	for _, tick := range clockTicks {
		if got.Nsec == want.Nsec/tick.nsec*tick.nsec {
			return tick.name
		}
	}
	return "1 s"
}
