package destination

import (
	"encoding/json"
	"io"
	"time"

	"snap/internal/file"
	"snap/record"
)

// lastRunName is the file in .snap that tells of the last run that found nothing changed, sealed. Nothing depends on
// it: when it is lost or damaged, no such run is known.
const lastRunName = "last-run"

// lastRun is what stands in it.
type lastRun struct {
	Time time.Time `json:"time"` // when the run began, by the clock
	Seq  uint64    `json:"seq"`  // the snapshot that it found unchanged
	Name string    `json:"name"`
}

// NoteUnchanged writes down that a run that began at start found nothing changed since h, the newest snapshot.
func (d *Destination) NoteUnchanged(start time.Time, h *record.Header) error {
	return d.writeSealed(d.Meta, lastRunName, &lastRun{Time: start.UTC(), Seq: h.Seq, Name: h.Name})
}

// LastUnchanged is when the last run began that found nothing changed since the snapshot h of the destination root,
// which is its newest; the zero time if there was none, or nothing is known of it.
func LastUnchanged(root *file.Dir, h *record.Header) time.Time {
	meta, err := root.OpenDir(MetaName)
	if err != nil {
		return time.Time{}
	}
	defer meta.Close()
	f, err := openFile(meta, lastRunName)
	if err != nil {
		return time.Time{}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, labelsMax))
	if err != nil {
		return time.Time{}
	}
	var l lastRun
	if body, ok := unsealed(text); !ok || json.Unmarshal(body, &l) != nil || l.Seq != h.Seq || l.Name != h.Name {
		return time.Time{}
	}
	return l.Time
}
