package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"gopkg.in/ini.v1"

	"snap/internal/hint"
)

// s3Place is what a URL of a bucket says.
type s3Place struct {
	scheme, host, bucket, prefix string // host "": where $AWS_ENDPOINT_URL_S3 or AWS is
}

// parseS3 takes s3://BUCKET[/PREFIX] and s3:https://HOST[:PORT]/BUCKET[/PREFIX].
func parseS3(text string) (s3Place, error) {
	const forms = "s3://BUCKET/PREFIX for AWS, s3:https://HOST/BUCKET/PREFIX for any other store"
	bad := func(format string, args ...any) (s3Place, error) {
		return s3Place{}, hint.With(hint.Usagef(format, args...), "%s", forms)
	}
	rest := strings.TrimPrefix(text, "s3:")
	inner, isURL := rest, strings.HasPrefix(rest, "https://") || strings.HasPrefix(rest, "http://")
	if !isURL {
		if !strings.HasPrefix(rest, "//") {
			return bad("an s3 place without //: %q", shown(text))
		}
		inner = "aws:" + rest
	}
	u, err := url.Parse(inner)
	switch {
	case err != nil:
		return bad("an s3 place that is no URL: %q", shown(text))
	case u.User != nil:
		return s3Place{}, hint.With(hint.Usagef("credentials do not belong into a URL: %s", shown(text)),
			"put them into $AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY, or into a profile in ~/.aws/credentials")
	case u.RawQuery != "" || u.Fragment != "":
		return bad("an s3 place with a ? or #: %q", shown(text))
	}
	p := s3Place{bucket: u.Host, prefix: strings.Trim(u.Path, "/")}
	if isURL {
		p.scheme, p.host = u.Scheme, u.Host
		p.bucket, p.prefix, _ = strings.Cut(p.prefix, "/")
	}
	if p.bucket == "" || isURL && u.Hostname() == "" {
		return bad("an s3 place without a bucket: %q", shown(text))
	}
	for element := range strings.SplitSeq(p.prefix, "/") {
		if p.prefix != "" && (element == "" || element == "." || element == "..") {
			return bad("an s3 place with an empty or dotted folder: %q", shown(text))
		}
	}
	if p.prefix != "" {
		p.prefix += "/"
	}
	return p, checkPlain(p.scheme, u.Hostname())
}

// checkPlain lets http through to this machine only: names and sizes of objects, and who may read them, would be open.
func checkPlain(scheme, host string) error {
	ip := net.ParseIP(host)
	if scheme != "http" || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return hint.With(hint.Usagef("http to %s is not encrypted; only https is spoken with other machines", host),
		"with a certificate of your own: cacert = FILE")
}

// shown is a URL without the secret that may be in it.
func shown(text string) string {
	_, after, found := strings.Cut(text, "@")
	if !found {
		return text
	}
	return text[:strings.Index(text, ":")] + ":…@" + after
}

func openS3(text string, o Options) (*s3, error) {
	at, err := parseS3(text)
	if err != nil {
		return nil, err
	}
	env := o.lookup
	profile := firstOf(o.Profile, env("AWS_PROFILE"), "default")
	settings := awsProfile(env, profile)
	if at.host == "" {
		endpoint := firstOf(o.Endpoint, env("AWS_ENDPOINT_URL_S3"), env("AWS_ENDPOINT_URL"), settings["endpoint_url"],
			"https://s3.amazonaws.com")
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
			return nil, hint.Usagef("not an endpoint of a store: %s", shown(endpoint))
		}
		if err := checkPlain(u.Scheme, u.Hostname()); err != nil {
			return nil, err
		}
		at.scheme, at.host = u.Scheme, u.Host
	}
	transport, err := s3Transport(at.scheme == "https", o)
	if err != nil {
		return nil, err
	}
	dated := &dating{transport: transport}
	region := firstOf(o.Region, env("AWS_REGION"), env("AWS_DEFAULT_REGION"), settings["region"], o.KnownRegion)
	client, err := minio.New(at.host, &minio.Options{Creds: s3Credentials(env, o.Profile, profile),
		Secure: at.scheme == "https", Transport: dated, Region: region, MaxRetries: 1})
	if err != nil {
		return nil, hint.Usagef("%s: %w", text, err)
	}
	return &s3{core: minio.Core{Client: client}, bucket: at.bucket, prefix: at.prefix, storageClass: o.StorageClass,
		dating: dated}, nil
}

// Region is that of the bucket of a place, which a store of S3 is asked for before anything else; "" where there is
// none.
func Region(ctx context.Context, s Store) (string, error) {
	p, ok := s.(*patientS3)
	if !ok {
		return "", nil
	}
	return p.s3.core.GetBucketLocation(ctx, p.s3.bucket) // mostly known by now
}

func s3Transport(secure bool, o Options) (*http.Transport, error) {
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, err
	}
	transport.MaxIdleConnsPerHost = o.jobs()
	transport.ResponseHeaderTimeout = 0 // the watch over each try is ours
	if o.CACert == "" {
		return transport, nil
	}
	pem, err := os.ReadFile(o.CACert)
	if err != nil {
		return nil, fmt.Errorf("cacert: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, hint.Usagef("cacert: no certificate in %s", o.CACert)
	}
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	transport.TLSClientConfig.RootCAs = pool
	return transport, nil
}

// s3Credentials are those of the profile that was asked for, else of the environment, ~/.aws, or the machine's role.
func s3Credentials(env func(string) string, asked, profile string) *credentials.Credentials {
	file := &credentials.FileAWSCredentials{Profile: profile}
	if asked != "" {
		return credentials.New(worded{file})
	}
	if id, secret := env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY"); id != "" && secret != "" {
		return credentials.NewStaticV4(id, secret, env("AWS_SESSION_TOKEN"))
	}
	role := &credentials.IAM{Client: &http.Client{Timeout: 5 * time.Second}}
	return credentials.New(worded{&credentials.Chain{Providers: []credentials.Provider{file, role}}})
}

// worded says why there are no credentials, and does not go on without: no vault is open to everybody.
type worded struct{ credentials.Provider }

func (w worded) RetrieveWithCredContext(c *credentials.CredContext) (credentials.Value, error) {
	v, err := w.Provider.RetrieveWithCredContext(c)
	if err == nil && v.AccessKeyID == "" {
		err = errors.New("none in $AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY, in ~/.aws, or for the role of this machine")
	}
	if err != nil {
		err = hint.With(&ReachError{Kind: NoCredentials, Said: err.Error(), Err: err},
			"export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…, or name a profile of ~/.aws")
	}
	return v, err
}

// awsProfile is what ~/.aws/config says of a profile; that there is none is no error.
func awsProfile(env func(string) string, profile string) map[string]string {
	file := env("AWS_CONFIG_FILE")
	if file == "" {
		file = filepath.Join(env("HOME"), ".aws", "config")
	}
	loaded, err := ini.LooseLoad(file)
	if err != nil {
		return nil
	}
	section := "profile " + profile
	if profile == "default" {
		section = profile
	}
	return loaded.Section(section).KeysHash()
}

// firstOf is the first text that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
