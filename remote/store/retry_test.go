package store

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/internal/hint"
	"snap/remote/store/storetest"
)

// TestAnswersOfStores: what each answer comes to, and how often it was asked for.
func TestAnswersOfStores(t *testing.T) {
	const many = -1
	type answer = storetest.Answer
	long := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Format(http.TimeFormat)
	for _, c := range []struct {
		answer storetest.Answer
		kind   Kind  // of the *ReachError, or
		is     error // this one
		asked  int
		says   string
	}{
		{answer{Status: 403, Code: "InvalidAccessKeyId", Message: "no such key"}, Credentials, nil, 1, "no such key"},
		{answer{Status: 403, Code: "SignatureDoesNotMatch"}, Credentials, nil, 1, "SignatureDoesNotMatch"},
		{answer{Status: 404, Code: "XAdminUserNotFound"}, Credentials, nil, 1, ""},
		{answer{Status: 400, Code: "ExpiredToken"}, Credentials, nil, 1, ""},
		{answer{Status: 401, Code: "Whatever"}, Credentials, nil, 1, ""},
		{answer{Status: 403, Code: "AccessDenied"}, Rights, nil, 1, ""},
		{answer{Status: 403, Code: "AllAccessDisabled"}, Rights, nil, 1, ""},
		{answer{Status: 403, Code: "AccessDenied", Message: "storage cap exceeded"}, Full, nil, 1, "cap"},
		{answer{Status: 507, Code: "XMinioStorageFull"}, Full, nil, 1, ""},
		{answer{Status: 403, Code: "RequestTimeTooSkewed", Date: long}, Clock, nil, 1, "there 2026-01-02T03:04:05Z"},
		{answer{Status: 404, Code: "NoSuchBucket"}, NoPlace, nil, 1, ""},
		{answer{Status: 400, Code: "InvalidStorageClass"}, Refused, nil, 1, ""},
		{answer{Status: 400, Code: "BadDigest"}, Refused, nil, 3, ""},
		{answer{Status: 412, Code: "PreconditionFailed"}, "", ErrExists, 1, ""},
		{answer{Status: 403, Code: "AccessDenied", Message: "object protected by object lock"}, "", ErrLocked, 1, ""},
		{answer{Status: 400, Code: "InvalidRequest", Message: "Object is WORM protected"}, "", ErrLocked, 1, ""},
		{answer{Status: 409, Code: "ConditionalRequestConflict"}, Unreachable, nil, many, ""},
		{answer{Status: 500, Code: "InternalError"}, Unreachable, nil, many, ""},
		{answer{Status: 502, Code: ""}, Unreachable, nil, many, ""},
		{answer{Status: 503, Code: "SlowDown"}, Unreachable, nil, many, "SlowDown"},
		{answer{Status: 429, Code: "TooManyRequests"}, Unreachable, nil, many, ""},
		{answer{Status: 403, Code: "AccessDenied", Message: "evil\x1b[2J"}, Rights, nil, 1, ""},
	} {
		small := storetest.NewSmall(t)
		s := mustOpen(t, small.Place("p"),
			Options{Env: small.Env, Region: "us-east-1", RetryFor: time.Minute, clock: timeless()})
		asked := 0
		small.Answer(func(*http.Request) *storetest.Answer { asked++; return &c.answer })
		err := s.Put(t.Context(), "head/1", nil, PutOptions{})
		var reach *ReachError
		errors.As(err, &reach)
		switch {
		case c.is != nil && !errors.Is(err, c.is), c.is == nil && (reach == nil || reach.Kind != c.kind || reach.Place == ""):
			t.Errorf("%+v: %v", c.answer, err)
		case !strings.Contains(err.Error(), c.says), strings.Contains(err.Error(), "\x1b"):
			t.Errorf("%+v: %q", c.answer, err)
		case c.asked != many && asked != c.asked, c.asked == many && (asked < 5 || asked > 20):
			t.Errorf("%+v: asked %d times", c.answer, asked)
		}
		if reach != nil && slices.Contains([]Kind{Credentials, Rights, Clock, NoPlace, Full}, c.kind) &&
			len(hint.Lines(err, func(s string) string { return s })) == 0 {
			t.Errorf("%+v: nothing to do about it", c.answer)
		}
	}
}

