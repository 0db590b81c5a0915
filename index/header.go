package index

import (
	"strconv"
	"time"
)

// Every command reads the headers of all snapshots, of which there may be thousands, and encoding/json takes three
// times as long for one as quickHeader does. It knows what json.Marshal makes of a Header and gives up on
// everything else: escapes, other letters than those of ASCII, blanks, fields that it does not know.

// quickHeader reads a header as json.Unmarshal would; false if that is to be asked. h is then to be thrown away.
func quickHeader(b []byte, h *Header) bool {
	q := quick{b: b}
	q.object(func(key []byte) {
		switch string(key) {
		case "name":
			h.Name = q.text()
		case "seq":
			h.Seq = q.unsigned()
		case "time":
			h.Time = q.time()
		case "finished":
			h.Finished = q.time()
		case "source":
			h.Source = q.text()
		case "host":
			h.Host = q.text()
		case "user":
			h.User = q.text()
		case "files":
			h.Files = q.signed()
		case "dirs":
			h.Dirs = q.signed()
		case "bytes":
			h.Bytes = q.signed()
		case "added":
			h.Added = q.signed()
		case "modified":
			h.Modified = q.signed()
		case "metadata":
			h.Metadata = q.signed()
		case "moved":
			h.Moved = q.signed()
		case "removed":
			h.Removed = q.signed()
		case "linked":
			h.Linked = q.signed()
		case "copied_bytes":
			h.CopiedBytes = q.signed()
		case "errors":
			h.Errors = q.signed()
		case "state":
			h.State = State(q.text())
		case "tags":
			h.Tags = q.texts()
		case "note":
			h.Note = q.text()
		case "destination":
			h.Destination = q.text()
		case "volumes":
			h.Volumes = q.texts()
		case "users":
			h.Users = q.names()
		case "groups":
			h.Groups = q.names()
		case "records":
			h.Records = q.signed()
		case "parent":
			h.Parent = q.unsigned()
		case "bucket":
			h.Bucket = q.unsigned()
		default:
			q.failed = true
		}
	})
	return !q.failed && len(q.b) == 0
}

// quick reads JSON from the front of b. After it has failed what it answers means nothing.
type quick struct {
	b      []byte
	failed bool
}

// take takes c from the front, if it is there.
func (q *quick) take(c byte) bool {
	if len(q.b) == 0 || q.b[0] != c {
		return false
	}
	q.b = q.b[1:]
	return true
}

func (q *quick) need(c byte) {
	if !q.take(c) {
		q.failed = true
	}
}

// null takes a null, if there is one.
func (q *quick) null() bool {
	if len(q.b) < 4 || string(q.b[:4]) != "null" {
		return false
	}
	q.b = q.b[4:]
	return true
}

// raw is a string of plain letters.
func (q *quick) raw() []byte {
	q.need('"')
	for i, c := range q.b {
		switch {
		case c == '"':
			s := q.b[:i]
			q.b = q.b[i+1:]
			return s
		case c < 0x20, c >= 0x7f, c == '\\':
			q.failed = true
			return nil
		}
	}
	q.failed = true
	return nil
}

func (q *quick) text() string { return string(q.raw()) }

func (q *quick) time() (t time.Time) {
	if t.UnmarshalText(q.raw()) != nil {
		q.failed = true
	}
	return t
}

// digits is what a number consists of.
func (q *quick) digits() string {
	i := 0
	for i < len(q.b) && (q.b[i] >= '0' && q.b[i] <= '9' || i == 0 && q.b[i] == '-') {
		i++
	}
	s := string(q.b[:i])
	if q.b = q.b[i:]; len(s) > 1 && (s[0] == '0' || s[0] == '-') {
		q.failed = true
	}
	return s
}

func (q *quick) signed() int64 {
	n, err := strconv.ParseInt(q.digits(), 10, 64)
	q.failed = q.failed || err != nil
	return n
}

func (q *quick) unsigned() uint64 {
	n, err := strconv.ParseUint(q.digits(), 10, 64)
	q.failed = q.failed || err != nil
	return n
}

// object reads an object, calling value to read each value.
func (q *quick) object(value func(key []byte)) {
	q.need('{')
	if q.take('}') {
		return
	}
	for !q.failed {
		key := q.raw()
		q.need(':')
		if q.failed {
			return
		}
		if value(key); q.take('}') {
			return
		}
		q.need(',')
	}
}

// texts is an array of strings.
func (q *quick) texts() []string {
	if q.null() {
		return nil
	}
	all := []string{}
	q.need('[')
	if q.take(']') {
		return all
	}
	for !q.failed {
		if all = append(all, q.text()); q.take(']') {
			break
		}
		q.need(',')
	}
	return all
}

// names is a map of numbers to strings.
func (q *quick) names() map[uint32]string {
	if q.null() {
		return nil
	}
	all := map[uint32]string{}
	q.object(func(key []byte) {
		id, err := strconv.ParseUint(string(key), 10, 32)
		q.failed = q.failed || err != nil
		all[uint32(id)] = q.text()
	})
	return all
}
