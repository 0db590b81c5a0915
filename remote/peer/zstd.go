package peer

import (
	"errors"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// compressor packs payloads as long as that is worth it: where much does not become smaller, as with films, only some
// are tried.
type compressor struct {
	enc  *zstd.Encoder
	skip atomic.Int64 // payloads to be left as they are
	vain atomic.Int64 // tries in a row that were in vain
}

// vainMost is how many payloads are left as they are after many tries in vain.
const vainMost = 32

func newCompressor() (*compressor, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2),
		zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true))
	return &compressor{enc: enc}, err
}

// pack is payload as a zstd frame; nil where that is not much smaller.
func (c *compressor) pack(payload []byte) []byte {
	if c.skip.Load() > 0 {
		c.skip.Add(-1)
		return nil
	}
	packed := c.enc.EncodeAll(payload, make([]byte, 0, len(payload)))
	if len(packed) < len(payload)-len(payload)/8 {
		c.vain.Store(0)
		return packed
	}
	c.skip.Store(min(c.vain.Add(1), vainMost))
	return nil
}

type decompressor struct{ dec *zstd.Decoder }

func newDecompressor() (*decompressor, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFrame))
	return &decompressor{dec}, err
}

func (d *decompressor) unpack(packed []byte) ([]byte, error) {
	plain, err := d.dec.DecodeAll(packed, nil)
	if err == nil && len(plain) > maxFrame {
		err = errors.New("a frame that is too large when it is unpacked")
	}
	return plain, err
}
