package keys

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

const quick = 10 // of scrypt

func ring(t *testing.T, readers ...string) *Ring {
	t.Helper()
	r, err := New("0123456789abcdef", readers)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func seal(t *testing.T, plain string, to []age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opens(sealed []byte, with []age.Identity) bool {
	if len(with) == 0 {
		return false
	}
	_, err := age.Decrypt(bytes.NewReader(sealed), with...)
	return err == nil
}

// TestWhatEachKeyOpens: the catalogue's opens no contents, the contents' both, also after keys were changed, and a key
// of somebody's own as the contents'.
func TestWhatEachKeyOpens(t *testing.T) {
	own, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	quantum, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		readers []string
		own     []age.Identity
	}{
		"keys of the vault's own": {},
		"somebody's":              {[]string{own.Recipient().String()}, []age.Identity{own}},
		"somebody's, hybrid":      {[]string{quantum.Recipient().String()}, []age.Identity{quantum}},
	} {
		t.Run(name, func(t *testing.T) {
			r := ring(t, test.readers...)
			var sealed [2][2][]byte // before and after the change; catalogue, content
			for i := range sealed {
				k, err := r.Keys(test.own...)
				if err != nil {
					t.Fatal(err)
				}
				sealed[i] = [2][]byte{seal(t, "names", k.CatalogueRecipients), seal(t, "bytes", k.ContentRecipients)}
				if i == 0 {
					if err := r.Rotate(); err != nil {
						t.Fatal(err)
					}
				}
			}
			r = parsed(t, r)
			with, err := r.Keys(test.own...)
			if err != nil {
				t.Fatal(err)
			}
			without, err := parsed(t, r.WithoutContent()).Keys()
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range sealed {
				if !opens(s[0], with.Catalogue) || !opens(s[1], with.Content) || !opens(s[0], with.Content) {
					t.Errorf("%d: a key does not open what it should", i)
				}
				if !opens(s[0], without.Catalogue) || opens(s[1], without.Catalogue) || opens(s[1], without.Content) {
					t.Errorf("%d: without the content key: names are shut or contents open", i)
				}
			}
			if !bytes.Equal(with.Sign.Public().(ed25519.PublicKey), with.Verify) {
				t.Error("the signing key is another")
			}
		})
	}
}

func parsed(t *testing.T, r *Ring) *Ring {
	t.Helper()
	again, err := ParseRing(r.Text())
	if err != nil {
		t.Fatalf("%v\n%s", err, r.Text())
	}
	if !bytes.Equal(again.Text(), r.Text()) {
		t.Fatalf("%s became\n%s", r.Text(), again.Text())
	}
	return again
}

// TestPassphrase: as it was made, and as people type it; another opens nothing, and says so.
func TestPassphrase(t *testing.T) {
	r, made := ring(t), NewPassphrase()
	if other := NewPassphrase(); other == made || len(made) != 30 {
		t.Fatal(made, other)
	}
	sealed, err := r.SealRing(made, quick)
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{made, strings.ToUpper(made), strings.ReplaceAll(made, "-", ""), " " + made + "\n",
		strings.ReplaceAll(made, "-", " ")} {
		if again, err := OpenWithPassphrase(sealed, typed); err != nil || !bytes.Equal(again.Text(), r.Text()) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	for _, typed := range []string{"", made[1:], "a" + made, NewPassphrase(), "correct horse"} {
		if _, err := OpenWithPassphrase(sealed, typed); !errors.Is(err, ErrKey) {
			t.Errorf("%q: %v", typed, err)
		}
	}
	sealed, err = r.SealRing("Correct horse - battery", quick)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWithPassphrase(sealed, "Correct horse - battery\n"); err != nil {
		t.Error(err)
	}
	if _, err := OpenWithPassphrase(sealed, "correct horse - battery"); !errors.Is(err, ErrKey) {
		t.Error("one of a user's own is taken as it stands:", err)
	}
	if Last(made) != made[26:] || Last("né") != "né" {
		t.Error(Last(made), Last("né"))
	}
}

// TestSealedToOwnKey: the keys in the vault are opened by whom the contents are sealed to.
func TestSealedToOwnKey(t *testing.T) {
	own, _ := age.GenerateX25519Identity()
	other, _ := age.GenerateX25519Identity()
	r := ring(t, own.Recipient().String())
	sealed, err := r.SealRing("", 0)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := OpenWithIdentities(sealed, []age.Identity{other, own}); err != nil ||
		!bytes.Equal(again.Text(), r.Text()) {
		t.Error(err)
	}
	for _, with := range [][]age.Identity{nil, {other}} {
		if _, err := OpenWithIdentities(sealed, with); !errors.Is(err, ErrKey) {
			t.Error(err)
		}
	}
	if _, err := OpenWithPassphrase(sealed, "x"); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
}

// TestDamagedRing: each changed or missing byte is found, no error has a key in it, and nothing panics.
func TestDamagedRing(t *testing.T) {
	r := ring(t)
	text := r.Text()
	sealed, err := r.SealRing("p", quick)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		for _, b := range [][]byte{sealed[:i], append(append(bytes.Clone(sealed[:i]), sealed[i]^1), sealed[i+1:]...)} {
			if again, err := OpenWithPassphrase(b, "p"); err == nil && !bytes.Equal(again.Text(), text) {
				t.Fatalf("byte %d: other keys", i)
			}
		}
	}
	for i := range text {
		_, err := ParseRing(append(append(bytes.Clone(text[:i]), text[i]^1), text[i+1:]...))
		if err != nil && (strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), string(text[i:]))) {
			t.Fatalf("the error tells a key: %v", err)
		}
	}
	secret := r.Catalogue[0].String()
	for _, bad := range []string{"", "x", secret, lineFormat + "2\n", lineFormat + "1\n" + secret + "\n",
		strings.Replace(string(text), lineVerify, "# verfy: ", 1), strings.Replace(string(text), lineCatalogue+"\n", "", 1),
		strings.Replace(string(text), secret, "", 1), string(text[:len(text)-70]), string(text) + "x",
		strings.Repeat(string(text), 200)} {
		if _, err := ParseRing([]byte(bad)); !errors.Is(err, ErrFile) {
			t.Errorf("%.60q: %v", bad, err)
		}
	}
}

