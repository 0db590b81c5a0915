package index

import (
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal closes a value with the CRC-32C of its key and itself.
func seal(value []byte, key []byte) []byte {
	return binary.LittleEndian.AppendUint32(value,
		crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value))
}

// unseal is the value without its checksum, if that is right.
func unseal(value, key []byte) ([]byte, bool) {
	n := len(value) - 4
	if n < 0 {
		return nil, false
	}
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value[:n])
	return value[:n], binary.LittleEndian.Uint32(value[n:]) == sum
}
