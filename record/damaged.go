package record

import (
	"errors"
	"fmt"
)

// What a reader finds wrong.
var (
	// ErrDamaged: the index or a change set cannot be read, or contradicts itself.
	ErrDamaged = errors.New("the index is damaged")
	// ErrNewer: a newer version of snap wrote this.
	ErrNewer = errors.New("written by a newer version of snap")
)

// damaged makes an ErrDamaged that says where.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}
