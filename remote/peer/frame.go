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

// bufferedMost is how much is kept that the pipe does not take yet.
const bufferedMost = 1 << 20

// frameWriter writes frames. Several goroutines may use it; what they write goes out soon, many frames at a time.
type frameWriter struct {
	w   io.Writer
	zip *compressor

	mu    sync.Mutex
	room  *sync.Cond
	buf   []byte
	err   error
	due   chan struct{} // there is something to send
	ended chan struct{}

	closed bool
}

func newFrameWriter(w io.Writer) (*frameWriter, error) {
	zip, err := newCompressor()
	if err != nil {
		return nil, err
	}
	f := &frameWriter{w: w, zip: zip, due: make(chan struct{}, 1), ended: make(chan struct{})}
	f.room = sync.NewCond(&f.mu)
	go f.sending()
	return f, nil
}

// sending sends what was written, until the writer is closed.
func (f *frameWriter) sending() {
	defer close(f.ended)
	var spare []byte
	for range f.due {
		f.mu.Lock()
		for len(f.buf) > 0 {
			b := f.buf
			f.buf = spare[:0]
			f.room.Broadcast()
			f.mu.Unlock()
			_, err := f.w.Write(b)
			spare = b
			f.mu.Lock()
			if err != nil {
				f.buf = f.buf[:0]
				f.err = errors.Join(f.err, err)
				f.room.Broadcast()
			}
		}
		f.mu.Unlock()
	}
}

// errClosed: the writer was closed.
var errClosed = errors.New("the pipe was closed")

// close sends what is left, and ends the goroutine. What is written afterwards is an error.
func (f *frameWriter) close() error {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		close(f.due) // what is due is still received
	}
	f.mu.Unlock()
	<-f.ended
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// raw writes what is no frame.
func (f *frameWriter) raw(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buf = append(f.buf, text...)
}

// write writes a frame with data, which may be worth compressing. It waits while the pipe takes nothing.
func (f *frameWriter) write(kind byte, payload []byte) error {
	if len(payload) >= worthwhile {
		if packed := f.zip.pack(payload); packed != nil {
			kind, payload = kind|compressed, packed
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.err == nil && !f.closed && len(f.buf) > bufferedMost {
		f.room.Wait()
	}
	return f.add(kind, payload)
}

// control writes a small frame, and never waits.
func (f *frameWriter) control(kind byte, payload []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.add(kind, payload)
}

func (f *frameWriter) add(kind byte, payload []byte) error {
	if f.err != nil || f.closed {
		return errors.Join(f.err, errClosed)
	}
	var head [5]byte
	head[0] = kind
	binary.LittleEndian.PutUint32(head[1:], uint32(len(payload)))
	sum := crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, payload)
	f.buf = append(append(f.buf, head[:]...), payload...)
	f.buf = binary.LittleEndian.AppendUint32(f.buf, sum)
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
