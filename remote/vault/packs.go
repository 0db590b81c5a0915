package vault

import (
	"time"

	"snap/record"
	"snap/remote/vault/pack"
	"snap/remote/vault/table"
)

// packWriter fills a pack.
type packWriter struct {
	w    *pack.Writer
	rows int
}

const packRows = 32_000 // a pack is closed when it has so many files, however well they compress

func (v *Vault) newPack() (*packWriter, error) {
	w, err := pack.NewWriter(&v.k, v.zenc)
	return &packWriter{w: w}, err
}

// add adds bytes under a name for people.
func (p *packWriter) add(key [32]byte, name string, r *record.Record, body []byte) error {
	p.rows++
	return p.w.Add(key, pack.Entry{Name: name, Mode: uint32(r.Mode), Mtime: time.Unix(r.Mtime.Sec, 0)}, body)
}

func (p *packWriter) full() bool { return p.w.Full() || p.rows >= packRows }

// close seals the pack.
func (p *packWriter) close() (*packed, []byte, error) {
	done, err := p.w.Close()
	if err != nil {
		return nil, nil, err
	}
	out := &packed{Name: done.Sum, Size: int64(len(done.Body))}
	for _, it := range done.Items {
		out.Rows = append(out.Rows, table.Row{Key: it.Key, Pack: done.Sum, Place: it.Place})
	}
	return out, done.Body, nil
}
