package index

import (
	"errors"
	"fmt"
)

// What a reader finds wrong.
var (
	// ErrDamaged: index.db cannot be read or contradicts itself.
	ErrDamaged = errors.New("the index is damaged")
	// ErrNewer: a newer version of snap wrote this.
	ErrNewer = errors.New("written by a newer version of snap")
)

// damage makes an ErrDamaged that says where.
func damage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}
