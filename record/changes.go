package record

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
)

// A change set is the immutable file changes/<seq>: the records that one snapshot changed against the
// one before, in key order, and the snapshot's header. All of the index can be made from the change
// sets. The same stream, without a header, holds the plan of a running backup.
//
//	"snapchg1"
//	frame = type byte · length uint32 · payload · CRC-32C of type and payload     (little-endian)
//	  'B' the header as it was when the backup began, JSON
//	  'R' records: shared prefix, rest of the path, record, each with its length; paths restart in each frame
//	  'C' everything before this frame was made durable
//	  'E' the final header, JSON; the last frame
const changesMagic = "snapchg1"

const (
	frameBegin      = 'B'
	frameRecords    = 'R'
	frameCheckpoint = 'C'
	frameEnd        = 'E'

	frameSize = 64 << 10 // a frame is closed when its payload is this large
	maxFrame  = 16 << 20 // a larger one is damage; one record may carry many xattrs
	maxRecord = maxFrame - 2*frameSize
)

// ChangeWriter writes a change set.
type ChangeWriter struct {
	w     *bufio.Writer
	frame []byte // payload of the open record frame
	last  string // the path before, in this frame
	prev  string // the path before, in all
	any   bool
	n     int64
	buf   []byte
	err   error
}

// NewChangeWriter begins a change set on w. The header may be nil for a stream that is no snapshot's.
func NewChangeWriter(w io.Writer, begin *Header) (*ChangeWriter, error) {
	c := &ChangeWriter{w: bufio.NewWriterSize(w, 256<<10)}
	_, c.err = c.w.WriteString(changesMagic)
	if begin != nil {
		c.json(frameBegin, begin)
	}
	return c, c.err
}

// Add appends a record. Paths must come in key order, each once. A record so large that no reader would
// take it back, by megabytes of xattrs, is refused; others may follow it.
func (c *ChangeWriter) Add(path string, r *Record) error {
	if c.err != nil {
		return c.err
	}
	if c.any && Compare(path, c.prev) <= 0 {
		c.err = fmt.Errorf("change set out of order: %q after %q", path, c.prev)
		return c.err
	}
	c.buf = Append(c.buf[:0], r)
	if len(c.buf) > maxRecord {
		return fmt.Errorf("%q: a record of %d bytes: too many extended attributes", path, len(c.buf))
	}
	shared := 0
	for shared < len(path) && shared < len(c.last) && path[shared] == c.last[shared] {
		shared++
	}
	c.frame = binary.AppendUvarint(c.frame, uint64(shared))
	c.frame = appendString(c.frame, path[shared:])
	c.frame = binary.AppendUvarint(c.frame, uint64(len(c.buf)))
	c.frame = append(c.frame, c.buf...)
	c.last, c.prev, c.any = path, path, true
	c.n++
	if len(c.frame) >= frameSize {
		c.flushFrame()
	}
	return c.err
}

// Count is the number of records added so far.
func (c *ChangeWriter) Count() int64 { return c.n }

// Flush hands every record added so far to the underlying writer.
func (c *ChangeWriter) Flush() error {
	c.flushFrame()
	if c.err == nil {
		c.err = c.w.Flush()
	}
	return c.err
}

// Checkpoint marks that everything before it is durable; the caller has synced the destination.
func (c *ChangeWriter) Checkpoint() error {
	c.flushFrame()
	c.put(frameCheckpoint, nil)
	return c.Flush()
}

// End closes the change set with the final header, nil for a stream that is no snapshot's.
func (c *ChangeWriter) End(h *Header) error {
	c.flushFrame()
	if h != nil {
		h.Records = c.n
		c.json(frameEnd, h)
	} else {
		c.put(frameEnd, nil)
	}
	return c.Flush()
}

func (c *ChangeWriter) flushFrame() {
	if len(c.frame) > 0 {
		c.put(frameRecords, c.frame)
		c.frame, c.last = c.frame[:0], ""
	}
}

func (c *ChangeWriter) json(kind byte, v any) {
	b, err := json.Marshal(v)
	if err != nil && c.err == nil {
		c.err = err
	}
	c.put(kind, b)
}

