package store

import (
	"os"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("SNAP_STORE_CHILD"); dir != "" {
		os.Exit(makeObjects(dir))
	}
	minio.DefaultRetryUnit = time.Nanosecond // what it waits before it returns the only try's error
	os.Exit(m.Run())
}
