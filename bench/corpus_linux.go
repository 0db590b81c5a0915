package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// perFolder is how many files a folder of the corpus has.
const perFolder = 50

// born is the first modification time of the corpus.
var born = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)

// many writes files of 512 to 4096 bytes of text, 50 in a folder, three levels deep, the same each time. Paths have
// about 55 bytes, and their times lie in the past.
func many(dir string, files int) error {
	folders := make(chan int)
	errs := make(chan error, 4)
	var workers sync.WaitGroup
	for range cap(errs) {
		workers.Go(func() {
			var failed error
			for n := range folders {
				if failed == nil {
					failed = folder(dir, n)
				}
			}
			errs <- failed
		})
	}
	for n := range files / perFolder {
		folders <- n
	}
	close(folders)
	workers.Wait()
	for range cap(errs) {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

// folder makes the n-th: a tenth of all lies below each of ten top folders, whatever their number.
func folder(dir string, n int) error {
	path := filepath.Join(dir, fmt.Sprintf("top%02d/project-%03d/component-%03d", n%10, n/10/50, n/10%50))
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(42, uint64(n)))
	for i := range perFolder {
		name := filepath.Join(path, fmt.Sprintf("source_file_%04d.txt", i))
		if err := os.WriteFile(name, text(random), 0o644); err != nil {
			return err
		}
		at := born.Add(time.Duration(n*perFolder+i)*time.Second + time.Duration(random.IntN(1e9)))
		if err := os.Chtimes(name, at, at); err != nil {
			return err
		}
	}
	return nil
}

// text is 512 to 4096 bytes that look like a source file to whoever compresses them.
func text(random *rand.Rand) []byte {
	const letters = "abcdefghijklmnopqrstuvwxyz    \n\n0123456789ABCDEFGHIJKLMNOPQRSTUV"
	b := make([]byte, 512+random.IntN(4096-512+1))
	for i := 0; i < len(b); i += 8 {
		bits := random.Uint64()
		for j := i; j < min(i+8, len(b)); j++ {
			b[j] = letters[bits&63]
			bits >>= 8
		}
	}
	return b
}

// big writes four files of size bytes that no one can compress.
func big(dir string, size int64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	for n := range 4 {
		random := rand.NewChaCha8([32]byte{byte(n + 1)})
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("big%d.bin", n)))
		if err != nil {
			return err
		}
		for left := size; left > 0; left -= int64(len(block)) {
			random.Read(block)
			if _, err := f.Write(block[:min(left, int64(len(block)))]); err != nil {
				return err
			}
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// mutate changes one file in a hundred, spread over all folders: half of these are written anew, three tenths
// added and two tenths removed.
func mutate(dir string, seed uint64) error {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(seed, 7))
	some := random.Perm(len(files))[:len(files)/100]
	for i, n := range some {
		switch path := files[n]; {
		case i < len(some)/2:
			err = os.WriteFile(path, text(random), 0o644)
		case i < len(some)*8/10:
			err = os.WriteFile(filepath.Join(filepath.Dir(path), fmt.Sprintf("new_%d_%d.txt", seed, i)), text(random), 0o644)
		default:
			err = os.Remove(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
