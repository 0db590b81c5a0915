// Package filter decides which paths are left out of a backup, and names the rule that said so.
//
// A [Set] is a blacklist and a whitelist for one source, or for several in one tree. These hold:
//
//   - Nothing is left out unless a line of the blacklist matches it or a folder above it.
//   - The whitelist wins: what a line of it matches is included with everything below, also
//     inside a folder that is left out and also against a blacklist line further down.
//   - Of several lines of one list that match, the last one is named, as git does.
//   - [Verdict].Walk is never false where a whitelisted path may exist below.
//   - A Set and a [Dir] give the same answers always, and may be used by many goroutines.
//
// # Lines
//
// A list holds one filter a line. Blank lines and lines starting with # are skipped, a BOM and
// CRLF are fine, trailing spaces are dropped unless escaped (`\ `), leading ones are part of the
// name. Write \#, \!, \^ or \~ for a name that starts so.
//
// A line is a path or a glob with the meaning of gitignore: without a slash, other than a last one, it matches at any
// depth; with one it starts at the source; a last slash means folders only; *, ?, [a-z], [!a-z], [[:digit:]]
// and \ work inside a name, ** as a whole name stands for any number of folders. What git reads
// otherwise than it documents (`a**/b`) or never matches (`[a`, `./a`) is an error here.
//
// Where git takes bytes, a glob here takes characters: code points of UTF-8, and a byte of a name that is no UTF-8 is
// a character of its own, which no range and no class of characters has. ? is ö, [ä-ü] is ö, [!a] is ö; [[:alpha:]]
// is what Unicode calls a letter, while [[:digit:]] and [[:xdigit:]] are of ASCII. Nothing is normalised: ö that is
// written as o with two dots after it, as some systems do, is two characters and another name than the ö of one.
//
// ~ and ~/ at the start, $VAR and ${VAR} outside of [] are expanded; what comes out is literal,
// and a variable that is not set or empty is an error. A line that starts with the source's own
// absolute path means that absolute path, and so does one whose leading slash comes out of an
// expansion (outside the source it matches nothing). Any other leading slash is the source.
//
// With several sources a leading slash always begins an absolute path, and a line that starts at the
// source starts at each of them. No line can leave out a source itself: one that would is an error.
//
// A line starting with ^ is a Python-style regular expression, matched like re.match from the
// start of the absolute path with / as separator; see regexp.go for what differs from Python.
//
// # Algorithm
//
// The globs of a list become a tree of path segments, literal names and "*.ext" in maps, and a
// Dir is the set of tree nodes that its path has reached. Deciding about an entry compares one
// name with the edges of these nodes; it never looks at the ancestors again and takes time
// linear in name × size of the rules at worst. Whole paths are only built for regular expressions.
//
// # Where to begin
//
// [Parse] reads the lines of a list as a [Rule] each (rule.go), [New] makes a [Set] of two lists. A walk takes a [Dir]
// from [Set.Root] and asks it about each entry; [Set.Explain] answers about one path. glob.go compiles globs,
// regexp.go regular expressions. A [Glob] stands in no list (path.go).
package filter

import "strings"

// Context is what lines are expanded and anchored with. In the zero value nothing expands (~ and
// variables are errors) and paths have no absolute form but "/" + path.
type Context struct {
	// Source is the absolute, cleaned path of the source, slash separated.
	Source string
	// Roots are the sources below Source, as paths relative to it, if there are several; none: Source itself.
	Roots []string
	// Home is what ~ stands for; empty: using ~ is an error.
	Home string
	// Env looks up a variable; nil: none is set.
	Env func(name string) (value string, ok bool)
}

// Verdict says what becomes of one path.
type Verdict struct {
	// Included is whether the path itself belongs into the backup.
	Included bool
	// Walk is whether a folder must be entered: it is included, or a whitelist line may match
	// something below it. False for anything that is no folder.
	Walk bool
	// Rule decided; nil when no line matched, so that the path is included.
	Rule *Rule
	// By is the path at which Rule matched: the path itself or a folder above. Only set by
	// [Set.Explain].
	By string
}

// Set is a blacklist and a whitelist for one source, or for several that are one tree.
type Set struct {
	exclude, include list
	abs              string   // of the source, with a slash at the end
	roots            []string // the sources below it; none: it is the source
}

// New makes a Set of rules that were parsed with the same context. Later rules win over earlier
// ones of the same list when it comes to naming the one that decided.
func New(exclude, include []*Rule, c Context) *Set {
	return &Set{
		exclude: newList(exclude),
		include: newList(include),
		abs:     strings.TrimSuffix(c.Source, "/") + "/",
		roots:   c.Roots,
	}
}

// Idle returns the rules that have matched nothing that [Dir.Check] was asked about so far, those of the blacklist
// first. What lies in a folder that is left out, or taken in by the whitelist, is asked about only as far as it can
// matter: a rule for something there is idle too.
func (s *Set) Idle() []*Rule { return append(s.exclude.idle(), s.include.idle()...) }

// Fitting returns the rules of the blacklist that have matched something so far, see [Set.Idle].
func (s *Set) Fitting() (rules []*Rule) {
	for i, r := range s.exclude.rules {
		if s.exclude.fits[i].Load() {
			rules = append(rules, r)
		}
	}
	return rules
}

// Dir is the filter's state inside one folder of the source.
type Dir struct {
	set      *Set
	rule     *Rule // decided about the folder or one above; nil: undecided, so included
	included bool  // what rule said
	abs      string
	// Where the folder is in the trees of the two lists. Only kept while they can still decide.
	exclude, include []*node
}

// Root returns the state inside the source.
func (s *Set) Root() Dir {
	return Dir{set: s, abs: s.abs, exclude: s.exclude.start(), include: s.include.start()}
}

// Check returns the verdict for the entry name of the folder. An error means that a regular
// expression gave no answer in time; it names file, line and path, and the run must stop.
func (d Dir) Check(name string, isDir bool) (Verdict, error) {
	if d.rule != nil && d.included {
		return Verdict{Included: true, Walk: isDir, Rule: d.rule}, nil
	}
	if !d.set.include.empty() {
		r, err := d.set.include.match(d.include, d.abs, name, isDir)
		if err != nil {
			return Verdict{}, err
		}
		if r != nil {
			return Verdict{Included: true, Walk: isDir, Rule: r}, nil
		}
	}
	r := d.rule
	if r == nil && !d.set.exclude.empty() {
		var err error
		if r, err = d.set.exclude.match(d.exclude, d.abs, name, isDir); err != nil {
			return Verdict{}, err
		}
	}
	if r == nil {
		return Verdict{Included: true, Walk: isDir}, nil
	}
	return Verdict{Rule: r, Walk: isDir && d.set.include.below(d.include, d.abs, name)}, nil
}

// Enter returns the state inside the folder name, for which Check gave v. A folder that leads to one of several
// sources, and a source itself, is not checked: its verdict is the zero value with Included.
func (d Dir) Enter(name string, v Verdict) Dir {
	in := Dir{set: d.set, rule: v.Rule, included: v.Included}
	if v.Rule != nil && v.Included {
		return in
	}
	if len(d.set.include.regexps)+len(d.set.exclude.regexps) > 0 {
		in.abs = d.abs + name + "/"
	}
	in.include = d.set.include.enter(d.include, name)
	if v.Rule == nil {
		in.exclude = d.set.exclude.enter(d.exclude, name)
	}
	return in
}
