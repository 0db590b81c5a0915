package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// imports is the architecture: which packages of this module each package may import. Third-party
// packages that must stay in one place are listed in confined.
var imports = map[string][]string{
	"snap/cmd/snap": {"snap/cli", "snap/cli/exit"},
	"snap/cli": {"snap/cli/cmdline", "snap/cli/events", "snap/cli/exit", "snap/cli/locate", "snap/cli/logfile",
		"snap/cli/meant",
		"snap/cli/report",
		"snap/cli/settings", "snap/cli/state", "snap/cli/text",
		"snap/cli/wire", "snap/query", "snap/query/archive", "snap/query/gone", "snap/backup",
		"snap/backup/source", "snap/schedule", "snap/hooks", "snap/notify",
		"snap/destination", "snap/destination/check", "snap/destination/reindex",
		"snap/destination/retention", "snap/destination/treeless", "snap/restore", "snap/restore/parts",
		"snap/index", "snap/record", "snap/scan",
		"snap/filter",
		"snap/internal/file",
		"snap/internal/progress", "snap/internal/hint", "snap/internal/pace", "snap/internal/stream",
		"snap/internal/quote", "snap/internal/when", "snap/job", "snap/web",
		"snap/remote", "snap/remote/peer", "snap/remote/replica", "snap/remote/store", "snap/remote/vault",
		"snap/remote/vault/seal"},
	"snap/remote": {"snap/backup", "snap/remote/replica", "snap/destination", "snap/destination/treeless", "snap/restore",
		"snap/index", "snap/record", "snap/remote/store", "snap/remote/vault", "snap/remote/vault/chain",
		"snap/remote/vault/head", "snap/remote/vault/seal", "snap/internal/file", "snap/internal/hint",
		"snap/internal/progress", "snap/internal/quote"},
	"snap/destination/treeless": {"snap/destination", "snap/index", "snap/record", "snap/internal/file",
		"snap/internal/progress"},
	"snap/web": {"snap/cli/exit", "snap/cli/report", "snap/cli/settings", "snap/cli/state", "snap/cli/text",
		"snap/cli/wire", "snap/query", "snap/query/archive", "snap/job", "snap/restore", "snap/destination",
		"snap/destination/check", "snap/destination/retention", "snap/index", "snap/record", "snap/internal/file",
		"snap/internal/hint", "snap/internal/progress", "snap/internal/quote", "snap/internal/when"},
	"snap/backup": {"snap/backup/source", "snap/destination", "snap/scan", "snap/index", "snap/record",
		"snap/internal/file",
		"snap/internal/progress", "snap/internal/stream"},
	"snap/remote/peer": {"snap/backup", "snap/destination", "snap/destination/treeless", "snap/restore", "snap/record",
		"snap/remote/replica", "snap/internal/file", "snap/internal/progress", "snap/internal/quote"},
	"snap/remote/replica": {"snap/backup", "snap/destination", "snap/index", "snap/record", "snap/internal/file"},
	"snap/backup/source": {"snap/destination", "snap/scan", "snap/filter", "snap/index", "snap/record",
		"snap/internal/file", "snap/internal/hint", "snap/internal/quote"},
	"snap/destination": {"snap/index", "snap/record", "snap/internal/file", "snap/internal/progress",
		"snap/internal/hint", "snap/internal/quote"},
	"snap/destination/check": {"snap/destination", "snap/scan", "snap/filter", "snap/index", "snap/record",
		"snap/internal/file",
		"snap/internal/progress", "snap/internal/stream"},
	"snap/destination/reindex": {"snap/destination", "snap/scan", "snap/index", "snap/record", "snap/internal/file",
		"snap/internal/progress", "snap/internal/stream"},
	"snap/destination/retention": {"snap/destination", "snap/index", "snap/record", "snap/internal/file",
		"snap/internal/progress"},
	"snap/cli/events": {"snap/cli/exit", "snap/cli/logfile", "snap/cli/settings", "snap/cli/text", "snap/backup",
		"snap/hooks", "snap/notify", "snap/destination", "snap/internal/hint", "snap/internal/quote",
		"snap/internal/stream"},
	"snap/cli/cmdline": {"snap/internal/hint", "snap/internal/quote"}, // what any program has: nothing of snap
	"snap/cli/exit": {"snap/destination/retention", "snap/remote/peer", "snap/remote/store", "snap/remote/vault",
		"snap/cli/settings", "snap/cli/text", "snap/query", "snap/backup/source", "snap/restore",
		"snap/destination", "snap/index", "snap/record", "snap/internal/file", "snap/internal/hint", "snap/internal/quote"},
	"snap/cli/locate": {"snap/cli/exit", "snap/cli/state", "snap/destination", "snap/internal/file", "snap/internal/hint",
		"snap/internal/quote"},
	"snap/cli/meant": {},
	"snap/cli/state": {"snap/destination", "snap/index", "snap/internal/file", "snap/internal/quote"},
	"snap/cli/logfile": {"snap/cli/settings", "snap/destination", "snap/record", "snap/scan", "snap/internal/file",
		"snap/internal/hint",
		"snap/internal/quote"},
	"snap/cli/settings": {"snap/remote", "snap/remote/store", "snap/cli/text", "snap/query",
		"snap/backup", "snap/backup/source", "snap/hooks",
		"snap/notify", "snap/destination/retention",
		"snap/scan", "snap/filter",
		"snap/record",
		"snap/internal/file", "snap/internal/hint", "snap/internal/quote", "snap/internal/when"},
	"snap/cli/text": {"snap/record", "snap/internal/file", "snap/internal/progress", "snap/internal/quote",
		"snap/internal/when"},
	"snap/cli/report": {"snap/remote/vault", "snap/cli/exit", "snap/cli/settings",
		"snap/cli/state", "snap/cli/text", "snap/cli/wire",
		"snap/query", "snap/query/gone", "snap/backup", "snap/restore", "snap/restore/parts", "snap/schedule",
		"snap/destination",
		"snap/destination/check", "snap/destination/reindex", "snap/destination/retention", "snap/scan", "snap/filter",
		"snap/index", "snap/record", "snap/internal/file", "snap/internal/hint", "snap/internal/progress",
		"snap/internal/quote", "snap/internal/when"},
	"snap/cli/wire": {"snap/cli/settings", "snap/remote", "snap/remote/vault", "snap/remote/vault/seal",
		"snap/internal/hint", "snap/cli/state", "snap/cli/text", "snap/query", "snap/query/gone",
		"snap/schedule", "snap/backup", "snap/restore",
		"snap/internal/progress",
		"snap/destination", "snap/destination/check", "snap/destination/reindex", "snap/destination/retention", "snap/scan",
		"snap/filter", "snap/index", "snap/record", "snap/internal/file", "snap/internal/quote"},
	"snap/query": {"snap/restore", "snap/destination", "snap/destination/retention", "snap/scan",
		"snap/index", "snap/record",
		"snap/filter",
		"snap/internal/file", "snap/internal/hint",
		"snap/internal/quote",
		"snap/internal/when"}, // filter: the patterns of find are those of the lists
	"snap/job": {"snap/cli/events", "snap/cli/exit", "snap/cli/locate", "snap/cli/logfile", "snap/cli/report",
		"snap/cli/settings", "snap/cli/state", "snap/cli/text", "snap/cli/wire", "snap/query", "snap/backup",
		"snap/backup/source", "snap/restore", "snap/restore/parts", "snap/hooks", "snap/destination",
		"snap/destination/check", "snap/destination/reindex", "snap/destination/retention", "snap/index", "snap/record",
		"snap/scan", "snap/filter", "snap/internal/file", "snap/internal/hint", "snap/internal/pace",
		"snap/internal/progress", "snap/internal/quote", "snap/internal/when", "snap/schedule",
		"snap/destination/treeless", "snap/remote", "snap/remote/peer", "snap/remote/replica", "snap/remote/store",
		"snap/remote/vault", "snap/remote/vault/seal"},
	"snap/query/gone": {"snap/query", "snap/scan", "snap/index", "snap/record", "snap/internal/file", "snap/internal/hint",
		"snap/internal/quote"},
	"snap/query/archive": {"snap/query", "snap/restore", "snap/index", "snap/record", "snap/internal/file"},
	"snap/schedule":      {"snap/internal/hint", "snap/internal/quote"},
	"snap/hooks":         {"snap/internal/file", "snap/internal/quote"},
	"snap/notify":        {"snap/internal/quote"},
	"snap/restore":       {"snap/index", "snap/record", "snap/internal/file", "snap/internal/progress"},
	"snap/restore/parts": {"snap/query", "snap/query/gone", "snap/destination", "snap/restore", "snap/filter",
		"snap/record", "snap/internal/file", "snap/internal/hint", "snap/internal/quote"},
	"snap/scan":              {"snap/record", "snap/filter", "snap/internal/file", "snap/internal/stream"},
	"snap/index":             {"snap/record", "snap/index/pages", "snap/internal/file"},
	"snap/index/pages":       {},
	"snap/record":            {"snap/internal/file"},
	"snap/filter":            {},
	"snap/internal/file":     {},
	"snap/internal/hint":     {},
	"snap/internal/pace":     {"snap/internal/stream"},
	"snap/internal/progress": {},
	"snap/internal/quote":    {},
	"snap/internal/stream":   {},
	"snap/internal/when":     {"snap/internal/quote"},
	"snap/internal/long":     {}, // this and the next three for tests only
	"snap/internal/harness":  {"snap/internal/long"},
	"snap/internal/filetest": {"snap/internal/harness"},
	"snap/backup/backuptest": {"snap/backup", "snap/destination", "snap/destination/check", "snap/destination/reindex",
		"snap/destination/retention", "snap/index", "snap/record", "snap/internal/file", "snap/internal/filetest",
		"snap/internal/harness", "snap/internal/progress"},
	"snap/remote/vault": {"snap/remote/vault/table",
		"snap/remote/store", "snap/remote/vault/chain", "snap/remote/vault/head",
		"snap/remote/vault/pack", "snap/remote/vault/seal", "snap/index", "snap/record",
		"snap/internal/file", "snap/internal/hint", "snap/internal/stream"},
	"snap/remote/vault/chain": {},
	"snap/remote/vault/seal":  {},
	"snap/remote/vault/pack":  {"snap/remote/vault/seal"},
	"snap/remote/vault/table": {"snap/remote/vault/pack"},
	"snap/remote/vault/head":  {"snap/remote/vault/seal", "snap/record"},
	"snap/bench":              {}, // measures from outside
	"snap/remote/store": {"snap/internal/file", "snap/internal/hint", "snap/internal/pace", "snap/internal/quote",
		"snap/internal/stream"}, // nothing of what is copied: it may be of use to another program
	"snap/remote/store/faultproxy": {}, // this and the next for tests only
	"snap/remote/store/storetest":  {},
}

