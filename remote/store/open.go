package store

import (
	"time"
)

// Options says how to reach a place. The zero value is good for all of them.
type Options struct {
	Getenv     func(string) string // the environment, for credentials; nil: an empty one
	Traits     *Traits             // what an earlier Probe found; nil: nothing is known yet
	RetryFor   time.Duration       // how long what may pass is tried again; 0: 15 minutes, negative: never
	Jobs       int                 // requests at a time; 0: 4
	LimitUp    int64               // bytes a second; 0: all there is
	LimitDown  int64
	Endpoint   string // of S3, in place of the one in the URL or in $AWS_ENDPOINT_URL_S3
	Region     string // of S3; "": $AWS_REGION, the profile's, or what the store says
	Profile    string // in ~/.aws; "": $AWS_PROFILE, default
	CACert     string // file with certificates to trust besides the system's
	RcloneProg string // the program; "": rclone, from $PATH
}
