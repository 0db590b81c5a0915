package remote

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/internal/harness"
	"snap/remote/vault/pack"
	"snap/remote/vault/seal"
)

// TestReadVaultReadsWhatACopyMakes: the reader in Python, made after docs/formats.md, brings each snapshot of a vault
// back as its tree is.
func TestReadVaultReadsWhatACopyMakes(t *testing.T) {
	for _, tool := range []string{"age", "zstd"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("needs %s", tool)
		}
	}
	harness.Python(t, "hashlib, json, struct")
	t.Run("sealed", func(t *testing.T) { readVault(t, Addition{}) })
	t.Run("plain", func(t *testing.T) { readVault(t, Addition{Unsealed: true}) })
}

func readVault(t *testing.T, a Addition) {
	p := newPlace(t)
	large := bytes.Repeat([]byte("0123456789"), (3*pack.PieceSize+77)/10)
	p.Write("large", string(large))
	p.Sparse("sparse", 'x')
	p.Write(strings.Repeat("n", 255), "a name as long as a name may be")
	must(t, os.Link(p.Path("large"), p.Path("other name")))
	p.Backup()
	copy(large[pack.PieceSize+5:], "changed")
	p.Write("large", string(large))
	must(t, os.Rename(p.Path("docs"), p.Path("papers")))
	p.Backup()
	sheet := p.add(a)
	p.copy()

	far := filepath.Join(filepath.Dir(p.r.URL[len("vault:"):]), "far")
	var identity []string
	if !a.Unsealed {
		object, err := os.ReadFile(filepath.Join(far, "keys", "0001.age"))
		must(t, err)
		k, err := seal.OpenKeys(object, sheet.ID, sheet.Passphrase)
		must(t, err)
		file := filepath.Join(t.TempDir(), "identities")
		must(t, os.WriteFile(file, k.Text(sheet.ID), 0o600))
		identity = []string{"--identity", file}
	}
	for _, dir := range p.Snapshots() {
		name := filepath.Base(dir)
		out := filepath.Join(t.TempDir(), "out")
		args := append([]string{"../docs/read_vault.py", far, "extract", name, out}, identity...)
		if text, err := harness.Python(t, "", args...).CombinedOutput(); err != nil {
			t.Fatalf("extract %s: %v\n%s", name, err, text)
		}
		if diff := backuptest.Difference(backuptest.Listing(t, filepath.Join(p.Dest, name)),
			backuptest.Listing(t, out)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
