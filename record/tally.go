package record

import (
	"snap/internal/file"
)

// Tally adds an entry of a snapshot to its counts.
func Tally(h *Header, rec *Record, changed bool) {
	if rec.Unheld() {
		h.Unheld++
	}
	if rec.Has(Capped) {
		h.Capped++
	}
	if rec.Exists() {
		switch {
		case rec.Kind == file.Folder:
			h.Dirs++
		default:
			h.Files++
			if !rec.Held() {
				h.Unread++
			}
			if rec.Kind == file.Regular {
				h.Bytes = Plus(h.Bytes, rec.Size)
				if !rec.Held() {
					h.UnreadBytes = Plus(h.UnreadBytes, rec.Size)
				}
			}
			if rec.Stored != Absent && (!changed || rec.Stored.Shares()) {
				h.Linked++
			}
		}
	}
	if changed {
		h.Count(rec)
	}
}