// TestHeadWithoutWords: the answer to HEAD has no body, and still the store's words are said.
func TestHeadWithoutWords(t *testing.T) {
	small := storetest.NewSmall(t)
	s := mustOpen(t, small.Place("p"), Options{Env: small.Env, Region: "us-east-1", clock: timeless()})
	small.Answer(func(*http.Request) *storetest.Answer {
		return &storetest.Answer{Status: 403, Code: "InvalidAccessKeyId", Message: "no such key"}
	})
	_, err := s.Stat(t.Context(), "head/1")
	var reach *ReachError
	if !errors.As(err, &reach) || reach.Kind != Credentials || !strings.Contains(err.Error(), "no such key") {
		t.Error(err)
	}
}

// TestPoorerStores: headers that a store does not know are left out from then on.
func TestPoorerStores(t *testing.T) {
	for _, c := range []struct {
		header, code, message string
		status                int
		want                  Traits
	}{
		{"If-None-Match", "NotImplemented", "A header you provided implies functionality that is not implemented", 501,
			Traits{ChecksSum: true, Ranges: true, Lists: true, ServerClock: true}},
		{"X-Amz-Checksum-Sha256", "InvalidArgument", "Unsupported header 'x-amz-checksum-sha256' received", 400,
			Traits{CreateOnly: true, Ranges: true, Lists: true, ServerClock: true}},
		{"", "", "", 0, Traits{CreateOnly: true, ChecksSum: true, Ranges: true, Lists: true, ServerClock: true}},
	} {
		small := storetest.NewSmall(t)
		refused := 0
		small.Answer(func(r *http.Request) *storetest.Answer {
			if r.Header.Get(c.header) == "" || c.header == "" {
				return nil
			}
			refused++
			return &storetest.Answer{Status: c.status, Code: c.code, Message: c.message}
		})
		s := mustOpen(t, small.Place("p"), Options{Env: small.Env, RetryFor: time.Minute, clock: timeless(),
			Retrying: func(err error, _ time.Duration) { t.Errorf("%s: what the store says is told: %v", c.header, err) }})
		found, err := Probe(t.Context(), s)
		if err != nil || found != c.want {
			t.Errorf("%s: %+v, %v", c.header, found, err)
		}
		if refused > 1 {
			t.Errorf("%s: sent %d times", c.header, refused)
		}
		if _, there := small.Object("p/" + probes); there {
			t.Error("a probe is left")
		}
	}
}

// TestIgnoredCondition: a store that accepts If-None-Match and does not care is found out.
func TestIgnoredCondition(t *testing.T) {
	small := storetest.NewSmall(t)
	small.Answer(func(r *http.Request) *storetest.Answer { r.Header.Del("If-None-Match"); return nil })
	s := mustOpen(t, small.Place("p"), Options{Env: small.Env, clock: timeless()})
	if found, err := Probe(t.Context(), s); err != nil || found.CreateOnly {
		t.Errorf("%+v, %v", found, err)
	}
	sent := false
	small.Answer(func(r *http.Request) *storetest.Answer {
		sent = sent || r.Header.Get("If-None-Match") != ""
		return nil
	})
	if err := s.Put(t.Context(), "head/1", nil, PutOptions{}); err != nil || sent {
		t.Error("it is still sent", err)
	}
}

