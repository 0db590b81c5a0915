package index

import "testing"

func TestASealNoticesEveryFlippedBit(t *testing.T) {
	key := []byte("a\x00b")
	value := seal(append(make([]byte, 0, 64), "the value"...), key)
	if got, ok := unseal(value, key); !ok || string(got) != "the value" {
		t.Fatalf("got %q, %v", got, ok)
	}
	for _, part := range [][]byte{key, value} {
		for i := range 8 * len(part) {
			part[i/8] ^= 1 << (i % 8)
			if _, ok := unseal(value, key); ok {
				t.Errorf("bit %d of %q flipped, and nothing noticed", i, part)
			}
			part[i/8] ^= 1 << (i % 8)
		}
	}
	for n := range 4 {
		if _, ok := unseal(value[:n], key); ok {
			t.Errorf("%d bytes are sealed", n)
		}
	}
}
