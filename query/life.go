package query

import "context"

// Life is History for a path as the index holds it, which nothing that people type is taken for: none if no snapshot
// ever held it.
func (d *Reader) Life(ctx context.Context, path string, follow bool) ([]Version, error) {
	return d.steps(ctx, path, follow)
}
