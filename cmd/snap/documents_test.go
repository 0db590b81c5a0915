package main

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const project = "../.."

var (
	// A file or folder of the project that a document names: `index/key.go`, `packaging/`, `internal/file/*_other.go`.
	namedInText = regexp.MustCompile("`([\\w./*-]+(?:\\.go|\\.txtar|/))`")
	// A file of the project that a comment names.
	namedInComment = regexp.MustCompile(`[\w./*-]*\w\.go\b`)
)

// TestDocumentsNameFiles: each file and folder that the documents for developers name is there, by its path in the
// project.
func TestDocumentsNameFiles(t *testing.T) {
	seen := 0
	for _, doc := range []string{"ARCHITECTURE.md", "CONTRIBUTING.md", "RELIABILITY.md", "docs/design.md",
		"docs/release.md"} {
		text, err := os.ReadFile(filepath.Join(project, doc))
		if err != nil {
			t.Fatal(err)
		}
		named := namedInText.FindAllStringSubmatch(string(text), -1)
		for _, m := range named {
			if strings.HasPrefix(m[1], ".snap/") || strings.HasPrefix(m[1], "/") {
				continue // in a destination, or on a system
			}
			if found, err := filepath.Glob(filepath.Join(project, m[1])); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which is not there (%v)", doc, m[1], err)
			}
		}
		seen += len(named)
	}
	if seen < 100 {
		t.Errorf("the documents name %d files: does the test still see them?", seen)
	}
}

// TestCommentsNameFiles: each Go file that a comment names is in the folder of the comment, or at that path in the
// project.
func TestCommentsNameFiles(t *testing.T) {
	seen := 0
	check := func(name string) {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			_, comment, _ := strings.Cut(lines.Text(), "//")
			for _, file := range namedInComment.FindAllString(comment, -1) {
				seen++
				here, _ := filepath.Glob(filepath.Join(filepath.Dir(name), file))
				there, _ := filepath.Glob(filepath.Join(project, file))
				if len(here)+len(there) == 0 {
					t.Errorf("%s:%d: %s is not there", name, n, file)
				}
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(project, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".git") {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") {
			check(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 20 {
		t.Errorf("%d names in comments: does the test still see them?", seen)
	}
}

// TestArchitectureNamesPackages: the page has every package.
func TestArchitectureNamesPackages(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(project, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range imports {
		if name := strings.TrimPrefix(pkg, "snap/"); !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("ARCHITECTURE.md does not name %s", name)
		}
	}
	if lines := strings.Count(string(text), "\n"); lines > 250 {
		t.Errorf("ARCHITECTURE.md has %d lines, and is to be read in one sitting", lines)
	}
}
