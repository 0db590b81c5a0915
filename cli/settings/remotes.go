package settings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snap/cli/text"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/remote"
)

// RemotesFile names the places that a destination is copied to: a section for each, and no secrets.
const RemotesFile = "Remotes.txt"

// Remote is a section of Remotes.txt.
type Remote struct {
	remote.Remote
	Keep Rules // which snapshots prune keeps there
}

// Called is what the remote is called in texts and command lines.
func (r *Remote) Called() string { return cmp.Or(r.Name, r.URL) }

// remoteKey is a setting of a remote.
type remoteKey struct {
	name string
	set  func(r *Remote, value string) error
}

func remoteKeys() []remoteKey {
	words := func(field func(*Remote) *string) func(*Remote, string) error {
		return func(r *Remote, v string) error { *field(r) = v; return nil }
	}
	all := []remoteKey{
		{"url", func(r *Remote, v string) error {
			if r.URL = v; remote.FormOf(v) == remote.None {
				return errors.New("write it as " + remote.URLForms)
			}
			return nil
		}},
		{"recipients", func(r *Remote, v string) error { r.Recipients = names(v); return nil }},
		{"storage_class", words(func(r *Remote) *string { return &r.StorageClass })},
		{"profile", words(func(r *Remote) *string { return &r.Profile })},
		{"endpoint", words(func(r *Remote) *string { return &r.Endpoint })},
		{"cacert", words(func(r *Remote) *string { return &r.CACert })},
		{"lock", func(r *Remote, v string) error {
			age, err := when.ParseAge(v)
			if err == nil {
				r.Lock, err = age.Duration()
			}
			return err
		}},
		{"min_storage", func(r *Remote, v string) error {
			age, err := when.ParseAge(v)
			if err == nil {
				r.MinStorage, err = age.Duration()
			}
			return err
		}},
		{"keys", func(r *Remote, v string) error {
			if r.KeysHome = v == "home"; !r.KeysHome && v != "here" {
				return errors.New("write it as home or here")
			}
			return nil
		}},
		{"limit_upload", func(r *Remote, v string) (err error) { r.LimitUpload, err = text.ParseAmount(v); return err }},
	}
	for _, s := range table() {
		if strings.HasPrefix(s.key, "keep_") {
			all = append(all, remoteKey{s.key, func(r *Remote, v string) error {
				of := Settings{Keep: r.Keep}
				err := s.set(&of, v)
				r.Keep = of.Keep
				return err
			}})
		}
	}
	return all
}

// CheckRemoteName says why a remote cannot be called name, which is also the name of a folder.
func CheckRemoteName(name string) error {
	bad := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._-", c)
	}
	if name == "" || len(name) > 64 || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") ||
		strings.ContainsFunc(name, bad) {
		return fmt.Errorf("%s cannot be the name of a remote: letters, digits, dots, dashes and _ can", quote.Name(name))
	}
	return nil
}

