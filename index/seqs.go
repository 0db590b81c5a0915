package index

import "encoding/binary"

// appendSeqs packs an increasing list of sequence numbers: the first, then the differences.
func appendSeqs(b []byte, seqs []uint64) []byte {
	last := uint64(0)
	for _, s := range seqs {
		b = binary.AppendUvarint(b, s-last)
		last = s
	}
	return b
}

// parseSeqs takes such a list apart, appending to seqs.
func parseSeqs(b []byte, seqs []uint64) ([]uint64, error) {
	last := uint64(0)
	for len(b) > 0 {
		d, n := binary.Uvarint(b)
		if n <= 0 || d == 0 || last+d < last {
			return nil, damaged("a malformed list of snapshots")
		}
		b, last = b[n:], last+d
		seqs = append(seqs, last)
	}
	if len(seqs) == 0 {
		return nil, damaged("an empty list of snapshots")
	}
	return seqs, nil
}
