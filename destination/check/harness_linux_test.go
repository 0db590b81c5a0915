package check_test

import (
	"os"
	"testing"

	"snap/internal/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }
