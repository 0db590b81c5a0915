package store

import (
	"fmt"
	"strings"
)

// maxName leaves room for a prefix before it: S3 has 1024 bytes for both, some file systems 255 for one element.
const maxName = 200

// CheckName says whether every place can hold an object of this name: elements of lower-case letters, digits, hyphens,
// underscores and dots with slashes between them. No element begins or ends with a dot: the first is for what is not
// an object, the second is lost on Windows.
func CheckName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("%w: %q… is longer than %d bytes", ErrName, name[:40], maxName)
	}
	for element := range strings.SplitSeq(name, "/") {
		if !plainElement(element) {
			return fmt.Errorf("%w: %q", ErrName, name)
		}
	}
	return nil
}

// checkPrefix is CheckName for what names begin with.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return CheckName(strings.TrimSuffix(prefix, "/"))
}

func plainElement(s string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyz0123456789-_."
	return s != "" && s[0] != '.' && s[len(s)-1] != '.' && strings.Trim(s, plain) == ""
}
