package settings

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSet: a setting is changed in its line, or added; all else stays, and the file keeps its mode.
func TestSet(t *testing.T) {
	for text, want := range map[string]string{
		"store = auto\n":                       "store = subvolume\n",
		"# store = hardlink\njobs = 2":         "# store = hardlink\njobs = 2\nstore = subvolume\n",
		"jobs = 2 # two\n Store=hardlink\nx=1": "jobs = 2 # two\nstore = subvolume\nx=1",
		"":                                     "store = subvolume\n",
		"\ufeffstore = auto\r\nstore = x\n":    "\ufeffstore = auto\r\nstore = subvolume\n",
	} {
		dest := t.TempDir()
		path := filepath.Join(dest, OptionsFile)
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		if err := Set(dest, "store", "subvolume"); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%q became %q, want %q (%v)", text, got, want, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("its mode: %v, %v", info.Mode(), err)
		}
		if left, err := os.ReadDir(dest); err != nil || len(left) != 1 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
	if err := Set(t.TempDir(), "store", "auto"); !os.IsNotExist(err) {
		t.Errorf("without the file: %v", err)
	}
}
