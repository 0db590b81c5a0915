package file

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// sparseSum is the sparse form of content, made as its description says.
func sparseSum(content []byte) [32]byte {
	var b []byte
	for off := 0; off < len(content); off += sparseBlock {
		block := content[off:min(off+sparseBlock, len(content))]
		if bytes.Count(block, []byte{0}) < len(block) {
			b = binary.LittleEndian.AppendUint64(b, uint64(off))
			b = append(b, block...)
		}
	}
	return sha256.Sum256(binary.LittleEndian.AppendUint64(b, uint64(len(content))))
}

// TestDigest: both forms depend on the content alone, however it comes, as bytes, as zeros or as holes.
func TestDigest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	d := NewDigest()
	for range 300 {
		content := make([]byte, r.IntN(5*sparseBlock))
		for range r.IntN(4) {
			if len(content) > 0 {
				at := r.IntN(len(content))
				for i := at; i < min(len(content), at+1+r.IntN(2*sparseBlock)); i++ {
					content[i] = byte(r.IntN(256))
				}
			}
		}
		for _, sparse := range []bool{true, false} {
			want := sha256.Sum256(content)
			if sparse {
				want = sparseSum(content)
			}
			d.Begin(sparse)
			for p := content; len(p) > 0; {
				n := 1 + r.IntN(min(len(p), 2*sparseBlock))
				if sparse && bytes.Count(p[:n], []byte{0}) == n && r.IntN(4) > 0 {
					d.hole(int64(n))
				} else {
					d.Write(p[:n])
				}
				if r.IntN(9) == 0 {
					d.Sum(nil) // changes nothing
				}
				p = p[n:]
			}
			if got := [32]byte(d.Sum(nil)); got != want {
				t.Fatalf("%d bytes, sparse %v: another sum", len(content), sparse)
			}
		}
	}
	d.Begin(true)
	d.hole(7 << 60)
	d.Write([]byte("end"))
	if d.off+int64(len(d.block)) != 7<<60+3 {
		t.Error("a hole of 7 EiB has another size")
	}
}
