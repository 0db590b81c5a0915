package query

import "snap/destination"

// newerThan says which part of the bytes that are there now was not there yet when a check read, about. copied is how
// much all runs so far have copied.
//
// Where snapshots are deleted, what others share with them goes on to the next one and counts as copied there. So it is
// not told whether the bytes of a later snapshot are older; but no more bytes are new than all runs since have copied,
// and no fewer than those that are still there did. Nothing is taken for read that was not.
func newerThan(all Snapshots, present []bool, copied int64) func(destination.PastRead) float64 {
	return func(r destination.PastRead) float64 {
		total, later, least, there := 0.0, 0.0, 0.0, false
		for i := range all {
			if h := &all[i]; present[i] {
				there, total = true, total+float64(h.CopiedBytes)
				if h.Seq > r.Newest {
					later += float64(h.CopiedBytes)
					least += float64(min(h.CopiedBytes, h.CopiedByRun()))
				}
			}
		}
		switch {
		case r.Newest == 0, !there:
			return 1
		case total <= 0: // folders and empty files: nothing could be newer
			return 0
		}
		return min(later, max(least, float64(copied-r.Copied))) / total
	}
}
