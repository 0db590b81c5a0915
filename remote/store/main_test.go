package store

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
)

// child is what TestMain does instead of tests where it is set: it makes objects in this folder, and says which.
const child = "SNAP_STORE_CHILD"

var childNames = []string{"head/1", "data/ab/1", "data/ab/2", "vault.json"}

func childBody(name string) []byte { return bytes.Repeat([]byte(name), 1000) }

func makeObjects(dir string) int {
	s, err := Open(context.Background(), "vault:"+dir, Options{RetryFor: -1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 0
	for _, name := range childNames {
		if err := s.Put(context.Background(), name, childBody(name), PutOptions{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
			continue
		}
		fmt.Println("made", name)
	}
	return code
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(child); dir != "" {
		os.Exit(makeObjects(dir))
	}
	minio.DefaultRetryUnit = time.Nanosecond // what it waits before it returns the only try's error
	os.Exit(m.Run())
}