func (c *ChangeWriter) put(kind byte, payload []byte) {
	if c.err != nil {
		return
	}
	var head [5]byte
	head[0] = kind
	binary.LittleEndian.PutUint32(head[1:], uint32(len(payload)))
	sum := crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, payload)
	for _, p := range [][]byte{head[:], payload, binary.LittleEndian.AppendUint32(nil, sum)} {
		if _, err := c.w.Write(p); err != nil {
			c.err = err
			return
		}
	}
}

// ErrTruncated says that a change set ends before its last frame, as that of a run that died does.
var ErrTruncated = errors.New("the change set is cut off")

// ChangeReader reads a change set once, from front to end.
type ChangeReader struct {
	r       *bufio.Reader
	begin   *Header
	end     *Header
	durable int64
	n       int64
}

// NewChangeReader begins to read.
func NewChangeReader(r io.Reader) (*ChangeReader, error) {
	c := &ChangeReader{r: bufio.NewReaderSize(r, 256<<10)}
	var magic [len(changesMagic)]byte
	if _, err := io.ReadFull(c.r, magic[:]); err != nil {
		return nil, readError(err)
	}
	if string(magic[:]) != changesMagic {
		return nil, damaged("not a change set")
	}
	if b, err := c.r.Peek(1); err == nil && b[0] == frameBegin {
		_, payload, err := c.next()
		if err != nil {
			return nil, err
		}
		c.begin = new(Header)
		if err := json.Unmarshal(payload, c.begin); err != nil {
			return nil, damaged("the head of a change set: %v", err)
		}
		if err := c.begin.CheckNames(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Begin is the header as it was when the backup began, nil if there is none.
func (c *ChangeReader) Begin() *Header { return c.begin }

// Final is the snapshot's header; nil until all was read, and for a stream that is no snapshot's.
func (c *ChangeReader) Final() *Header { return c.end }

// Durable is the number of records, from the front, that a checkpoint read so far says are durable.
func (c *ChangeReader) Durable() int64 { return c.durable }

// All yields the entries in key order. It ends with ErrTruncated where the stream does before its end,
// and with an ErrDamaged error at a frame that is not what was written. Strings in an entry stay valid.
func (c *ChangeReader) All() iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		var e Entry
		prev, any := "", false
		for {
			kind, payload, err := c.next()
			if err != nil {
				yield(nil, err)
				return
			}
			switch kind {
			case frameCheckpoint:
				c.durable = c.n
			case frameEnd:
				if len(payload) > 0 {
					c.end = new(Header)
					if err := json.Unmarshal(payload, c.end); err != nil || c.end.Records != c.n {
						yield(nil, damaged("the end of a change set"))
						return
					}
					if err := c.end.CheckNames(); err != nil {
						c.end = nil
						yield(nil, err)
					}
				}
				return
			case frameRecords:
				p := parser{b: string(payload)}
				last := ""
				for p.b != "" {
					shared, rest, body := p.limited(uint64(len(last))), p.string(), p.string()
					if p.bad {
						yield(nil, damaged("a malformed change set"))
						return
					}
					last = last[:shared] + rest
					if !ValidPath(last) || any && Compare(last, prev) <= 0 {
						yield(nil, damaged("a change set with the path %q out of place", last))
						return
					}
					e.Path, prev, any = last, last, true
					if err := Parse(body, &e.Record); err != nil {
						yield(nil, err)
						return
					}
					c.n++
					if !yield(&e, nil) {
						return
					}
				}
			default:
				yield(nil, fmt.Errorf("a change set with an unknown part %q: %w", kind, ErrNewer))
				return
			}
		}
	}
}

func (c *ChangeReader) next() (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return 0, nil, readError(err)
	}
	size := binary.LittleEndian.Uint32(head[1:])
	if size > maxFrame {
		return 0, nil, damaged("a change set with a part of %d bytes", size)
	}
	payload = make([]byte, size+4)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		return 0, nil, readError(err)
	}
	sum := binary.LittleEndian.Uint32(payload[size:])
	payload = payload[:size]
	if crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, payload) != sum {
		return 0, nil, damaged("a change set whose checksum does not match")
	}
	return head[0], payload, nil
}

func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}
