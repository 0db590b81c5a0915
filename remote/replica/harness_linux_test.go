package replica_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"snap/internal/harness"
	"snap/remote/replica"
)

// TestMain also copies a destination, for the tests that kill the process which does.
func TestMain(m *testing.M) {
	if from, to, ok := strings.Cut(os.Getenv("REPLICA_TEST_COPY"), "\n"); ok {
		_, err := replica.Copy(context.Background(), from, to, replica.Options{Jobs: 2})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(harness.Run(m))
}
