package destination

import (
	"cmp"
	"slices"
	"time"

	"snap/internal/file"
)

// spaceName is the file in .snap that tells how much was free after the backups of the last days, sealed. A forecast is
// made of it, and nothing else: when it is lost or damaged, it begins anew.
const spaceName = "space"

// SpaceDay is how much was free after the last run of a day.
type SpaceDay struct {
	Time  time.Time `json:"time"`
	Free  int64     `json:"free"`  // bytes
	Total int64     `json:"total"` // of the file system
}

// spaceDays is what stands in the file.
type spaceDays struct {
	Days []SpaceDay `json:"days"` // oldest first
}

// spaceDaysKept is for how many days it is known.
const spaceDaysKept = 90

// NoteSpace writes down how much is free after a run of the time t.
func (d *Destination) NoteSpace(t time.Time) error {
	info, err := d.Root.System()
	if err != nil {
		return err
	}
	var known spaceDays
	_ = readSealed(d.Meta, spaceName, &known) // else it begins anew
	known.add(SpaceDay{t.UTC(), int64(info.FreeBytes), int64(info.TotalBytes)})
	return d.writeSealed(d.Meta, spaceName, &known)
}

// add puts a day in its place, instead of what is known of it.
func (s *spaceDays) add(day SpaceDay) {
	date := day.Time.Format(time.DateOnly)
	s.Days = slices.DeleteFunc(s.Days, func(o SpaceDay) bool { return o.Time.UTC().Format(time.DateOnly) == date })
	s.Days = append(s.Days, day)
	slices.SortFunc(s.Days, func(a, b SpaceDay) int { return cmp.Compare(a.Time.UnixNano(), b.Time.UnixNano()) })
	s.Days = s.Days[max(0, len(s.Days)-spaceDaysKept):]
}

// ReadSpaceDays are the days that are known of the destination root, oldest first.
func ReadSpaceDays(root *file.Dir) []SpaceDay {
	meta, err := root.OpenDir(MetaName)
	if err != nil {
		return nil
	}
	defer meta.Close()
	var known spaceDays
	if readSealed(meta, spaceName, &known) != nil {
		return nil
	}
	return known.Days
}
