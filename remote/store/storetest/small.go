package storetest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Small is an S3 server in memory, no more than remote/store asks of one. It believes every signature. It is there on
// every machine, and can be told to answer as servers do that are poorer or in a bad mood.
type Small struct {
	URL string
	Env []string

	mu      sync.Mutex
	objects map[string]object
	mood    func(*http.Request) *Answer
}

type object struct {
	body         []byte
	at           time.Time
	cold, coming bool
}

// Answer is what a server says instead of doing what was asked.
type Answer struct {
	Status        int
	Code, Message string
	Date          string // "": now
}

// NewSmall starts one until the test ends.
func NewSmall(t testing.TB) *Small {
	s := &Small{Env: keys, objects: map[string]object{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Place is the URL that remote/store takes for a prefix in the bucket.
func (s *Small) Place(prefix string) string { return "s3:" + s.URL + "/" + Bucket + "/" + prefix }

// At is Place through a proxy at another URL.
func (s *Small) At(url, prefix string) string { return "s3:" + url + "/" + Bucket + "/" + prefix }

// Answer lets it ask for each request what to say; nil: it does what was asked.
func (s *Small) Answer(mood func(*http.Request) *Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = mood
}

// Object is the body of an object by its whole key.
func (s *Small) Object(key string) (body string, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, there := s.objects[key]
	return string(o.body), there
}

func (s *Small) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mood != nil {
		if a := s.mood(r); a != nil {
			a.write(w)
			return
		}
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case bucket != Bucket:
		(&Answer{Status: 404, Code: "NoSuchBucket"}).write(w)
	case r.URL.Query().Has("location"):
		io.WriteString(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>`)
	case key == "" && r.Method == http.MethodGet:
		s.list(w, r)
	case r.Method == http.MethodPut:
		s.put(w, r, key, body)
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPost && r.URL.Query().Has("restore"):
		s.thaw(w, key)
	case key != "":
		s.get(w, r, key)
	}
}

func (a *Answer) write(w http.ResponseWriter) {
	if a.Date != "" {
		w.Header().Set("Date", a.Date)
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(a.Status)
	xml.NewEncoder(w).Encode(struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}{Code: a.Code, Message: a.Message})
}

func (s *Small) put(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	sum := sha256.Sum256(body)
	_, there := s.objects[key]
	switch want := r.Header.Get("X-Amz-Checksum-Sha256"); {
	case want != "" && want != base64.StdEncoding.EncodeToString(sum[:]):
		(&Answer{Status: 400, Code: "BadDigest"}).write(w)
	case there && r.Header.Get("If-None-Match") == "*":
		(&Answer{Status: 412, Code: "PreconditionFailed"}).write(w)
	default:
		s.objects[key] = object{body: body, at: time.Now()}
	}
}

// Freeze puts the objects below a prefix into cold storage, as a rule of a bucket does.
func (s *Small) Freeze(prefix string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, o := range s.objects {
		if strings.HasPrefix(key, prefix) {
			o.cold, o.coming = true, false
			s.objects[key] = o
			n++
		}
	}
	return n
}

// Thawed lets the hours pass until all that was asked for is back.
func (s *Small) Thawed() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, o := range s.objects {
		if o.coming {
			o.cold, o.coming = false, false
			s.objects[key] = o
			n++
		}
	}
	return n
}

func (s *Small) thaw(w http.ResponseWriter, key string) {
	o, there := s.objects[key]
	switch {
	case !there:
		(&Answer{Status: 404, Code: "NoSuchKey"}).write(w)
	case o.coming:
		(&Answer{Status: 409, Code: "RestoreAlreadyInProgress"}).write(w)
	default:
		o.coming = o.cold
		s.objects[key] = o
		w.WriteHeader(http.StatusAccepted)
	}
}

func (s *Small) get(w http.ResponseWriter, r *http.Request, key string) {
	o, there := s.objects[key]
	if !there {
		(&Answer{Status: 404, Code: "NoSuchKey"}).write(w)
		return
	}
	w.Header().Set("Last-Modified", o.at.UTC().Format(http.TimeFormat))
	w.Header().Set("ETag", `"e"`)
	if o.cold {
		if r.Method == http.MethodGet {
			(&Answer{Status: 403, Code: "InvalidObjectState",
				Message: "The operation is not valid for the object's storage class"}).write(w)
			return
		}
		w.Header().Set("X-Amz-Storage-Class", "GLACIER")
	}
	if o.coming {
		w.Header().Set("X-Amz-Restore", `ongoing-request="true"`)
	}
	status, first, last := http.StatusOK, 0, len(o.body)-1
	if from, to, found := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"); found {
		status = http.StatusPartialContent
		first, _ = strconv.Atoi(from)
		if n, err := strconv.Atoi(to); err == nil {
			last = min(last, n)
		}
		if first > last {
			(&Answer{Status: 416, Code: "InvalidRange"}).write(w)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(o.body)))
	}
	part := o.body[first : last+1]
	w.Header().Set("Content-Length", strconv.Itoa(len(part)))
	w.WriteHeader(status)
	if r.Method == http.MethodGet {
		w.Write(part)
	}
}

// list answers two at a time, so that every listing has pages.
func (s *Small) list(w http.ResponseWriter, r *http.Request) {
	type entry struct {
		Key          string
		Size         int
		LastModified string
	}
	var page struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []entry
	}
	q := r.URL.Query()
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if !strings.HasPrefix(key, q.Get("prefix")) || key <= after {
			continue
		}
		if len(page.Contents) == 2 {
			page.IsTruncated, page.NextContinuationToken = true, page.Contents[1].Key
			break
		}
		o := s.objects[key]
		page.Contents = append(page.Contents, entry{key, len(o.body), o.at.UTC().Format("2006-01-02T15:04:05.000Z")})
	}
	w.Header().Set("Content-Type", "application/xml")
	xml.NewEncoder(w).Encode(page)
}
