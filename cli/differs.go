package cli

import (
	"fmt"

	"snap/cli/text"
	"snap/index"
	"snap/internal/quote"
	"snap/query"
)

// aspectText is what text says of one way in which before, of snapshot a, and after, of snapshot b, differ.
func (c *call) aspectText(aspect query.Aspect, before, after *index.Record, a, b *index.Header) string {
	change := func(name, from, to string) string { return name + " " + from + " to " + to }
	switch aspect {
	case query.TypeDiffers:
		return change("type", before.Kind.String(), after.Kind.String())
	case query.UnreadableDiffers:
		if after.Has(index.Unreadable) {
			return "could not be read"
		}
		return "could be read again"
	case query.UnheldDiffers:
		if after.Unheld() {
			return "the destination cannot hold it"
		}
		return "the destination can hold it now"
	case query.SizeDiffers:
		return c.Size(before.Size) + " to " + c.Size(after.Size)
	case query.TargetDiffers:
		return change("target", quote.Name(before.Target), quote.Name(after.Target))
	case query.DeviceDiffers:
		return "device number"
	case query.ModeDiffers:
		return change("mode", fmt.Sprintf("%04o", before.Mode), fmt.Sprintf("%04o", after.Mode))
	case query.OwnerDiffers:
		return change("owner", text.Owner(a.Users, before.UID), text.Owner(b.Users, after.UID))
	case query.GroupDiffers:
		return change("group", text.Owner(a.Groups, before.GID), text.Owner(b.Groups, after.GID))
	case query.AttributesDiffers:
		return "extended attributes"
	}
	return string(aspect) // content, times
}