// ReadRemotes reads Remotes.txt in dest; none is no error.
func ReadRemotes(dest string) ([]Remote, error) {
	path := filepath.Join(dest, RemotesFile)
	text, err := readText(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := ParseRemotes(path, text)
	if err != nil {
		return nil, Wrong(err)
	}
	return all, nil
}

// ParseRemotes reads the text of Remotes.txt. The error is that of the first bad line.
func ParseRemotes(file string, text []byte) (all []Remote, err error) {
	keys := remoteKeys()
	at, begun := map[string]int{}, 0
	n := 0
	bad := func(why string, args ...any) error { return &Error{file, n, fmt.Sprintf(why, args...)} }
	ended := func() error {
		if len(all) > 0 && all[len(all)-1].URL == "" {
			n = begun
			return bad("[%s] has no url", all[len(all)-1].Name)
		}
		return nil
	}
	for line := range strings.Lines(string(bytes.TrimPrefix(text, []byte("\ufeff")))) {
		n++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if name, ok := strings.CutPrefix(withoutComment(line), "["); ok {
			name = strings.TrimSpace(strings.TrimSuffix(name, "]"))
			if err := CheckRemoteName(name); err != nil {
				return nil, bad("%s", err)
			}
			if slices.ContainsFunc(all, func(r Remote) bool { return r.Name == name }) {
				return nil, bad("[%s] is there twice", name)
			}
			if err := ended(); err != nil {
				return nil, err
			}
			all, begun = append(all, Remote{Remote: remote.Remote{Name: name}, Keep: DefaultRules()}), n
			clear(at)
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), withoutComment(value)
		i := slices.IndexFunc(keys, func(k remoteKey) bool { return k.name == key })
		switch {
		case !ok:
			return nil, bad("%s is no setting; write it as key = value, below the [NAME] of a remote", shown(line))
		case len(all) == 0:
			return nil, bad("%s stands before the first [NAME] of a remote", shown(key))
		case i < 0:
			return nil, bad("unknown setting %s of a remote", shown(key))
		case at[key] != 0:
			return nil, bad("%s is set twice, first in line %d; keep one", key, at[key])
		case value == "":
			continue
		}
		at[key] = n
		if err := keys[i].set(&all[len(all)-1], value); err != nil {
			return nil, bad("%s = %s: %s", key, shown(value), err)
		}
	}
	return all, ended()
}

const remotesHead = `# The places that these snapshots are copied to by snap copy NAME: a section for each.
# snap remote add NAME URL makes one. Secrets do not belong here: the keys are in .snap/remotes/NAME,
# and the credentials of a store where its own tools look for them.
`

// AddRemote writes a section at the end of Remotes.txt, which appears whole.
func AddRemote(dest string, r *remote.Remote) error {
	old, err := readText(filepath.Join(dest, RemotesFile))
	if errors.Is(err, fs.ErrNotExist) {
		old, err = []byte(remotesHead), nil
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n[%s]\nurl = %s\n", strings.TrimRight(string(old), "\n")+"\n", r.Name, r.URL)
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s = %s\n", key, value)
		}
	}
	line("recipients", strings.Join(r.Recipients, ", "))
	line("storage_class", r.StorageClass)
	line("profile", r.Profile)
	line("endpoint", r.Endpoint)
	line("cacert", r.CACert)
	if r.Lock > 0 {
		line("lock", fmt.Sprintf("%dh", int64(r.Lock.Hours())))
	}
	if r.KeysHome {
		line("keys", "home")
	}
	if r.LimitUpload > 0 {
		line("limit_upload", fmt.Sprintf("%dB", r.LimitUpload))
	}
	return replaceRemotes(dest, b.String())
}

// RemoveRemote takes the section of a remote out of Remotes.txt.
func RemoveRemote(dest, name string) error {
	text, err := readText(filepath.Join(dest, RemotesFile))
	if err != nil {
		return err
	}
	var b strings.Builder
	in := false
	for line := range strings.Lines(string(text)) {
		if trimmed := withoutComment(line); strings.HasPrefix(trimmed, "[") {
			in = trimmed == "["+name+"]"
		}
		if !in {
			b.WriteString(line)
		}
	}
	return replaceRemotes(dest, b.String())
}

// replaceRemotes writes Remotes.txt, and only what can be read again.
func replaceRemotes(dest, text string) error {
	path := filepath.Join(dest, RemotesFile)
	if _, err := ParseRemotes(path, []byte(text)); err != nil {
		return hint.Usage(err)
	}
	f, err := os.CreateTemp(dest, ".snap-remotes-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Files are the names of the user's files in a destination.
func Files() []string { return []string{OptionsFile, BlacklistFile, WhitelistFile, RemotesFile} }

func setCopyTo(s *Settings, v string) error {
	s.CopyTo = names(v)
	for _, name := range s.CopyTo {
		if err := CheckRemoteName(name); err != nil {
			return err
		}
	}
	return nil
}