// TestIgnoredRanges: a store that sends all of an object where a part was asked for, and all names.
func TestIgnoredRanges(t *testing.T) {
	small := storetest.NewSmall(t)
	small.Answer(func(r *http.Request) *storetest.Answer {
		r.Header.Del("Range")
		q := r.URL.Query()
		q.Del("start-after")
		r.URL.RawQuery = q.Encode()
		return nil
	})
	s := mustOpen(t, small.Place("p"), Options{Env: small.Env, clock: timeless()})
	if found, err := Probe(t.Context(), s); err != nil || found.Ranges || !found.CreateOnly {
		t.Errorf("%+v, %v", found, err)
	}
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := s.Put(t.Context(), name, []byte("0123456789"), PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if part, err := s.Get(t.Context(), "a", 3, 4); string(part) != "3456" || err != nil {
		t.Errorf("%q, %v", part, err)
	}
	if part, err := s.Get(t.Context(), "a", 3, -1); string(part) != "3456789" || err != nil {
		t.Errorf("%q, %v", part, err)
	}
	for _, c := range [][2]int64{{3, 8}, {11, -1}, {11, 1}} {
		if part, err := s.Get(t.Context(), "a", c[0], c[1]); !errors.Is(err, ErrShort) {
			t.Errorf("%d from %d: %q, %v", c[1], c[0], part, err)
		}
	}
	names := ""
	for o, err := range s.List(t.Context(), "", "b") {
		if err != nil {
			t.Error(err)
		}
		names += o.Name
	}
	if names != "cd" {
		t.Errorf("behind b: %q", names)
	}
}

// TestPagesOfListings: each page is asked for behind the last name of the one before, also when it failed at first.
func TestPagesOfListings(t *testing.T) {
	small := storetest.NewSmall(t)
	s := mustOpen(t, small.Place("p"), Options{Env: small.Env, Region: "r", clock: timeless()})
	s.(*patientS3).page = 3
	want := ""
	for c := 'a'; c <= 'k'; c++ {
		want += string(c)
		if err := s.Put(t.Context(), string(c), nil, PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	asked, behind := 0, ""
	small.Answer(func(r *http.Request) *storetest.Answer {
		if asked++; asked%3 == 0 {
			return &storetest.Answer{Status: 500, Code: "InternalError"}
		}
		if at := r.URL.Query().Get("start-after"); !strings.HasSuffix(behind, at) {
			behind += at
		}
		return nil
	})
	names := ""
	for o, err := range s.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		names += o.Name
	}
	if names != want || behind != "p/cp/fp/i" {
		t.Errorf("%q, asked behind %q", names, behind)
	}
}

// TestSlowDown: a store that says so is asked fewer things at a time.
func TestSlowDown(t *testing.T) {
	small := storetest.NewSmall(t)
	s := mustOpen(t, small.Place("p"), Options{Env: small.Env, Region: "r", Jobs: 8, clock: timeless()})
	asked, limit := 0, s.(*patientS3).gate
	small.Answer(func(*http.Request) *storetest.Answer {
		if asked++; asked <= 2 {
			return &storetest.Answer{Status: 503, Code: "SlowDown"}
		}
		return nil
	})
	if err := s.Put(t.Context(), "a", nil, PutOptions{}); err != nil || asked != 3 || limit.limit != 2 {
		t.Errorf("%v, asked %d times, %d at a time", err, asked, limit.limit)
	}
}

// TestPauses: they grow, have an end, and never are alike for all.
func TestPauses(t *testing.T) {
	p := &patient{clock: clock{jitter: func() float64 { return 0.5 }}}
	for i, want := range []time.Duration{250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000} {
		if d := p.pauseAfter(i + 1); d != want*time.Millisecond {
			t.Errorf("after %d: %s", i+1, d)
		}
	}
	for _, tries := range []int{1, 5, 1000, 1 << 30} {
		for _, x := range []float64{0, 0.999} {
			p.clock.jitter = func() float64 { return x }
			if d := p.pauseAfter(tries); d < time.Second/8 || d > 45*time.Second {
				t.Errorf("after %d: %s", tries, d)
			}
		}
	}
}

// TestRetryingEnds: no try begins later than RetryFor after the first, and never means never.
func TestRetryingEnds(t *testing.T) {
	for _, retryFor := range []time.Duration{-1, time.Second, time.Minute, time.Hour} {
		small := storetest.NewSmall(t)
		c := timeless()
		begun, last, told := c.now(), c.now(), 0
		s := mustOpen(t, small.Place("p"), Options{Env: small.Env, Region: "r", RetryFor: retryFor, clock: c,
			Retrying: func(error, time.Duration) { told++ }})
		asked := 0
		small.Answer(func(*http.Request) *storetest.Answer {
			asked, last = asked+1, c.now()
			return &storetest.Answer{Status: 500, Code: "InternalError"}
		})
		err := s.Delete(t.Context(), "head/1")
		if took := last.Sub(begun); !errors.As(err, new(*ReachError)) || took > max(retryFor, 0) || told != asked-1 {
			t.Errorf("%s: tried for %s, %d times, told %d: %v", retryFor, took, asked, told, err)
		}
		if retryFor >= time.Minute && last.Sub(begun) < retryFor/3 {
			t.Errorf("%s: given up after %s", retryFor, last.Sub(begun))
		}
	}
}

// TestNobodyAtHome: a port that nobody listens at is tried again, and then said.
func TestNobodyAtHome(t *testing.T) {
	s := mustOpen(t, "s3:http://127.0.0.1:1/bucket", Options{
		Env:      []string{"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"},
		RetryFor: time.Minute, clock: timeless()})
	_, err := s.Get(t.Context(), "head/1", 0, -1)
	var reach *ReachError
	if !errors.As(err, &reach) || reach.Kind != Unreachable || reach.Tries < 5 ||
		!strings.Contains(fmt.Sprint(err), "refused") {
		t.Error(err)
	}
}
