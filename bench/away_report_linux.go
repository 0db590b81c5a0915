package main

import (
	"fmt"
	"slices"
	"strings"
)

// awayHeading begins the part of BENCHMARKS.md that -away makes; the rest is made without.
const awayHeading = "\n## Copies elsewhere\n"

// page is BENCHMARKS.md with one of its two parts made anew, the other as it was.
func page(was, main, away string) string {
	before, after, found := strings.Cut(was, awayHeading)
	if main == "" {
		main = before
	}
	if away == "" && found {
		away = awayHeading + after
	}
	return main + away
}

// markdown is that part.
func (a *away) markdown(results []result) string {
	var b strings.Builder
	b.WriteString(awayHeading + `
Made by ` + "`go run ./bench -away`" + `: the same files, the same clock. The store is an S3 server on loopback, so
that what counts is what the programs do, not a line. restic backs up the snapshot's folder, from inside it. rclone
copies one folder in ten: an object a file takes long. Elsewhere means that nothing is known but the place and the
passphrase, and no cache is there.

`)
	for _, t := range append(a.lab.versions(), a.versions()) {
		fmt.Fprintf(&b, "- %s\n", t)
	}
	fmt.Fprintf(&b, "\n%s files. %s\n", thousands(a.files), rounds(a.rounds))
	table(&b, results)
	a.requests(&b)
	a.stored(&b)
	return b.String()
}

// requests is a table of what each command asked of the store: medians.
func (a *away) requests(b *strings.Builder) {
	b.WriteString("\nRequests, as the server counted them, and by how much the bucket grew:\n\n" +
		"| work | command | PUT | LIST | GET, HEAD | others | all | MB more |\n|---|---|--:|--:|--:|--:|--:|--:|\n")
	var seen [][2]string
	for _, c := range a.costs {
		key := [2]string{c.work, c.command}
		if slices.Contains(seen, key) {
			continue
		}
		seen = append(seen, key)
		of := func(figure func(*cost) int64) int64 { return a.medianCost(key, figure) }
		fmt.Fprintf(b, "| %s | %s | %d | %d | %d | %d | %d | %.1f |\n", c.work, c.command,
			of(func(c *cost) int64 { return int64(c.put) }), of(func(c *cost) int64 { return int64(c.list) }),
			of(func(c *cost) int64 { return int64(c.get) }), of(func(c *cost) int64 { return int64(c.other) }),
			of(func(c *cost) int64 { return int64(c.all()) }), float64(of(func(c *cost) int64 { return c.bytes }))/1e6)
	}
}

func (a *away) medianCost(of [2]string, figure func(*cost) int64) int64 {
	var all []int64
	for i := range a.costs {
		if c := &a.costs[i]; c.work == of[0] && c.command == of[1] {
			all = append(all, figure(c))
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// stored is how much the places hold.
func (a *away) stored(b *strings.Builder) {
	if !a.peers {
		return
	}
	b.WriteString("\nStored:\n\n| after | snap, MB | restic, MB | snap ÷ restic | wanted |\n|---|--:|--:|--:|--:|\n")
	for _, h := range a.held {
		fmt.Fprintf(b, "| %s | %.1f | %.1f | %.2f | ≤ 1 |\n", h.after, float64(h.snap)/1e6, float64(h.restic)/1e6,
			float64(h.snap)/float64(h.restic))
	}
}
