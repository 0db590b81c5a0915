package query

import (
	"snap/internal/file"
	"snap/record"
)

// Aspect is one way in which two records of a path differ, by its name in JSON.
type Aspect string

// The aspects.
const (
	TypeDiffers       Aspect = "type"
	UnreadableDiffers Aspect = "unreadable" // one of the two could not be read
	UnheldDiffers     Aspect = "unheld"     // the destination cannot hold one of the two
	SizeDiffers       Aspect = "size"
	ContentDiffers    Aspect = "content"
	TargetDiffers     Aspect = "target"
	DeviceDiffers     Aspect = "device"
	ModeDiffers       Aspect = "mode"
	OwnerDiffers      Aspect = "owner"
	GroupDiffers      Aspect = "group"
	TimesDiffers      Aspect = "times"
	AttributesDiffers Aspect = "attributes"
)

// Differs are the ways in which after is another than before, none if one of them is nil. The content of a file
// that nobody has read since counts only if its size tells. The inode is not among them: which one an unchanged file
// has now is learned without a record in a change set, and the same question has the same answer after a reindex.
func Differs(before, after *record.Record) (all []Aspect) {
	if before == nil || after == nil {
		return nil
	}
	add := func(is bool, a Aspect) {
		if is {
			all = append(all, a)
		}
	}
	same := before.Kind == after.Kind
	files := same && after.Kind == file.Regular
	hashed := before.Has(record.Hashed) && after.Has(record.Hashed)
	add(!same, TypeDiffers)
	add(before.Has(record.Unreadable) != after.Has(record.Unreadable), UnreadableDiffers)
	add(before.Unheld() != after.Unheld(), UnheldDiffers)
	add(files && before.Size != after.Size, SizeDiffers)
	add(files && (before.Size != after.Size || hashed && !before.SameHash(after)), ContentDiffers)
	add(same && before.Target != after.Target, TargetDiffers)
	add(same && before.Rdev != after.Rdev, DeviceDiffers)
	add(same && after.Kind != file.Symlink && before.Mode != after.Mode, ModeDiffers)
	add(before.UID != after.UID, OwnerDiffers)
	add(before.GID != after.GID, GroupDiffers)
	add(after.Kind != file.Folder && before.Mtime != after.Mtime, TimesDiffers)
	add(!before.SameXattrs(after), AttributesDiffers)
	return all
}
