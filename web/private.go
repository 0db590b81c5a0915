package web

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

// Folders are where a server keeps what is this user's alone: both absolute.
type Folders struct {
	State   string // the key, and which servers run
	Runtime string // the file that the browser is opened on; "" is State
}

// The files in them. Each is made for its owner alone, and is believed only as long as it is.
const (
	keyName     = "web.key"
	runningName = "web-" // <port>.json
)

// private opens a folder of this user, and makes it. It is refused where somebody else could put another in its place.
func private(dir string) (*file.Dir, error) {
	if !filepath.IsAbs(dir) {
		return nil, hint.With(errors.New("there is no folder to keep the key of this user in"), "set $HOME")
	}
	// What is in the folder counts, too: nobody else may put a file there.
	if at := file.ReachOfOthersThan(filepath.Join(dir, keyName), os.Geteuid()); at != "" {
		return nil, hint.With(fmt.Errorf("%s: another user can change it, so no key is kept there", quote.Name(at)),
			"who may: ls -ld %s %s", quote.Word(filepath.Dir(at)), quote.Word(at))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return file.OpenRoot(dir)
}

// readPrivate reads a small file that nobody but this user may have written or read.
func readPrivate(d *file.Dir, name string) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if me := os.Geteuid(); me >= 0 && (int(s.UID) != me || s.Mode&0o077 != 0) {
		path := filepath.Join(d.Path(), name)
		return nil, hint.With(fmt.Errorf("%s: others may read it, or wrote it", quote.Name(path)),
			"remove it, and start snap web again")
	}
	return io.ReadAll(io.LimitReader(f, 64<<10))
}

// writePrivate makes a file for this user alone. With replace it takes the place of what is there; without, what
// is there stays, which is fs.ErrExist.
func writePrivate(d *file.Dir, name string, content []byte, replace bool) error {
	tmp := name + "." + rand.Text() + ".tmp"
	f, err := d.Create(tmp)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Close())
	if err == nil && replace {
		err = d.Replace(tmp, d, name)
	} else if err == nil {
		err = d.Rename(tmp, d, name)
	}
	if err != nil {
		return errors.Join(err, d.Remove(tmp))
	}
	return nil
}

// ReadKey is this user's key, which is made if there is none. Removing its file ends all sessions.
func ReadKey(f Folders) (key Key, err error) {
	d, err := private(f.State)
	if err != nil {
		return key, err
	}
	defer d.Close()
	b, err := readPrivate(d, keyName)
	if errors.Is(err, fs.ErrNotExist) {
		rand.Read(key[:])
		err = writePrivate(d, keyName, []byte(hex.EncodeToString(key[:])+"\n"), false)
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return key, err
		}
		b, err = readPrivate(d, keyName) // another server was faster
	}
	if err != nil {
		return key, err
	}
	if key, err = parseKey(b); err != nil {
		err = hint.With(fmt.Errorf("%s: %w", quote.Name(filepath.Join(f.State, keyName)), err),
			"remove it, and start snap web again")
	}
	return key, err
}

// running is a server as it tells of itself to other runs of this user.
type running struct {
	Address string `json:"address"` // http://127.0.0.1:7627
	Dir     []byte `json:"destination"`
	Run     []byte `json:"run"`
}

// announce leaves a file about the server; the function that it returns takes it away.
func (f Folders) announce(port int, r running) (end func(), err error) {
	d, err := private(f.State)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(r)
	name := runningName + strconv.Itoa(port) + ".json"
	if err == nil {
		err = writePrivate(d, name, b, true)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return func() {
		defer d.Close()
		if now, err := readPrivate(d, name); err == nil && bytes.Equal(now, b) {
			d.Remove(name)
		}
	}, nil
}

// servers are the servers that have left a file. Some may have died.
func (f Folders) servers() (all []running, err error) {
	d, err := private(f.State)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.Entries()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name, runningName) || !strings.HasSuffix(e.Name, ".json") {
			continue
		}
		b, err := readPrivate(d, e.Name)
		var r running
		if err == nil && json.Unmarshal(b, &r) == nil {
			all = append(all, r)
		}
	}
	return all, nil
}

// leadingTo leaves a page that leads to an address, for the browser to be opened on: a command line, which every user
// of the machine can read, then holds no code. It returns the path of the page.
func (f Folders) leadingTo(address string) (path string, remove func(), err error) {
	dir := f.Runtime
	if dir == "" {
		dir = f.State
	}
	d, err := private(dir)
	if err != nil {
		return "", nil, err
	}
	name := "snap-web-" + rand.Text() + ".html"
	page := `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">` +
		`<meta http-equiv="refresh" content="0; url=` + html.EscapeString(address) + `"><title>snap</title>` +
		`<p><a href="` + html.EscapeString(address) + `" rel="noreferrer">Open snap</a></p>` + "\n"
	if err := writePrivate(d, name, []byte(page), false); err != nil {
		d.Close()
		return "", nil, err
	}
	return filepath.Join(dir, name), func() {
		d.Remove(name)
		d.Close()
	}, nil
}

// readKeyAgain is the key as it stands now; it makes none.
func readKeyAgain(f Folders) (key Key, err error) {
	d, err := file.OpenRoot(f.State)
	if err != nil {
		return key, err
	}
	defer d.Close()
	b, err := readPrivate(d, keyName)
	if err != nil {
		return key, err
	}
	return parseKey(b)
}

var errNoKey = errors.New("is no key")

func parseKey(b []byte) (key Key, err error) {
	word, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(word) != len(key) {
		return key, errNoKey
	}
	return Key(word), nil
}
