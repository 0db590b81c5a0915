package text

import (
	"fmt"
	"os/user"
	"strconv"

	"snap/internal/quote"
)

// User is a user for people.
func User(uid uint32) string {
	if name := UserName(uid); name != "" {
		return quote.Name(name)
	}
	return fmt.Sprintf("user %d", uid)
}

// UserName is the name of a user on this machine, "" where the number has none.
func UserName(uid uint32) string {
	if u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
		return u.Username
	}
	return ""
}

// GroupName is that of a group.
func GroupName(gid uint32) string {
	if g, err := user.LookupGroupId(strconv.FormatUint(uint64(gid), 10)); err == nil {
		return g.Name
	}
	return ""
}
