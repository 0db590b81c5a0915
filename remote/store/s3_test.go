package store

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"snap/remote/store/storetest"
)

// TestNoCredentials: none are none, not anonymous ones.
func TestNoCredentials(t *testing.T) {
	for _, name := range []string{"HOME", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"} {
		t.Setenv(name, t.TempDir()+"/none")
	}
	small := storetest.NewSmall(t)
	s := mustOpen(t, small.Place("p"), Options{Profile: "none", clock: timeless()})
	err := s.Put(t.Context(), "head/1", nil, PutOptions{})
	var reach *ReachError
	if !errors.As(err, &reach) || reach.Kind != NoCredentials || reach.Tries > 1 {
		t.Error(err)
	}
}

// TestProfile: credentials, region and endpoint of ~/.aws.
func TestProfile(t *testing.T) {
	small := storetest.NewSmall(t)
	home := t.TempDir()
	write(t, home+"/.aws/credentials", "[work]\naws_access_key_id = WORKKEY\naws_secret_access_key = s\n")
	write(t, home+"/.aws/config", "[profile work]\nregion = eu-north-1\nendpoint_url = "+small.URL+"\n")
	t.Setenv("HOME", home)
	auth := ""
	small.Answer(func(r *http.Request) *storetest.Answer { auth = r.Header.Get("Authorization"); return nil })
	s := mustOpen(t, "s3://"+storetest.Bucket+"/p", Options{Env: []string{"HOME=" + home, "AWS_ACCESS_KEY_ID=other",
		"AWS_SECRET_ACCESS_KEY=other"}, Profile: "work", clock: timeless()})
	if err := s.Put(t.Context(), "head/1", []byte("1"), PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(auth, "Credential=WORKKEY/") || !strings.Contains(auth, "/eu-north-1/s3/") {
		t.Error(auth)
	}
	if body, _ := small.Object("p/head/1"); body != "1" {
		t.Errorf("%q", body)
	}
}

// TestStorageClassAndLock are headers of each PUT.
func TestStorageClassAndLock(t *testing.T) {
	small := storetest.NewSmall(t)
	var sent http.Header
	small.Answer(func(r *http.Request) *storetest.Answer { sent = r.Header; return nil })
	s := mustOpen(t, small.Place("p"), Options{Env: small.Env, Region: "r", StorageClass: "STANDARD_IA"})
	err := s.Put(t.Context(), "data/1", []byte("1"), PutOptions{Lock: 24 * time.Hour})
	until, err2 := time.Parse(time.RFC3339, sent.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	if left := time.Until(until); err != nil || err2 != nil || left < 23*time.Hour || left > 25*time.Hour {
		t.Error(err, err2, until)
	}
	if sent.Get("X-Amz-Storage-Class") != "STANDARD_IA" || sent.Get("X-Amz-Object-Lock-Mode") != "COMPLIANCE" ||
		sent.Get("Content-Md5") == "" || sent.Get("If-None-Match") != "*" {
		t.Error(sent)
	}
}
