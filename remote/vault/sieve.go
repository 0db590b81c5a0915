package vault

import (
	"encoding/binary"
	"math/bits"
)

// sieve says of nearly all keys that are not in a table that they are not, without reading it: a Bloom filter. Keys are
// SHA-256, so that parts of them are as good as hashes.
type sieve []uint64

// sieveBits is how many bits a key has, 16 to 32: with four of them set, one in 400 or fewer passes that is not there.
const sieveBits = 16

func newSieve(keys int) sieve {
	words := (max(keys, 1)*sieveBits + 63) / 64
	return make(sieve, 1<<bits.Len(uint(words-1)))
}

func (s sieve) add(key [32]byte) {
	for i := range 4 {
		at := s.at(key, i)
		s[at/64] |= 1 << (at % 64)
	}
}

// passes is false where the key was not added.
func (s sieve) passes(key [32]byte) bool {
	for i := range 4 {
		if at := s.at(key, i); s[at/64]&(1<<(at%64)) == 0 {
			return false
		}
	}
	return true
}

func (s sieve) at(key [32]byte, i int) uint64 {
	return binary.LittleEndian.Uint64(key[8*i:]) & uint64(len(s)*64-1)
}
