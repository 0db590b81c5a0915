package browser

import (
	"os"
	"path/filepath"
	"testing"
)

// story is a source with a life of three snapshots.
func story(t *testing.T) *place {
	p := newPlace(t)
	p.write("docs/recipes.md", "# Recipes\n\n2 eggs\nsalt\n")
	p.write("docs/letters/landlord.txt", "Dear Sir\n")
	p.write("ideas.txt", "one\n")
	p.backup()
	p.write("docs/recipes.md", "# Recipes\n\n3 eggs\nsalt\n")
	p.must(os.Remove(filepath.Join(p.src, "docs/letters/landlord.txt")))
	p.backup()
	p.must(os.Rename(filepath.Join(p.src, "ideas.txt"), filepath.Join(p.src, "docs/thoughts.txt")))
	p.write("docs/new.txt", "new\n")
	p.backup()
	return p
}
