package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// imageBlock is the unit in which snap compares a large file with its older copy.
const imageBlock = 64 << 10

// imageTaken is what the snapshots of an image have taken on one file system, in bytes, the first left out.
type imageTaken struct {
	system        string
	size, changed int64 // of the image; of it between two snapshots
	more          []int64
}

// image writes a file of size bytes that no one can compress.
func image(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	random, block := rand.NewChaCha8([32]byte{1}), make([]byte, 1<<20)
	for left := size; left > 0 && err == nil; left -= int64(len(block)) {
		random.Read(block)
		_, err = f.Write(block[:min(left, int64(len(block)))])
	}
	return errors.Join(err, f.Close())
}

// rewrite gives one block in a hundred of an image other bytes, spread over all of it.
func rewrite(path string, seed uint64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	blocks := int(info.Size() / imageBlock)
	random, block := rand.NewChaCha8([32]byte{2, byte(seed)}), make([]byte, imageBlock)
	for _, n := range rand.New(random).Perm(blocks)[:blocks/100] {
		random.Read(block)
		if _, err = f.WriteAt(block, int64(n)*imageBlock); err != nil {
			break
		}
	}
	return errors.Join(err, f.Close())
}

// images measures the second backup of an image of which one block in a hundred changed, on the file systems that
// can share blocks, each in a file of its own. That needs root.
func (l *lab) images(size int64) (all []result, taken []imageTaken, err error) {
	if os.Getuid() != 0 {
		fmt.Fprintln(os.Stderr, "bench: no file systems of its own without root: no images")
		return nil, nil, nil
	}
	for _, system := range []string{"xfs", "btrfs"} {
		results, t, err := l.imageOn(system, size)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", system, err)
		}
		if all = append(all, results...); len(t.more) > 0 {
			taken = append(taken, t)
		}
	}
	return all, taken, nil
}

func (l *lab) imageOn(system string, size int64) (results []result, taken imageTaken, err error) {
	top := filepath.Join(l.dir, "image-"+system)
	l.src, l.dest, l.files = filepath.Join(top, "src"), filepath.Join(top, "mnt"), 1
	path, disk := filepath.Join(l.src, "image"), filepath.Join(top, "disk")
	defer func() { err = errors.Join(err, os.RemoveAll(top)) }()
	if err := errors.Join(os.MkdirAll(l.src, 0o755), os.Mkdir(l.dest, 0o755), l.do("image", path, int(size))); err != nil {
		return nil, taken, err
	}
	const mount = `truncate -s "$2" "$1" && mkfs."$0" -q "$1" && mount -o loop "$1" "$3"`
	make := exec.CommandContext(l.ctx, "sh", "-c", mount, system, disk, fmt.Sprint(2*size+1<<30), l.dest)
	if text, err := make.CombinedOutput(); err != nil {
		return nil, taken, fmt.Errorf("%w: %s", err, text)
	}
	defer func() { err = errors.Join(err, exec.Command("umount", l.dest).Run()) }()
	if _, err := l.time(l.backup("the first"), dropData); err != nil {
		return nil, taken, err
	}
	taken = imageTaken{system: system, size: size, changed: size / imageBlock / 100 * imageBlock}
	count := func() error {
		before, err := used(l.dest)
		if err != nil {
			return err
		}
		taken.more = append(taken.more, before)
		return nil
	}
	if err := count(); err != nil {
		return nil, taken, err
	}
	name := "1 % of an image changed, " + strings.ToUpper(system[:1]) + system[1:]
	results, err = l.turns(name, dropData, map[string]string{"cat of both": "1.5"}, func(round int) ([]command, error) {
		latest, err := l.latest()
		if err != nil {
			return nil, err
		}
		if err := l.do("rewrite", path, round); err != nil {
			return nil, err
		}
		time.Sleep(4 * time.Second)
		snap := l.backup("snap backup")
		snap.undo = count
		return []command{
			snap,
			{"cat of both", []string{"sh", "-c", `cat "$0" "$1" >/dev/null`, path, filepath.Join(latest, "image")}, nil},
			{"sha256sum of both", []string{"sha256sum", path, filepath.Join(latest, "image")}, nil},
		}, nil
	})
	for i := len(taken.more) - 1; i > 0; i-- {
		taken.more[i] -= taken.more[i-1]
	}
	taken.more = taken.more[1:]
	return results, taken, err
}

// used is how many bytes of a file system are taken when all is written.
func used(dir string) (int64, error) {
	syscall.Sync()
	var s syscall.Statfs_t
	err := syscall.Statfs(dir, &s)
	return int64(s.Blocks-s.Bfree) * int64(s.Bsize), err
}

// markdown is the line that says what the snapshots took.
func (t imageTaken) markdown() string {
	r := result{}
	for _, n := range t.more {
		r.samples = append(r.samples, sample{peak: n})
	}
	most := r.sorted(peak)[len(t.more)-1]
	return fmt.Sprintf("- %s: %.1f MiB more on the disk a snapshot (at most %.1f), %.2f %% of the image; "+
		"%.1f MiB changed\n",
		t.system, r.median(peak)/(1<<20), most/(1<<20), 100*r.median(peak)/float64(t.size), float64(t.changed)/(1<<20))
}
