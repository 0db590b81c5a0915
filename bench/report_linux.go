package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// report is all that was measured.
type report struct {
	tools []string
	sizes []size
	big   []result

	images []result
	taken  []imageTaken
}

// size is what was measured with one number of files.
type size struct {
	files, rounds int
	results       []result
	perFile       float64
}

// median is that of a figure of all runs.
func (r result) median(figure func(sample) float64) float64 {
	all := r.sorted(figure)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

func (r result) sorted(figure func(sample) float64) (all []float64) {
	for _, s := range r.samples {
		all = append(all, figure(s))
	}
	slices.Sort(all)
	return all
}

func seconds(s sample) float64   { return s.seconds }
func computing(s sample) float64 { return s.cpu }
func peak(s sample) float64      { return float64(s.peak) }

// markdown is BENCHMARKS.md.
func (r report) markdown() string {
	var b strings.Builder
	b.WriteString(`# Benchmarks

Made by one command, which builds the files, runs each command in turn (A B A B) and writes this page:

` + "```\ngo run ./bench\n```" + `

The files have 512 to 4096 bytes and lie in folders of 50, three levels deep; every snapshot stays until "delete". The
clock runs from the start of a process to its end: for snap that is after the disk has been told to write everything
(syncfs), cp, rsync and rm do not wait for it. Before each run everything is written back. Before those that copy, the
cache of file data is dropped too (/proc/sys/vm/drop_caches 1), because on ext4 making files soon after deleting many is
up to 20 times slower; between the others no file is deleted. Names and inodes stay in memory, except in the lines that
say cold (3). **Compare within a table only:** the machine and its disk are shared ones. What the numbers are made of:
[docs/performance.md](docs/performance.md).

`)
	for _, t := range r.tools {
		fmt.Fprintf(&b, "- %s\n", t)
	}
	for _, s := range slices.Backward(r.sizes) {
		fmt.Fprintf(&b, "\n## %s files\n\n%s\n", thousands(s.files), rounds(s.rounds))
		table(&b, s.results)
		fmt.Fprintf(&b, "\nIndex: %.0f bytes a file after the first snapshot.\n", s.perFile)
	}
	if len(r.big) > 0 {
		fmt.Fprintf(&b, "\n## Large files\n\n%s\n", rounds(len(r.big[0].samples)))
		table(&b, r.big)
	}
	if len(r.images) > 0 {
		fmt.Fprintf(&b, "\n## An image of %.1f GiB\n\n%s\n", float64(r.taken[0].size)/(1<<30),
			rounds(len(r.images[0].samples)))
		b.WriteString("One block of 64 KiB in a hundred has other bytes before each backup, at random places.\n\n")
		table(&b, r.images)
		b.WriteString("\n")
		for _, t := range r.taken {
			b.WriteString(t.markdown())
		}
	}
	if len(r.sizes) > 1 {
		r.growth(&b)
	}
	return b.String()
}

func rounds(n int) string {
	if n == 1 {
		return "One run each.\n"
	}
	return fmt.Sprintf("Medians of %d runs.\n", n)
}

// table has a line a command. The ratio is snap's time by that command's, the median of the pairs.
func table(b *strings.Builder, results []result) {
	b.WriteString("| work | command | seconds | from – to | snap ÷ this | wanted | CPU s | peak MiB " +
		"|\n|---|---|--:|--:|--:|--:|--:|--:|\n")
	var mine result // snap's of the same work
	for _, r := range results {
		work, ratio := "", ""
		if r.work != mine.work {
			mine, work = r, r.work
		} else {
			pairs := result{}
			for i, s := range r.samples {
				pairs.samples = append(pairs.samples, sample{seconds: mine.samples[i].seconds / s.seconds})
			}
			ratio = fmt.Sprintf("%.2f", pairs.median(seconds))
		}
		reach := r.reach
		if reach != "" {
			reach = "≤ " + reach
		}
		all := r.sorted(seconds)
		fmt.Fprintf(b, "| %s | %s | %s | %s – %s | %s | %s | %s | %.0f |\n", work, r.command, short(r.median(seconds)),
			short(all[0]), short(all[len(all)-1]),
			ratio, reach, short(r.median(computing)), r.median(peak)/(1<<20))
	}
}

// growth is how snap's time and memory grow with the files.
func (r report) growth(b *strings.Builder) {
	b.WriteString("\n## How snap's cost grows\n\nMicroseconds a file, and peak memory in MiB.\n\n| work |")
	for _, s := range r.sizes {
		fmt.Fprintf(b, " %s |", thousands(s.files))
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(r.sizes)) + "\n")
	var seen string
	for _, first := range r.sizes[0].results {
		if first.work == seen {
			continue
		}
		seen = first.work
		fmt.Fprintf(b, "| %s |", first.work)
		for _, s := range r.sizes {
			i := slices.IndexFunc(s.results, func(r result) bool { return r.work == seen })
			if i < 0 {
				b.WriteString(" |")
				continue
			}
			fmt.Fprintf(b, " %.1f µs, %.0f |", s.results[i].median(seconds)/float64(s.files)*1e6,
				s.results[i].median(peak)/(1<<20))
		}
		b.WriteString("\n")
	}
}

// short is a number of seconds with three digits that count.
func short(s float64) string {
	switch {
	case s < 1:
		return strconv.FormatFloat(s, 'f', 3, 64)
	case s < 10:
		return strconv.FormatFloat(s, 'f', 2, 64)
	}
	return strconv.FormatFloat(s, 'f', 1, 64)
}

// thousands is a number with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
