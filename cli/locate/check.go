package locate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"snap/cli/exit"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
)

// CheckDest says what is wrong with a folder that is a destination or is to be one, before anything is done there.
func CheckDest(ctx context.Context, dest string) error {
	if err := destination.CheckPlace(ctx, dest); err != nil {
		return exit.Hint(err, dest)
	}
	info, err := os.Stat(dest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(fmt.Errorf("destination %s: there is no such folder", quote.Name(dest)),
			"is its disk mounted? To begin a new destination, make the folder first: mkdir -p %s", quote.Word(dest))
	case err != nil:
		return fmt.Errorf("destination: %w", err)
	case !info.IsDir():
		return hint.With(fmt.Errorf("destination %s: not a folder", quote.Name(dest)),
			"name a folder that the snapshots can be made in")
	}
	return nil
}
