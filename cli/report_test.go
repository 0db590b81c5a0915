package cli

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"snap/backup"
	"snap/cli/report"
	"snap/internal/file"
	"snap/record"
)

// TestTheReportOfABackupIsTrue: a file that could not be read is neither linked nor saved, and one that changed while
// it was copied is not one that could not be read.
func TestTheReportOfABackupIsTrue(t *testing.T) {
	var out, errs bytes.Buffer
	env := testEnv("", &out, &errs)
	c := &call{Style: env.style(options{}), env: &env, out: &output{w: &out}}
	var counts report.BackupCounts
	h := record.Header{Name: "s", Files: 4, Dirs: 1, Bytes: 1111, Linked: 1, CopiedBytes: 11, Errors: 2, Unread: 1,
		UnreadBytes: 100}
	for _, rec := range map[string]record.Record{
		"copied":   {Stat: file.Stat{Kind: file.Regular, Size: 1}, Stored: record.Copied},
		"unsteady": {Stat: file.Stat{Kind: file.Regular, Size: 10}, Stored: record.Copied, Flags: record.Inconsistent},
		"unread":   {Stat: file.Stat{Kind: file.Regular, Size: 100}, Stored: record.Absent, Flags: record.Unreadable},
	} {
		counts.Recorded(&rec, true)
	}
	counts.Recorded(&record.Record{Stat: file.Stat{Kind: file.Regular, Size: 1000}, Stored: record.Copied,
		Flags: record.Inconsistent}, false)
	counts.Add(&backup.Problem{Path: "unsteady", Err: backup.ErrUnsteady}, false)
	counts.Add(&backup.Problem{Path: "unread", Err: fs.ErrPermission}, false)
	res := &backup.Result{Header: &h, Previous: "r", Errors: 2}
	if err := c.print().Backup(&report.Backup{Result: res, Counts: counts}); err != nil {
		t.Fatal(err)
	}
	if err := c.out.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1 file linked (1000 B not copied again)", "\n  1 could not be read; they are named above\n",
		"\n  1 copied while they changed; they are named above\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
