package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"sync"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// headers are those that were read before: one run asks for all of them several times, and reading a thousand takes
// longer than a small backup. A header is decoded again where its bytes are others. Callers may change its fields, and
// not what its slices and maps hold.
type headers struct {
	mu    sync.Mutex
	known map[uint64]readHeader
}

// readHeader is a header, and the bytes that it was read from, with their checksum.
type readHeader struct {
	sealed []byte
	header record.Header
}

func (s *headers) parse(k, v []byte) (record.Header, error) {
	if len(k) != 8 {
		return parseHeader(k, v)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seq := binary.BigEndian.Uint64(k)
	if before, ok := s.known[seq]; ok && bytes.Equal(before.sealed, v) {
		return before.header, nil
	}
	h, err := parseHeader(k, v)
	if err != nil {
		return h, err
	}
	if s.known == nil {
		s.known = map[uint64]readHeader{}
	}
	s.known[seq] = readHeader{bytes.Clone(v), h}
	return h, nil
}

// Snapshots are the headers of all snapshots, oldest first, those not complete too.
func (db *DB) Snapshots(ctx context.Context) (all []record.Header, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		all = all[:0]
		return tx.Bucket(bucketSnapshots).ForEach(func(k, v []byte) error {
			h, err := db.headers.parse(k, v)
			if err != nil {
				return err
			}
			all = append(all, h)
			return nil
		})
	})
	return all, err
}

func parseHeader(k, v []byte) (record.Header, error) {
	b, ok := unseal(v, k)
	if !ok {
		return record.Header{}, damaged("the header of a snapshot")
	}
	return decodeHeader(k, b)
}

// decodeHeader reads a header without its checksum.
func decodeHeader(k, b []byte) (h record.Header, err error) {
	if len(k) != 8 {
		return h, damaged("the header of a snapshot")
	}
	if err := h.UnmarshalJSON(b); err != nil { // json.Unmarshal would look at every byte twice as often
		return h, damaged("the header of a snapshot: %v", err)
	}
	if h.Seq != binary.BigEndian.Uint64(k) {
		return h, damaged("the header of another snapshot")
	}
	return h, h.CheckNames()
}

func putHeader(tx *bolt.Tx, h *record.Header) error {
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	k := seqKey(h.Seq)
	return tx.Bucket(bucketSnapshots).Put(k, seal(b, k))
}
