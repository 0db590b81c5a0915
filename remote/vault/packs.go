package vault

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/klauspost/compress/zstd"

	"snap/record"
)

const (
	packTarget  = 16 << 20 // a pack is closed when it has so many bytes
	frameTarget = 1 << 20  // a frame is, when so many went into it
	packRows    = 32_000   // or so many files, however well they compress
)

// packWriter fills a pack: a tar, cut into zstd frames at the borders of its entries.
type packWriter struct {
	v     *Vault
	out   []byte       // frames
	frame bytes.Buffer // of the tar, not compressed yet
	tw    *tar.Writer
	rows  []row // those of the frame in work have their Frame yet to come
	begun int   // rows before the frame in work
}

func (v *Vault) newPack() (*packWriter, error) {
	salt, err := v.salt()
	if err != nil {
		return nil, err
	}
	p := &packWriter{v: v, out: append(make([]byte, 0, packTarget+frameTarget), salt...)}
	p.tw = tar.NewWriter(&p.frame)
	return p, nil
}

// add adds bytes under a name for people.
func (p *packWriter) add(key [32]byte, name string, r *record.Record, body []byte) error {
	h := &tar.Header{Name: name, Mode: int64(r.Mode), Size: int64(len(body)), Typeflag: tar.TypeReg,
		ModTime: time.Unix(r.Mtime.Sec, 0), Format: tar.FormatPAX}
	if err := p.tw.WriteHeader(h); err != nil {
		return err
	}
	p.rows = append(p.rows, row{Key: key, Off: uint32(p.frame.Len()), Size: uint32(len(body))})
	if _, err := p.tw.Write(body); err != nil {
		return err
	}
	if err := p.tw.Flush(); err != nil {
		return err
	}
	if p.frame.Len() >= frameTarget {
		p.endFrame()
	}
	return nil
}

func (p *packWriter) endFrame() {
	at := len(p.out)
	p.out = p.v.zenc.EncodeAll(p.frame.Bytes(), p.out)
	p.frame.Reset()
	for i := p.begun; i < len(p.rows); i++ {
		p.rows[i].Frame, p.rows[i].FrameLen = uint32(at), uint32(len(p.out)-at)
	}
	p.begun = len(p.rows)
}

func (p *packWriter) full() bool {
	return len(p.out)+p.frame.Len() >= packTarget || len(p.rows) >= packRows
}

// close seals the pack.
func (p *packWriter) close() (*packed, []byte, error) {
	if err := p.tw.Close(); err != nil {
		return nil, nil, err
	}
	p.endFrame()
	body, err := sealFor(p.out, p.v.k.ContentRecipients)
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(body)
	for i := range p.rows {
		p.rows[i].Pack = sum
	}
	return &packed{Name: sum, Size: int64(len(body)), Rows: p.rows}, body, nil
}

func newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
}