// TestReadersThatAreNone: what is no public key is refused before anything is made, and not repeated as if it were one.
func TestReadersThatAreNone(t *testing.T) {
	own, _ := age.GenerateX25519Identity()
	for _, readers := range [][]string{{""}, {"age1"}, {"ssh-ed25519 AAAA"}, {own.Recipient().String(), "x"},
		{own.Recipient().String() + "\n" + own.Recipient().String()}} {
		if _, err := New("v", readers); err == nil || !strings.Contains(err.Error(), "not a public key of age") {
			t.Errorf("%q: %v", readers, err)
		}
	}
	if _, err := ParseIdentities("AGE-SECRET-KEY-1XX", "my key"); err == nil || strings.Contains(err.Error(), "1XX") {
		t.Error(err)
	}
	if all, err := ParseIdentities("# made today\n"+own.String()+"\n", "k"); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
}

// TestAgeReadsTheFile: the program age takes a file of keys as it is.
func TestAgeReadsTheFile(t *testing.T) {
	program, err := exec.LookPath("age")
	if err != nil {
		t.Skip("needs age")
	}
	r := ring(t)
	k, err := r.Keys()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, r.Text(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, to := range [][]age.Recipient{k.CatalogueRecipients, k.ContentRecipients} {
		c := exec.Command(program, "-d", "-i", path)
		c.Stdin = bytes.NewReader(seal(t, "it is here", to))
		if out, err := c.CombinedOutput(); err != nil || string(out) != "it is here" {
			t.Errorf("%v: %s", err, out)
		}
	}
}

// TestSheet: it fits on a page and a screen, and says what is needed.
func TestSheet(t *testing.T) {
	r := ring(t)
	s := Sheet{URL: "s3://bucket/me", Vault: r.Vault, Passphrase: NewPassphrase(), Sealed: true, Verify: r.Verify}
	for _, s := range []Sheet{s, {URL: s.URL, Vault: s.Vault, Sealed: true, Verify: s.Verify}, {URL: s.URL, Vault: s.Vault,
		Verify: s.Verify}} {
		text := s.String()
		for line := range strings.Lines(text) {
			if len(line) > 81 {
				t.Errorf("%d columns: %s", len(line)-1, line)
			}
		}
		for _, want := range []string{s.URL, s.Vault, s.Passphrase} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	}
}

func FuzzParseRing(f *testing.F) {
	r, err := New("v", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Text())
	f.Add([]byte(lineFormat + "1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := ParseRing(b); err == nil {
			if again, err := ParseRing(r.Text()); err != nil || !bytes.Equal(again.Text(), r.Text()) {
				t.Error(err)
			}
		}
	})
}
