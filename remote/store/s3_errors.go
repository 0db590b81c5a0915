package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"snap/internal/hint"
)

// The codes of S3 that say the same for different stores.
var (
	badCredentials = []string{"InvalidAccessKeyId", "SignatureDoesNotMatch", "XAdminUserNotFound", "InvalidToken",
		"ExpiredToken", "TokenRefreshRequired", "AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException",
		"InvalidSecurity", "NotSignedUp", "XMinioInvalidAccessKey", "Unauthorized", "NotAuthenticated"}
	badClock = []string{"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"}
	tooMuch  = []string{"SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "ThrottlingException",
		"RequestLimitExceeded", "RequestThrottled", "TooManyRequests", "ServiceUnavailable"}
	damaged  = []string{"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "InvalidDigest"}
	notThere = []string{"NoSuchKey", "NoSuchVersion", "NotFound"}
	full     = []string{"QuotaExceeded", "StorageFull", "XMinioStorageFull", "InsufficientStorage",
		"XMinioAdminBucketQuotaExceeded", "InsufficientStorageSpace", "StorageQuotaExceeded"}
)

// judge says what an error of a request means. right is what the request needs; at the Date of the answer; how, for a
// Put, what was asked of the store.
func (s *s3) judge(ctx context.Context, err error, right string, at time.Time, how *putting) error {
	var answer minio.ErrorResponse
	switch {
	case err == nil, isOurs(err):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case !errors.As(err, &answer):
		return judgeNetwork(err, at)
	}
	said := answer.Code
	if answer.Message != "" && answer.Message != answer.Code {
		said += ": " + answer.Message
	}
	reach := func(k Kind, format string, args ...any) error {
		return hint.With(&ReachError{Kind: k, Said: said, Err: err}, format, args...)
	}
	lower, is := strings.ToLower(said), func(codes []string) bool { return slices.Contains(codes, answer.Code) }
	switch {
	case how != nil && asksTooMuch(answer, lower, how) != nil:
		return asksTooMuch(answer, lower, how)
	case is(full), answer.StatusCode == http.StatusInsufficientStorage, strings.Contains(lower, "cap exceeded"),
		strings.Contains(lower, "quota"):
		return reach(Full, "make room there, or raise its quota; what was uploaded stays")
	case answer.Code == minio.PreconditionFailed, answer.StatusCode == http.StatusPreconditionFailed:
		return ErrExists
	case is(badCredentials), answer.StatusCode == http.StatusUnauthorized:
		return reach(Credentials, "look at $AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY, or at the profile in ~/.aws")
	case is(badClock):
		return clockError(said, err, at)
	case answer.Code == minio.NoSuchBucket:
		return reach(NoPlace, "buckets are made by you: with the store's own page or program")
	case answer.Code == "InvalidObjectState":
		return reach(Cold, "to have it brought back first: snap restore … --thaw")
	case isLocked(lower):
		return ErrLocked
	case is(tooMuch), answer.StatusCode == http.StatusTooManyRequests,
		answer.StatusCode == http.StatusServiceUnavailable:
		return &passing{err: errors.New(said), tooMuch: true}
	case is(damaged): // on the way, or in memory before it
		return &passing{err: errors.New(said), times: 3}
	case answer.StatusCode == http.StatusNotImplemented, answer.Code == "NotImplemented":
		return &ReachError{Kind: Refused, Said: said, Err: err}
	case answer.StatusCode == http.StatusConflict, answer.Code == "RequestTimeout",
		answer.Code == "IncompleteBody", answer.StatusCode >= 500, answer.StatusCode == http.StatusRequestTimeout:
		return &passing{err: errors.New(said)}
	case is(notThere), answer.StatusCode == http.StatusNotFound:
		return ErrNotFound
	case answer.Code == minio.AuthorizationHeaderMalformed, answer.Code == minio.InvalidRegion:
		return judgeRegion(said, answer.Region, err)
	case answer.StatusCode == http.StatusForbidden && right == "s3:GetObject":
		return reach(Rights, "the key needs the rights s3:GetObject and s3:ListBucket for this bucket and prefix:\n"+
			"without the second one an object that is not there looks like a forbidden one")
	case answer.StatusCode == http.StatusForbidden:
		return reach(Rights, "the key needs the right %s for this bucket and prefix", right)
	case answer.StatusCode == 0, answer.StatusCode < 300: // an answer that cannot be read
		return &passing{err: errors.New(said), times: 3}
	}
	return &ReachError{Kind: Refused, Said: said, Err: err}
}

// isOurs reports whether an error was judged already.
func isOurs(err error) bool {
	for _, ours := range []error{ErrNotFound, ErrExists, ErrLocked, ErrShort, ErrLarge} {
		if errors.Is(err, ours) {
			return true
		}
	}
	return errors.As(err, new(*ReachError)) || errors.As(err, new(*passing))
}

// asksTooMuch finds a store that does not know a header that was sent.
func asksTooMuch(answer minio.ErrorResponse, lower string, how *putting) error {
	unknown := answer.StatusCode == http.StatusNotImplemented || answer.Code == "NotImplemented"
	switch {
	case how.checksum && strings.Contains(lower, "checksum") &&
		(unknown || answer.Code == "InvalidArgument" || answer.Code == "InvalidRequest" ||
			answer.Code == "UnsupportedHeader"):
		return errNoChecksum
	case unknown && how.condition:
		return errNoCondition
	case unknown && how.checksum:
		return errNoChecksum
	}
	return nil
}

// isLocked finds the words in which stores say that an object lock forbids something: they have no code in common. A
// bucket without object lock says other ones.
func isLocked(lower string) bool {
	for _, words := range []string{"protected by object lock", "objectlocked", "worm protected", "object is locked"} {
		if strings.Contains(lower, words) {
			return true
		}
	}
	return false
}

func clockError(said string, err error, at time.Time) error {
	theirs := "unknown"
	if !at.IsZero() {
		theirs = at.UTC().Format(time.RFC3339)
	}
	said = fmt.Sprintf("%s: here it is %s, there %s", said, time.Now().UTC().Format(time.RFC3339), theirs)
	return hint.With(&ReachError{Kind: Clock, Said: said, Err: err}, "set the clock of this machine")
}

// judgeRegion lets minio-go try again with the region that the answer named.
func judgeRegion(said, region string, err error) error {
	if region != "" {
		return &passing{err: errors.New(said), times: 2}
	}
	return hint.With(&ReachError{Kind: Refused, Said: said, Err: err}, "set the store's region: $AWS_REGION")
}

// judgeNetwork is for errors without an answer. Most pass; certificates do not get better.
func judgeNetwork(err error, at time.Time) error {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	said := err.Error()
	switch {
	case errors.As(err, &authority):
		return hint.With(&ReachError{Kind: Unreachable, Said: said, Err: err},
			"if it is your own certificate, name its file with cacert")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return clockError(said, err, at)
	case errors.As(err, &host), errors.As(err, &invalid):
		return &ReachError{Kind: Unreachable, Said: said, Err: err}
	case errors.As(err, &record), strings.Contains(said, "server gave HTTP response to HTTPS client"):
		return hint.With(&ReachError{Kind: Unreachable, Said: said, Err: err}, "the place does not speak https there")
	}
	return &passing{err: err}
}
