package seal

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestKeyFiles: keys come back from the object of keys/ with the passphrase alone, however it is typed.
func TestKeyFiles(t *testing.T) {
	k := newKeys(t)
	if k, _ = k.Rotate(); len(k.Content) != 2 || len(k.Catalogue) != 2 || len(k.ContentTo) != 1 {
		t.Fatalf("after a rotation: %+v", k)
	}
	passphrase := NewPassphrase()
	object, err := k.SealKeys(id, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{passphrase, strings.ToUpper(passphrase) + "\n",
		strings.ReplaceAll(passphrase, "-", " ")} {
		got, err := OpenKeys(object, id, typed)
		if err != nil || !bytes.Equal(got.Text(id), k.Text(id)) || !got.Sign.Equal(k.Sign) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	for _, wrong := range []string{"", "x", NewPassphrase()} {
		if _, err := OpenKeys(object, id, wrong); !errors.Is(err, ErrKey) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if _, err := OpenKeys(object, strings.Repeat("0", 32), passphrase); !errors.Is(err, ErrKey) {
		t.Errorf("of another vault: %v", err)
	}
	if _, err := OpenKeys(bytes.Replace(object, []byte(" 15\n"), []byte(" 30\n"), 1), id, passphrase); err == nil {
		t.Error("a key file may ask for a terabyte of memory")
	}
}
