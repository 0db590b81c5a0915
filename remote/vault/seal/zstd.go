package seal

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Compressor makes zstd frames. Several goroutines may use one.
type Compressor struct{ enc *zstd.Encoder }

// NewCompressor is a Compressor that works on the goroutine that asks.
func NewCompressor() (*Compressor, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault),
		zstd.WithWindowSize(4<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	return &Compressor{enc}, nil
}

// Append appends a frame with plain in it to dst. It has a checksum.
func (c *Compressor) Append(dst, plain []byte) []byte { return c.enc.EncodeAll(plain, dst) }

// Decompress is what zstd frames have in them; ErrDamaged if that is more than limit bytes.
func Decompress(frames []byte, limit int64) ([]byte, error) {
	const window = 8 << 20 // the library refuses frames by the window that they name, however small they are
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxMemory(uint64(max(limit, window))))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	plain, err := dec.DecodeAll(frames, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if int64(len(plain)) > limit {
		return nil, fmt.Errorf("%w: there is more in it than %d bytes", ErrDamaged, limit)
	}
	return plain, nil
}

// FrameLen is how many bytes the frame takes that frames begin with, and whether it has anything in it.
func FrameLen(frames []byte) (n int, content bool, err error) {
	var h zstd.Header
	if err := h.Decode(frames); err != nil {
		return 0, false, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if h.Skippable {
		n := int64(h.HeaderSize) + int64(h.SkippableSize)
		if n > int64(len(frames)) {
			return 0, false, fmt.Errorf("%w: a frame is cut off", ErrDamaged)
		}
		return int(n), false, nil
	}
	n = h.HeaderSize
	for last := false; !last; {
		if n+3 > len(frames) {
			return 0, false, fmt.Errorf("%w: a frame is cut off", ErrDamaged)
		}
		block := uint32(frames[n]) | uint32(frames[n+1])<<8 | uint32(frames[n+2])<<16 // RFC 8878, 3.1.1.2
		last = block&1 != 0
		size := int(block >> 3)
		if block>>1&3 == 1 { // one byte, repeated
			size = 1
		}
		n += 3 + size
	}
	if h.HasCheckSum {
		n += 4
	}
	if n > len(frames) {
		return 0, false, fmt.Errorf("%w: a frame is cut off", ErrDamaged)
	}
	return n, true, nil
}
