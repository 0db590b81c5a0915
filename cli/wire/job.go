package wire

import (
	"time"

	"snap/internal/progress"
)

// Job is one job of `snap web`, in /api/jobs, which answers with an array, and what a POST is answered with.
type Job struct {
	ID      int        `json:"job"`
	Kind    string     `json:"kind"` // "backup", "look", "restore" or "check"
	Begin   time.Time  `json:"begin"`
	Ended   *time.Time `json:"ended"`   // null: it is at work
	Summary *JobEnd    `json:"summary"` // null: it is at work
}

// JobStatus says how far a job has come: an event "status" of /api/jobs/ID/events.
type JobStatus struct {
	Type       string   `json:"message_type"` // "status"
	Stage      string   `json:"stage"`
	Share      *float64 `json:"share"` // of the stage, from 0 to 1; null: not known
	Files      int64    `json:"files"`
	TotalFiles int64    `json:"total_files"` // 0: not known
	Bytes      int64    `json:"bytes"`
	TotalBytes int64    `json:"total_bytes"` // 0: not known
	Rate       int64    `json:"bytes_per_second"`
	Left       float64  `json:"seconds_left"` // 0: not known
	Path       string   `json:"path"`
	PathB64    string   `json:"path_b64,omitempty"`
	Text       string   `json:"text"` // the same for people
}

// NewJobStatus is how far a job has come.
func NewJobStatus(at *progress.Standing, text string) JobStatus {
	j := JobStatus{Type: "status", Stage: string(at.Stage), Files: at.Files, TotalFiles: at.TotalFiles, Bytes: at.Bytes,
		TotalBytes: at.TotalBytes, Rate: at.Rate, Left: at.Left.Seconds(), Text: text}
	if at.Share >= 0 {
		j.Share = &at.Share
	}
	j.Path, j.PathB64 = Name(at.Path)
	return j
}

// JobProblem is something that went wrong and did not end the job: an event "error".
type JobProblem struct {
	Type    string `json:"message_type"` // "error"
	Path    string `json:"path"`         // "" for none
	PathB64 string `json:"path_b64,omitempty"`
	Error   string `json:"error"`
}

// JobNote is something to know: an event "note".
type JobNote struct {
	Type string `json:"message_type"` // "note"
	Text string `json:"text"`
}

// JobEnd is how a job ended: its last event, "summary".
type JobEnd struct {
	Type    string          `json:"message_type"` // "summary"
	Kind    string          `json:"kind"`
	Code    int             `json:"code"`  // the exit code that a command would end with
	Error   string          `json:"error"` // "": none
	Hints   []string        `json:"hints"`
	Text    string          `json:"text"`    // what came of it, for people
	Ticket  string          `json:"ticket"`  // of a look: it begins the restore, once
	Backup  *BackupSummary  `json:"backup"`  // as the last line of `backup --json`; null where there is none
	Restore *RestoreSummary `json:"restore"` // as the last line of `restore --json`; null where there is none
	Look    *LookCounts     `json:"look"`    // null but for a look
	Removed *RemovedSummary `json:"removed"` // as the last line of `delete --json`; null where there is none
}

// LookCounts are what a restore would do to how many files.
type LookCounts struct {
	New       int64 `json:"new"`
	Replaced  int64 `json:"replaced"`
	Left      int64 `json:"left"`
	Retouched int64 `json:"metadata_set"`
}