// confined are packages that only some of ours may import: system calls, the database, the terminal.
var confined = map[string][]string{
	"golang.org/x/sys/unix":              {"snap/internal/file", "snap/bench"},
	"unsafe":                             {"snap/internal/file", "snap/index"}, // index: strings that alias a page
	"go.etcd.io/bbolt":                   {"snap/index"},
	"github.com/urfave/cli/v2":           {"snap/cli/cmdline"},
	"github.com/olekukonko/tablewriter":  {"snap/cli/text"},
	"github.com/gofrs/flock":             {"snap/destination", "snap/remote/vault", "snap/destination/treeless"},
	"github.com/dlclark/regexp2/v2":      {"snap/filter"},
	"github.com/aymanbagabas/go-udiff":   {"snap/web"},
	"github.com/minio/minio-go/v7":       {"snap/remote/store", "snap/remote/store/storetest"},
	"gopkg.in/ini.v1":                    {"snap/remote/store"},
	"filippo.io/age":                     {"snap/remote/vault/seal"},
	"github.com/klauspost/compress/zstd": {"snap/remote/vault/seal", "snap/remote/peer"},
	"flag":                               {"snap/bench", "snap/internal/long"},
	"log":                                {},
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "snap/...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		pkg, uses := words[0], words[1:]
		allowed, known := imports[pkg]
		if !known {
			t.Errorf("%s: a new package needs a line in the table imports here, and one in ARCHITECTURE.md", pkg)
			continue
		}
		seen++
		for _, u := range uses {
			if strings.HasPrefix(u, "snap/") && !slices.Contains(allowed, u) {
				t.Errorf("%s imports %s, which the table imports of this test does not let it", pkg, u)
			}
			if only, ok := confined[u]; ok && !slices.Contains(only, pkg) {
				t.Errorf("%s imports %s, which only %v may", pkg, u, only)
			}
		}
	}
	if seen != len(imports) {
		t.Errorf("%d packages, want %d", seen, len(imports))
	}
}
