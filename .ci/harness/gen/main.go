// gen: reproducible corpora and mutations.
//
//	gen many DIR [nTop nMid nLeaf nFiles]   -> nTop*nMid*nLeaf dirs with nFiles each (default 10 40 50 50 = 20,000 dirs, 1,000,000 files)
//	gen big DIR                             -> 4 files of 1 GiB random bytes
//	gen mutate DIR SEED [pctMod pctAdd pctDel]  (percent of all regular files; default 0.5 0.3 0.2)
package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"time"
)

const base = 1735689600 // 2025-01-01T00:00:00Z
const alpha = "abcdefghijklmnopqrstuvwxyz    \n\n0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ(){}"

func content(r *rand.Rand, buf []byte) {
	for i := 0; i+8 <= len(buf); i += 8 {
		v := r.Uint64()
		for k := 0; k < 8; k++ {
			buf[i+k] = alpha[(v>>(8*k))&63]
		}
	}
	for i := len(buf) &^ 7; i < len(buf); i++ {
		buf[i] = alpha[r.Uint64()&63]
	}
}
func must(e error) {
	if e != nil {
		panic(e)
	}
}
func atoi(s string) int { n, e := strconv.Atoi(s); must(e); return n }
func many(dir string, a []string) {
	nt, nm, nl, nf := 10, 40, 50, 50
	if len(a) == 4 {
		nt, nm, nl, nf = atoi(a[0]), atoi(a[1]), atoi(a[2]), atoi(a[3])
	}
	ch := make(chan int, 64)
	var wg sync.WaitGroup
	for w := 0; w < 4; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			buf := make([]byte, 4096)
			for d := range ch {
				t, m, l := d/(nm*nl), d/nl%nm, d%nl
				p := fmt.Sprintf("%s/top%02d/project-%03d/component-%03d", dir, t, m, l)
				must(os.MkdirAll(p, 0o755))
				r := rand.New(rand.NewPCG(42, uint64(d)))
				for f := 0; f < nf; f++ {
					n := 512 + r.IntN(4096-512+1)
					content(r, buf[:n])
					fp := fmt.Sprintf("%s/source_file_%04d.txt", p, f)
					must(os.WriteFile(fp, buf[:n], 0o644))
					mt := time.Unix(base+int64(d*nf+f)%30000000, int64(r.IntN(1e9)))
					must(os.Chtimes(fp, mt, mt))
				}
			}
		}()
	}
	for d := 0; d < nt*nm*nl; d++ {
		ch <- d
	}
	close(ch)
	wg.Wait()
}
func big(dir string) {
	must(os.MkdirAll(dir, 0o755))
	for i := 0; i < 4; i++ {
		f, e := os.Create(fmt.Sprintf("%s/big%d.bin", dir, i))
		must(e)
		var seed [32]byte
		seed[0] = byte(i + 1)
		c := rand.NewChaCha8(seed)
		buf := make([]byte, 1<<20)
		for k := 0; k < 1024; k++ {
			c.Read(buf)
			_, e := f.Write(buf)
			must(e)
		}
		must(f.Close())
	}
}
func mutate(dir string, seed uint64, pm, pa, pd float64) {
	var files []string
	must(filepath.WalkDir(dir, func(p string, d fs.DirEntry, e error) error {
		must(e)
		if d.Type().IsRegular() {
			files = append(files, p)
		}
		return nil
	}))
	sort.Strings(files)
	n := float64(len(files))
	nm, na, nd := int(n*pm/100+.5), int(n*pa/100+.5), int(n*pd/100+.5)
	r := rand.New(rand.NewPCG(seed, 7))
	perm := r.Perm(len(files))
	buf := make([]byte, 4096)
	for _, i := range perm[:nm] {
		sz := 512 + r.IntN(4096-512+1)
		content(r, buf[:sz])
		// rewrite in place, like an editor that truncates
		st, e := os.Stat(files[i])
		must(e)
		if st.Mode().Perm()&0o200 == 0 {
			os.Chmod(files[i], st.Mode().Perm()|0o200)
		}
		if st.Size() > 4096 {
			f, e := os.OpenFile(files[i], os.O_WRONLY, 0)
			must(e)
			_, e = f.WriteAt(buf[:512], 0)
			must(e)
			f.Close()
		} else {
			must(os.WriteFile(files[i], buf[:sz], 0o644))
		}
	}
	for k, i := range perm[nm : nm+na] {
		sz := 512 + r.IntN(4096-512+1)
		content(r, buf[:sz])
		must(os.WriteFile(fmt.Sprintf("%s/new_%d_%d.txt", filepath.Dir(files[i]), seed, k), buf[:sz], 0o644))
	}
	for _, i := range perm[nm+na : nm+na+nd] {
		must(os.Remove(files[i]))
	}
	fmt.Printf("files=%d modified=%d added=%d deleted=%d\n", len(files), nm, na, nd)
}
func main() {
	switch os.Args[1] {
	case "many":
		many(os.Args[2], os.Args[3:])
	case "big":
		big(os.Args[2])
	case "mutate":
		pm, pa, pd := 0.5, 0.3, 0.2
		if len(os.Args) > 4 {
			pm, _ = strconv.ParseFloat(os.Args[4], 64)
			pa, _ = strconv.ParseFloat(os.Args[5], 64)
			pd, _ = strconv.ParseFloat(os.Args[6], 64)
		}
		mutate(os.Args[2], uint64(atoi(os.Args[3])), pm, pa, pd)
	}
}
