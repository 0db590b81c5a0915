package cli

import "github.com/xrash/smetrics"

// nearest is the one of known that word was most likely meant to be, "" if none is near.
func nearest(word string, known []string) string {
	best, found := 0.75, ""
	for _, k := range known {
		if d := smetrics.JaroWinkler(word, k, 0.7, 4); d > best {
			best, found = d, k
		}
	}
	return found
}
