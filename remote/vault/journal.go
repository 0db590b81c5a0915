package vault

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"snap/internal/file"
	"snap/remote/vault/pack"
	"snap/remote/vault/table"
)

// packed is a pack that was put: what is in it, and the lists of pieces of the files that are whole since.
type packed struct {
	Name  [32]byte // SHA-256 of its bytes
	Size  int64
	Rows  []table.Row
	Lists []table.List
}

// castagnoli is the polynomial of docs/formats.md.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const journalFrame = 64 << 20 // no frame is larger

// note appends a pack to the journal, durable.
func (m *mirror) note(p *packed) error {
	if err := m.step("append to the journal"); err != nil {
		return err
	}
	path := filepath.Join(m.dir.Path(), journalFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|file.Plain, 0o600)
	if err != nil {
		return err
	}
	body := appendPacked(nil, p)
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	out = append(out, body...)
	out = binary.LittleEndian.AppendUint32(out, crc32.Checksum(body, castagnoli))
	_, err = f.Write(out)
	if err == nil {
		err = m.step("sync the journal")
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// readJournal hands over the packs of the journal. What a dead run has half written ends it: nobody says that it was
// put, so it is put again.
func (m *mirror) readJournal(use func(p *packed) error) error {
	f, err := m.dir.Open(journalFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		var head [4]byte
		if _, err := io.ReadFull(f, head[:]); err != nil {
			return nil
		}
		n := binary.LittleEndian.Uint32(head[:])
		if n > journalFrame {
			return nil
		}
		body := make([]byte, int(n)+4)
		if _, err := io.ReadFull(f, body); err != nil {
			return nil
		}
		body, sum := body[:n], binary.LittleEndian.Uint32(body[n:])
		if crc32.Checksum(body, castagnoli) != sum {
			return nil
		}
		p := &packed{}
		if err := parsePacked(body, p); err != nil {
			return nil
		}
		if err := use(p); err != nil {
			return err
		}
	}
}

// dropJournal forgets the packs: a head names them now, or nobody ever will.
func (m *mirror) dropJournal() error { return m.remove(journalFile) }

func appendPacked(b []byte, p *packed) []byte {
	le := binary.LittleEndian
	b = append(b, p.Name[:]...)
	b = le.AppendUint64(b, uint64(p.Size))
	b = le.AppendUint32(b, uint32(len(p.Rows)))
	for i := range p.Rows {
		r := &p.Rows[i]
		b = append(b, r.Key[:]...)
		for _, n := range []uint32{r.Frame, r.FrameLen, r.Off, r.Size} {
			b = le.AppendUint32(b, n)
		}
	}
	b = le.AppendUint32(b, uint32(len(p.Lists)))
	for _, l := range p.Lists {
		b = append(b, l.Key[:]...)
		b = le.AppendUint32(b, uint32(len(l.Pieces)))
		for _, sum := range l.Pieces {
			b = append(b, sum[:]...)
		}
	}
	return b
}

func parsePacked(b []byte, p *packed) error {
	r, le := bytes.NewReader(b), binary.LittleEndian
	var n uint32
	for _, at := range []any{&p.Name, &p.Size, &n} {
		if err := binary.Read(r, le, at); err != nil {
			return err
		}
	}
	if int(n) > r.Len()/48 {
		return io.ErrUnexpectedEOF
	}
	p.Rows = make([]table.Row, n)
	for i := range p.Rows {
		w := &p.Rows[i]
		var at struct {
			Key                        [32]byte
			Frame, FrameLen, Off, Size uint32
		}
		if err := binary.Read(r, le, &at); err != nil {
			return err
		}
		place := pack.Place{Frame: at.Frame, FrameLen: at.FrameLen, Off: at.Off, Size: at.Size}
		*w = table.Row{Key: at.Key, Pack: p.Name, Place: place}
	}
	if err := binary.Read(r, le, &n); err != nil {
		return err
	}
	for range n {
		var l table.List
		var pieces uint32
		if err := errors.Join(binary.Read(r, le, &l.Key), binary.Read(r, le, &pieces)); err != nil {
			return err
		}
		if int(pieces) > r.Len()/32 {
			return io.ErrUnexpectedEOF
		}
		l.Pieces = make([][32]byte, pieces)
		if err := binary.Read(r, le, l.Pieces); err != nil {
			return err
		}
		p.Lists = append(p.Lists, l)
	}
	return nil
}
