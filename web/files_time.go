package web

import (
	"encoding/json"

	"snap/record"
)

// steps are all snapshots for the script that moves through them.
type steps struct {
	Names []string `json:"names"`
	Times []string `json:"times"`
	Root  string   `json:"root"` // where addresses of files begin
	Path  string   `json:"path"` // and how they end
}

// steps are those of addresses that begin with under, and then the name of a snapshot and the path.
func (q *question) steps(under, path string) steps {
	s := steps{Root: q.base + under, Path: "/" + escapePath(path)}
	for i := range q.d.Snapshots {
		h := q.header(i)
		s.Names = append(s.Names, escape(h.Name))
		s.Times = append(s.Times, h.Time.In(q.now.Location()).Format("Mon, 2 Jan 2006, 15:04"))
	}
	return s
}

// timeline fills in the bar.
func (q *question) timeline(p *filesPage, pos int) error {
	touched, err := q.d.Touched(q.ctx, p.Path)
	if err != nil {
		return err
	}
	zone := q.now.Location()
	p.Bar = newBar(touched, q.d.Snapshots, pos, zone)
	if p.Bar.Before >= 0 {
		p.Before = q.Files(q.header(p.Bar.Before).Name, p.Path)
	}
	if p.Bar.After >= 0 {
		p.After = q.Files(q.header(p.Bar.After).Name, p.Path)
	}
	if q.r.Header.Get("Snap-Fragment") != "" {
		return nil
	}
	p.Steps = q.steps("/s/", p.Path)
	return nil
}

// Token is the path of the folder for a form or an address that is made of it: see row.Token.
func (p *filesPage) Token() string { return escapePath(p.Path) }

// Latest reports whether the page shows the newest snapshot.
func (p *filesPage) Latest() bool { return p.Bar.Pos == p.Bar.Count-1 }

// weights answers with the sums of the folders in this one, as they are shown.
func (q *question) weights(p *filesPage) error {
	if err := q.release(); err != nil { // the first time it reads all of the snapshot
		return err
	}
	weights, err := q.d.Weigh(q.ctx, p.Snap, p.Path)
	if err != nil {
		return err
	}
	sums := map[string]string{}
	for name, w := range weights.In {
		sums[escapePath(record.Join(p.Path, name))] = q.style().Size(w.Bytes)
	}
	b, err := json.Marshal(map[string]any{"whole": q.style().Size(weights.Whole.Bytes), "in": sums})
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	_, err = q.w.Write(b)
	return abort(err)
}
