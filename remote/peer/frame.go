package peer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
)

// ErrProtocol: the other end says what no snap of this version does, or the pipe changes what it carries.
var ErrProtocol = errors.New("the other end does not keep to the protocol")

// maxFrame is the largest payload of a frame.
const maxFrame = 16 << 20

// compressed is set in the kind of a frame whose payload is a zstd frame.
const compressed = 0x80

// worthwhile is the smallest payload that is compressed.
const worthwhile = 256

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameWriter writes frames. Several goroutines may use it; what they write goes out soon, many frames at a time.
type frameWriter struct {
	mu    sync.Mutex
	w     *bufio.Writer
	err   error
	zip   *compressor
	due   chan struct{} // there is something to flush
	ended chan struct{}
}

func newFrameWriter(w io.Writer) (*frameWriter, error) {
	zip, err := newCompressor()
	if err != nil {
		return nil, err
	}
	f := &frameWriter{w: bufio.NewWriterSize(w, 256<<10), zip: zip, due: make(chan struct{}, 1),
		ended: make(chan struct{})}
	go f.flushing()
	return f, nil
}

// flushing sends what was written, until the writer is closed.
func (f *frameWriter) flushing() {
	defer close(f.ended)
	for range f.due {
		f.mu.Lock()
		if f.err == nil {
			f.flush()
		}
		f.mu.Unlock()
	}
}

func (f *frameWriter) flush() {
	if f.err == nil {
		f.err = f.w.Flush()
	}
}

// errClosed: the writer was closed.
var errClosed = errors.New("the pipe was closed")

// close flushes, and ends the goroutine. What is written afterwards is an error.
func (f *frameWriter) close() error {
	f.mu.Lock()
	f.flush()
	err := f.err
	if errors.Is(err, errClosed) {
		f.mu.Unlock()
		return nil
	}
	f.err = errClosed
	close(f.due)
	f.mu.Unlock()
	<-f.ended
	return err
}

// raw writes what is no frame.
func (f *frameWriter) raw(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		_, f.err = f.w.WriteString(text)
	}
}

// write writes a frame. squeeze: it may be worth compressing.
func (f *frameWriter) write(kind byte, payload []byte, squeeze bool) error {
	if squeeze && len(payload) >= worthwhile {
		if packed := f.zip.pack(payload); packed != nil {
			kind, payload = kind|compressed, packed
		}
	}
	var head [5]byte
	head[0] = kind
	binary.LittleEndian.PutUint32(head[1:], uint32(len(payload)))
	sum := crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, payload)
	var tail [4]byte
	binary.LittleEndian.PutUint32(tail[:], sum)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range [][]byte{head[:], payload, tail[:]} {
		if f.err == nil {
			_, f.err = f.w.Write(b)
		}
	}
	if f.err != nil {
		return f.err
	}
	select {
	case f.due <- struct{}{}:
	default:
	}
	return nil
}

// frameReader reads frames, by one goroutine.
type frameReader struct {
	r   *bufio.Reader
	zip *decompressor
}

func newFrameReader(r io.Reader) (*frameReader, error) {
	zip, err := newDecompressor()
	return &frameReader{bufio.NewReaderSize(r, 256<<10), zip}, err
}

// next is the next frame, whose payload is the caller's. io.EOF: the pipe has ended between two frames.
func (f *frameReader) next() (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.LittleEndian.Uint32(head[1:])
	if size > maxFrame {
		return 0, nil, fmt.Errorf("%w: a frame of %d bytes", ErrProtocol, size)
	}
	if payload, err = readAll(f.r, int(size)+4); err != nil {
		return 0, nil, err
	}
	sum := binary.LittleEndian.Uint32(payload[size:])
	payload = payload[:size]
	if crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, payload) != sum {
		return 0, nil, fmt.Errorf("%w: a frame's checksum is wrong", ErrProtocol)
	}
	if head[0]&compressed == 0 {
		return head[0], payload, nil
	}
	if payload, err = f.zip.unpack(payload); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return head[0] &^ compressed, payload, nil
}

// readAll reads n bytes; memory is taken as they come.
func readAll(r io.Reader, n int) ([]byte, error) {
	const step = 1 << 20
	b := make([]byte, min(n, step))
	for have := 0; ; {
		m, err := io.ReadFull(r, b[have:])
		if have += m; err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if have == n {
			return b, nil
		}
		b = append(b, make([]byte, min(n-have, have))...)
	}
}
