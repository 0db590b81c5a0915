package record

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"snap/internal/file"
)

// A record is packed as
//
//	version byte · bits uvarint · reason byte, then for the bits that are set, in this order:
//	stat: mode uid gid nlink size · mtime · ctime · btime · volume inode   (uvarints; times as below)
//	rdev uvarint · hash 32 bytes · target · xattrs · from · to · link      (strings with their length)
//	holes uvarint · since uvarint · shared and patched (uvarints)
//
// The lowest bits hold kind, change and stored, three bits each. A time is its nanoseconds and its seconds as
// varints, ctime counted from mtime and btime from ctime: the latter two often lie close together. Bits not known
// here come from a newer snap.
const recordVersion = 1

const (
	hasStat = 1 << (9 + iota)
	hasBtime
	isHashed
	isRacy
	hasXattrs // up to here two bytes hold them
	hasRdev
	hasTarget
	hasFrom
	hasTo
	isInconsistent
	isUnreadable
	hasLink
	hasHoles
	isCapped
	isSparseHash
	hasSince
	isPatched
	knownBits = 1<<(9+iota) - 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Append packs r.
func Append(b []byte, r *Record) []byte {
	bits := uint64(r.Kind) | uint64(r.Change)<<3 | uint64(r.Stored)<<6
	set := func(on bool, bit uint64) {
		if on {
			bits |= bit
		}
	}
	set(r.Kind != file.None, hasStat)
	set(!r.Btime.IsZero(), hasBtime)
	set(r.Rdev != 0, hasRdev)
	set(r.Target != "", hasTarget)
	set(len(r.Xattrs) > 0, hasXattrs)
	set(r.From != "", hasFrom)
	set(r.To != "", hasTo)
	set(r.Has(Racy), isRacy)
	set(r.Has(Inconsistent), isInconsistent)
	set(r.Has(Unreadable), isUnreadable)
	set(r.Has(Hashed), isHashed)
	set(r.Link != "", hasLink)
	set(r.Holes > 0 && r.Holes <= r.Size, hasHoles)
	set(r.Has(Capped), isCapped)
	set(r.Has(Hashed|SparseHash), isSparseHash)
	set(r.Since != 0 && r.Stored == Linked, hasSince)
	set(r.Shared > 0 && r.Shared <= r.OnDisk() && r.Stored == Copied, isPatched)
	b = append(b, recordVersion)
	b = binary.AppendUvarint(b, bits)
	b = append(b, byte(r.Reason))
	if bits&hasStat != 0 {
		for _, v := range [...]uint64{uint64(r.Mode), uint64(r.UID), uint64(r.GID), uint64(r.Nlink), uint64(r.Size)} {
			b = binary.AppendUvarint(b, v)
		}
		b = appendTime(b, r.Mtime, file.Time{})
		b = appendTime(b, r.Ctime, r.Mtime)
		if bits&hasBtime != 0 {
			b = appendTime(b, r.Btime, r.Ctime)
		}
		b = binary.AppendUvarint(b, uint64(r.Volume))
		b = binary.AppendUvarint(b, r.Ino)
	}
	if bits&hasRdev != 0 {
		b = binary.AppendUvarint(b, r.Rdev)
	}
	if bits&isHashed != 0 {
		b = append(b, r.Hash[:]...)
	}
	if bits&hasTarget != 0 {
		b = appendString(b, r.Target)
	}
	if bits&hasXattrs != 0 {
		b = binary.AppendUvarint(b, uint64(len(r.Xattrs)))
		for _, x := range r.Xattrs {
			b = appendString(appendString(b, x.Name), string(x.Value))
		}
	}
	if bits&hasFrom != 0 {
		b = appendString(b, r.From)
	}
	if bits&hasTo != 0 {
		b = appendString(b, r.To)
	}
	if bits&hasLink != 0 {
		b = appendString(b, r.Link)
	}
	if bits&hasHoles != 0 {
		b = binary.AppendUvarint(b, uint64(r.Holes))
	}
	if bits&hasSince != 0 {
		b = binary.AppendUvarint(b, r.Since)
	}
	if bits&isPatched != 0 {
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(r.Shared)), uint64(max(r.Patched, 0)))
	}
	return b
}

