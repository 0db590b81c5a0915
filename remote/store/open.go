package store

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"snap/internal/hint"
	"snap/internal/pace"
	"snap/internal/stream"
)

// Options says how to reach a place. The zero value is good for all of them.
type Options struct {
	Env          []string      // the environment as os.Environ has it, for credentials and for rclone
	Traits       *Traits       // what an earlier Probe found; nil: nothing is known yet
	Create       bool          // make a folder that is not there; its parent must be. Buckets are made by their owner
	RetryFor     time.Duration // how long what may pass is tried again; 0: 15 minutes, negative: never
	Jobs         int           // requests at a time; 0: 4
	LimitUp      int64         // bytes a second of all requests together; 0: all there is
	LimitDown    int64         // the same for what is read
	StorageClass string        // of S3, for every Put that does not name one; "": the bucket's
	Endpoint     string        // of S3, for s3://BUCKET, in place of $AWS_ENDPOINT_URL_S3 and AWS
	Region       string        // of S3; "": $AWS_REGION, the profile's, or what the store says
	KnownRegion  string        // of S3; what Region found at the same URL, where nothing else says it; "": it is asked for
	Profile      string        // in ~/.aws, and then only there; "": $AWS_* or the default profile
	CACert       string        // file with certificates to trust besides the system's
	Rclone       string        // the program; "": rclone, from $PATH

	// Retrying is told of each error that is met, and when the request is tried again; nil: nobody is. Several
	// requests may tell it something at the same time.
	Retrying func(err error, pause time.Duration)

	clock clock         // of tests
	stall time.Duration // of tests; how long a try may move nothing
}

// Kinds are what the URL of a place begins with.
const (
	kindS3     = "s3:"
	kindFolder = "vault:"
	kindRclone = "rclone:"
)

// IsURL reports whether text names a place that Open knows, and not a name or a folder.
func IsURL(text string) bool {
	for _, kind := range []string{kindS3, kindFolder, kindRclone} {
		if strings.HasPrefix(text, kind) {
			return true
		}
	}
	return false
}

// Open is the place of a URL: s3://BUCKET/PREFIX, s3:https://HOST[:PORT]/BUCKET/PREFIX, vault:/FOLDER or
// rclone:REMOTE:PATH. Nothing is asked of it yet, but a folder must be there and rclone installed.
func Open(_ context.Context, url string, o Options) (Store, error) {
	p := &patient{url: url, retryFor: o.RetryFor, stall: o.stall, gate: newGate(o.jobs()), clock: o.clock,
		retrying: o.Retrying}
	if p.retryFor == 0 {
		p.retryFor = 15 * time.Minute
	}
	if p.clock.now == nil {
		p.clock = clock{time.Now, stream.Pause, rand.Float64}
	}
	if p.stall == 0 {
		p.stall = 2 * time.Minute
	}
	if o.LimitUp > 0 {
		p.up = pace.New(o.LimitUp)
	}
	if o.LimitDown > 0 {
		p.down = pace.New(o.LimitDown)
	}
	if o.Traits != nil {
		p.learn(*o.Traits)
	}
	switch {
	case strings.HasPrefix(url, kindS3):
		s, err := openS3(url, o)
		if err != nil {
			return nil, err
		}
		p.place, p.page = s, 1000
		return &patientS3{p, s}, nil
	case strings.HasPrefix(url, kindFolder):
		f, err := openFolder(strings.TrimPrefix(url, kindFolder), o.Create)
		if err != nil {
			return nil, p.told(err, "")
		}
		p.place = f
	case strings.HasPrefix(url, kindRclone):
		r, err := openRclone(strings.TrimPrefix(url, kindRclone), o)
		if err != nil {
			return nil, p.told(err, "")
		}
		p.place = r
		p.stall *= 5 // it answers when the bytes have gone on to where they lie
	default:
		return nil, hint.With(hint.Usagef("not a place that is known: %q", shown(url)),
			"s3://BUCKET/PREFIX, s3:https://HOST/BUCKET/PREFIX, vault:/FOLDER or rclone:REMOTE:PATH")
	}
	return p, nil
}

func (o *Options) jobs() int {
	if o.Jobs > 0 {
		return o.Jobs
	}
	return 4
}

// lookup is the value of a variable of Env, the last one as the system has it.
func (o *Options) lookup(name string) string {
	for i := len(o.Env) - 1; i >= 0; i-- {
		if value, found := strings.CutPrefix(o.Env[i], name+"="); found {
			return value
		}
	}
	return ""
}
