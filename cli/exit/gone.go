package exit

import (
	"context"
	"errors"
	"fmt"

	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
)

// Gone is err, or that the disk of the open destination d was taken out, which has then caused it: no command mends
// that.
func Gone(d *destination.Destination, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || !errors.Is(d.CheckThere(), destination.ErrGone) {
		return err
	}
	return hint.With(fmt.Errorf("%s is gone: was its disk taken out?", quote.Name(d.Path)),
		"connect it and mount it there; what was done is on it, and the next run goes on from there")
}