func appendTime(b []byte, t, base file.Time) []byte {
	return binary.AppendVarint(binary.AppendVarint(b, int64(t.Nsec)-int64(base.Nsec)), t.Sec-base.Sec)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// parser takes a record apart. Its strings alias the input. After the first fault everything is zero.
type parser struct {
	b   string
	bad bool
}

func (p *parser) uvarint() uint64 {
	var v uint64
	for i := 0; i < len(p.b) && i < binary.MaxVarintLen64; i++ {
		c := p.b[i]
		if c < 0x80 {
			if i == 9 && c > 1 {
				break
			}
			p.b = p.b[i+1:]
			return v | uint64(c)<<(7*i)
		}
		v |= uint64(c&0x7f) << (7 * i)
	}
	p.fail()
	return 0
}

func (p *parser) varint() int64 {
	u := p.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (p *parser) limited(max uint64) uint64 {
	v := p.uvarint()
	if v > max {
		p.fail()
		return 0
	}
	return v
}

func (p *parser) bytes(n uint64) string {
	if n > uint64(len(p.b)) {
		p.fail()
		return ""
	}
	s := p.b[:n]
	p.b = p.b[n:]
	return s
}

func (p *parser) string() string { return p.bytes(p.uvarint()) }

func (p *parser) time(base file.Time) file.Time {
	ns := p.varint()
	if ns += int64(base.Nsec); ns < 0 || ns > 999_999_999 {
		p.fail()
		return file.Time{}
	}
	return file.Time{Sec: base.Sec + p.varint(), Nsec: int32(ns)}
}

func (p *parser) path() string {
	s := p.string()
	if !ValidPath(s) || s == "" {
		p.fail()
		return ""
	}
	return s
}

func (p *parser) fail() { p.bad, p.b = true, "" }

// Parse takes a record apart into r. The strings and slices of r alias b.
func Parse(b string, r *Record) error {
	if len(b) < 3 {
		return damaged("a record of %d bytes", len(b))
	}
	if b[0] != recordVersion {
		return fmt.Errorf("a record of version %d: %w", b[0], ErrNewer)
	}
	p := parser{b: b[1:]}
	bits := p.uvarint()
	if bits&^knownBits != 0 {
		return fmt.Errorf("a record with unknown parts: %w", ErrNewer)
	}
	*r = Record{}
	if reason := p.bytes(1); !p.bad {
		r.Reason = Reason(reason[0])
	}
	r.Kind, r.Change, r.Stored = file.Kind(bits&7), Change(bits>>3&7), Stored(bits>>6&7)
	if bits&hasStat != 0 {
		r.Mode = uint16(p.limited(0o7777))
		r.UID, r.GID, r.Nlink = uint32(p.limited(1<<32-1)), uint32(p.limited(1<<32-1)), uint32(p.limited(1<<32-1))
		r.Size = int64(p.limited(1<<63 - 1))
		r.Mtime = p.time(file.Time{})
		r.Ctime = p.time(r.Mtime)
		if bits&hasBtime != 0 {
			r.Btime = p.time(r.Ctime)
		}
		r.Volume = uint32(p.limited(1<<32 - 1))
		r.Ino = p.uvarint()
	}
	if bits&hasRdev != 0 {
		r.Rdev = p.uvarint()
	}
	if bits&isHashed != 0 {
		copy(r.Hash[:], p.bytes(32))
		r.Flags |= Hashed
	}
	if bits&hasTarget != 0 {
		r.Target = p.string()
	}
	if bits&hasXattrs != 0 {
		n := p.limited(uint64(len(p.b)))
		r.Xattrs = make([]file.Xattr, 0, min(n, 64))
		for ; n > 0 && !p.bad; n-- {
			name := p.string()
			if name == "" {
				p.fail()
			}
			r.Xattrs = append(r.Xattrs, file.Xattr{Name: name, Value: []byte(p.string())})
		}
	}
	if bits&hasFrom != 0 {
		r.From = p.path()
	}
	if bits&hasTo != 0 {
		r.To = p.path()
	}
	if bits&hasLink != 0 {
		r.Link = p.path()
	}
	if bits&hasHoles != 0 {
		r.Holes = int64(p.limited(uint64(r.Size)))
	}
	if bits&hasSince != 0 {
		if r.Since = p.uvarint(); r.Since == 0 || r.Stored != Linked {
			p.fail()
		}
	}
	if bits&isPatched != 0 {
		r.Shared, r.Patched = int64(p.limited(uint64(r.OnDisk()))), int64(p.limited(uint64(r.PatchBlocks())))
		if r.Shared == 0 || r.Stored != Copied {
			p.fail()
		}
	}
	for _, f := range [...]struct {
		bit  uint64
		flag Flags
	}{{isRacy, Racy}, {isInconsistent, Inconsistent}, {isUnreadable, Unreadable}, {isCapped, Capped},
		{isSparseHash, SparseHash}} {
		if bits&f.bit != 0 {
			r.Flags |= f.flag
		}
	}
	// What is set must make sense together: these values decide what is done to files.
	if p.bad || p.b != "" || r.Change == 0 || r.Stored > Joined ||
		r.Stored == Joined && r.Link == "" || r.Link != "" && !r.Stored.Shares() ||
		r.Has(SparseHash) && !r.Has(Hashed) || (r.Kind == file.None) != (r.Change == Removed) ||
		(r.Kind == file.None) != (bits&hasStat == 0) {
		return damaged("a malformed record")
	}
	return nil
}
