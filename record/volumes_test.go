package record

import (
	"encoding/json"
	"maps"
	"testing"
)

// TestVolumesAreRead in both forms that were ever written.
func TestVolumesAreRead(t *testing.T) {
	for _, c := range []struct {
		json string
		want Volumes
	}{
		{`{"7":"ext4:a","1":"fuse"}`, Volumes{7: "ext4:a", 1: "fuse"}},
		{`["","ext4:a","btrfs:b"]`, Volumes{1: "ext4:a", 2: "btrfs:b"}},
		{`[""]`, nil}, {`[]`, nil}, {`{}`, nil}, {`null`, nil},
	} {
		var h Header
		if err := json.Unmarshal([]byte(`{"volumes":`+c.json+`}`), &h); err != nil || !maps.Equal(h.Volumes, c.want) {
			t.Errorf("%s: %v, %v", c.json, h.Volumes, err)
		}
	}
	for _, bad := range []string{`7`, `{"-1":"x"}`, `["",7]`} {
		if err := json.Unmarshal([]byte(`{"volumes":`+bad+`}`), new(Header)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}
