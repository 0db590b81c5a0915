package backup

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"snap/index"
)

func TestSmoke(t *testing.T) {
	src := os.Getenv("SMOKE_SRC")
	if src == "" {
		t.Skip()
	}
	ctx := context.Background()
	dest := t.TempDir()
	run := func(force bool) *Result {
		d, err := Open(ctx, dest, OpenOptions{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		start := time.Now()
		res, err := Run(ctx, d, Options{Source: src, Start: start, Name: func(t time.Time) string { return t.Format("20060102-150405.000") }, Force: force, Report: printer{}})
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range res.Problems {
			if i < 5 {
				t.Log(p)
			}
		}
		if res.Header != nil {
			h := *res.Header
			h.Users, h.Groups = nil, nil
			fmt.Printf("%+v\n", h)
		}
		fmt.Println("took", time.Since(start), "skipped", res.Skipped)
		return res
	}
	check := func(h *index.Header) {
		out, err := exec.Command("python3", "../../shared/harness/sametree.py", src, filepath.Join(dest, h.Name), "--ignore-root", "--holes").CombinedOutput()
		fmt.Println(string(out), err)
	}
	r := run(false)
	check(r.Header)
	run(false)
	r = run(true)
	check(r.Header)
	if m := os.Getenv("SMOKE_MUT"); m != "" {
		out, err := exec.Command("sh", "-c", m).CombinedOutput()
		fmt.Println(string(out), err)
		r = run(false)
		check(r.Header)
		run(false)
	}
}

type printer struct{ silent }

func (printer) Entry(p string, r *index.Record, changed bool) {
	if changed && os.Getenv("SMOKE_V") != "" {
		fmt.Printf("%s %s %v %v %v from %q\n", r.Change, p, r.Stored, r.Reason, r.Flags, r.From)
	}
}
