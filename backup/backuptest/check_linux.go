package backuptest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"snap/destination/check"
)

// Check runs a check of the place's destination.
func (p *Place) Check(o check.Options) *check.Result {
	p.T.Helper()
	res, err := check.Run(context.Background(), p.Dest, o)
	if err != nil {
		p.T.Fatal(err)
	}
	return res
}

// Repairs mends everything and compares the trees with what they were; damaged are the names whose inodes
// may be others.
func (p *Place) Repairs(before map[string]map[string]Entry, want []string, damaged ...string) *check.Result {
	p.T.Helper()
	for _, name := range damaged {
		if name == "each.txt" { // it is not in the source any more
			p.Do(os.WriteFile(p.Path("copy of each"), []byte("second!!"), 0o600))
			p.Backup()
			before = p.with(before)
		}
	}
	res := p.Check(check.Options{Read: ReadAll, Repair: true})
	want = slices.Clone(want)
	for i := range want {
		want[i] = "mended " + want[i]
	}
	p.WantSaid(res, want...)
	if res.Errors != 0 || res.Repaired != res.Damaged {
		p.T.Fatalf("%+v", res)
	}
	p.WantTrees(before, damaged...)
	p.WantSaid(p.Check(check.Options{Read: ReadAll}))
	return res
}

// Said is what a check found, a line a finding: "content a.txt s0001 s0002".
func Said(res *check.Result) []string {
	var all []string
	for _, f := range res.Findings {
		line := fmt.Sprintf("%s %s %s", f.What, f.Path, strings.Join(f.Snapshots, " "))
		if f.Below > 0 {
			line += fmt.Sprintf(" +%d", f.Below)
		}
		if f.Repaired {
			line = "mended " + line
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

// froms are what each mended path was mended from.
func froms(res *check.Result) map[string]string {
	all := map[string]string{}
	for _, f := range res.Findings {
		all[f.Path] = f.From
	}
	return all
}

// WantExactly makes sure that a check named every path that differs between two states of the trees, in
// each snapshot, and no other.
func (p *Place) WantExactly(res *check.Result, before, after map[string]map[string]Entry) {
	p.T.Helper()
	want := map[string]bool{}
	for snap := range before {
		for path, e := range before[snap] {
			if n, there := after[snap][path]; !there || !Without(e).Same(Without(n)) {
				want[snap+"/"+path] = true
			}
		}
		for path := range after[snap] {
			if _, there := before[snap][path]; !there {
				want[snap+"/"+path] = true
			}
		}
	}
	got := map[string]bool{}
	for _, f := range res.Findings {
		for _, snap := range f.Snapshots {
			got[snap+"/"+f.Path] = true
			if f.What == check.FaultMissing || f.What == check.FaultType {
				for path := range before[snap] {
					if strings.HasPrefix(path, f.Path+"/") {
						got[snap+"/"+path] = true
					}
				}
			}
		}
	}
	var wrong []string
	for at := range want {
		snap, path, _ := strings.Cut(at, "/")
		if folder := before[snap][path].Mode.IsDir() && after[snap][path].Mode.IsDir(); !got[at] && !folder {
			wrong = append(wrong, "not told: "+at)
		}
	}
	for at := range got {
		if !want[at] {
			wrong = append(wrong, "told for nothing: "+at)
		}
	}
	slices.Sort(wrong)
	if len(wrong) > 0 {
		p.T.Fatalf("%d wrong:\n%s", len(wrong), strings.Join(wrong[:min(len(wrong), 20)], "\n"))
	}
}

func (p *Place) WantFrom(res *check.Result, path, part string) {
	p.T.Helper()
	if got := froms(res)[path]; !strings.Contains(got, part) {
		p.T.Fatalf("%s: %q, want %q", path, got, part)
	}
}

func (p *Place) WantSaid(res *check.Result, want ...string) {
	p.T.Helper()
	slices.Sort(want)
	if got := Said(res); !slices.Equal(got, want) {
		for _, f := range res.Findings {
			p.T.Logf("%+v", f)
		}
		p.T.Fatalf("the check says\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// Three makes three snapshots: same.txt is one inode in all of them, each.txt another in each; old.txt is
// in the first two, and then elsewhere.
func Three(t testing.TB) *Place {
	p := NewPlace(t)
	p.Write("same.txt", "the same")
	p.Write("each.txt", "first!!!")
	p.Write("docs/deep/in.txt", "inside")
	p.Write("docs/deep/in2.txt", "inside too")
	p.Write("docs/old.txt", "moves away")
	p.Write("docs/keep.txt", "stays with it")
	p.Do(os.Symlink("same.txt", p.Path("link")))
	p.Do(syscall.Mkfifo(p.Path("fifo"), 0o640))
	p.Do(os.Link(p.Path("docs/keep.txt"), p.Path("docs/keep2.txt")))
	for i, text := range []string{"first!!!", "second!!", "third!!!"} {
		p.Write("each.txt", text)
		if i == 2 {
			p.Do(os.Rename(p.Path("docs/old.txt"), p.Path("new.txt")))
		}
		p.Backup(Force)
	}
	return p
}

var ReadAll = check.Subset{All: true}
