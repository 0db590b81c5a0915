package restore

import (
	"context"
	"errors"

	"snap/internal/file"
)

// plan is the handler of a run that decides and changes nothing.
type plan struct {
	run     *run
	refused ExistsError
	need    int64 // bytes of the files that would be written
	beyond  bool  // some of the folders are on other file systems
}

func (p *plan) enter(f *folder) state {
	if p.run.root == nil || f.parent != nil && f.parent.state == unmade {
		return unmade
	}
	var err error
	if f.parent == nil {
		if f.stat, err = p.run.root.Stat(); err != nil {
			p.run.tally.problem(f.path, err)
			return shut
		}
		return open
	}
	in, err := p.run.target.Dir(f.parent.to)
	if err != nil {
		p.run.tally.problem(f.path, err)
		return shut
	}
	defer in.Close()
	have, err := p.run.look(in, f.name, file.Folder)
	if err != nil {
		p.run.tally.problem(f.path, err)
		return shut
	}
	switch v, err := p.run.folderVerdict(f, &have); {
	case v == refuse:
		p.refused.add(f.to)
		return shut
	case errors.Is(err, errSkip):
		return shut
	case err != nil:
		p.run.tally.problem(f.path, err)
		return shut
	case v == merge:
		if err := f.parent.free(in, f.name, &have.Stat); err != nil {
			p.run.tally.problem(f.path, err)
			return shut
		}
		f.stat = have.Stat
		p.beyond = p.beyond || f.stat.Dev != f.parent.stat.Dev
		f.parent.put(f.name, &f.stat)
		return open
	}
	return unmade
}

func (p *plan) leaf(ctx context.Context, j *job) {
	defer j.release(ctx, p)
	var d *file.Dir
	var err error
	if j.in.state == open {
		if d, err = p.run.target.Dir(j.in.to); err != nil {
			p.run.tally.problem(j.Path, err)
			return
		}
		defer d.Close()
	}
	v, have, err := p.run.judge(d, j)
	if err != nil {
		p.run.tally.problem(j.Path, err)
		return
	}
	if have.Kind != file.None {
		j.in.put(j.name, &have.Stat)
	}
	switch v {
	case absent:
		p.run.tally.problem(j.Path, notHeld(&j.Record))
	case refuse:
		p.refused.add(j.to())
	case blocked:
		p.run.tally.problem(j.Path, inTheWay(j.to()))
	case keep:
		p.run.tally.skipped(j.Path)
	case refresh:
		j.found(&have)
		p.run.tally.metadataSet(j.Path)
	case clear:
		gone, err := p.run.remove(ctx, p, j.in, j.in.to, &j.in.stat, j.name, "")
		if err == nil && !gone {
			err = inTheWay(j.to())
		}
		if err != nil {
			p.run.tally.problem(j.Path, err)
			return
		}
		fallthrough
	default:
		var bytes int64
		if j.Kind == file.Regular {
			bytes = j.Size
		}
		if g := j.group; g != nil {
			if g.there() {
				bytes = 0
			} else {
				g.begin(j.to(), &file.Stat{}, nil)
			}
		}
		if bytes > 0 {
			p.writes(&j.Record)
		}
		p.run.tally.restored(j.Path, bytes)
	}
}

func (p *plan) unlink(_ *file.Dir, path, _ string, _ bool) error {
	p.run.census.deletes(path)
	return nil
}

// leftOut counts the name and what is in it for the guard: in a folder that was not meant, nearly everything is in no
// snapshot.
func (p *plan) leftOut(ctx context.Context, f *folder, name string) {
	count := &plan{run: p.run.copy(true)}
	count.run.census = census{}
	if _, err := count.run.remove(ctx, count, f, f.to, &f.stat, name, ""); err != nil {
		return // what cannot be looked at is reported when it is to be deleted
	}
	for _, path := range count.run.census.sample {
		p.run.census.deletes(path)
	}
	p.run.census.deleted += count.run.census.deleted - int64(len(count.run.census.sample))
}

func (p *plan) leave(ctx context.Context, f *folder) { p.run.removeSurplus(ctx, p, f) }

func (p *plan) fail(path string, err error) { p.run.tally.problem(path, err) }
