package awssig_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/awssig"
)

type sample struct {
	Name, Method, Host, Path, Body, Region, ID, Secret, Token, Time string
	Want                                                            map[string]string
}

func samples(t *testing.T) []sample {
	t.Helper()
	b, err := os.ReadFile("../../../adapters/sigv4/testdata/botocore.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []sample
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func (s sample) request() (awssig.Request, awssig.Key, time.Time) {
	h := http.Header{}
	for name, value := range s.Want {
		h.Set(name, value)
	}
	at, _ := time.Parse(awssig.Format, h.Get("X-Amz-Date")) // of botocore's
	return awssig.Request{Method: s.Method, URI: s.Path, Host: s.Host, Header: h, Body: []byte(s.Body)},
		awssig.Key{ID: s.ID, Secret: s.Secret, Token: s.Token, Region: s.Region, Service: "bedrock"}, at
}

func TestSignaturesOfBotocoreAreGood(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		r, k, at := s.request()
		if err := awssig.Check(r, k, at); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestWhatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(r *awssig.Request, k *awssig.Key, at *time.Time)
		want   error
	}{
		{"no signature", func(r *awssig.Request, _ *awssig.Key, _ *time.Time) { r.Header.Set("Authorization", "Bearer x") }, awssig.ErrNone},
		{"another key", func(_ *awssig.Request, k *awssig.Key, _ *time.Time) { k.ID = "AKIDOTHER" }, awssig.ErrKey},
		{"another secret", func(_ *awssig.Request, k *awssig.Key, _ *time.Time) { k.Secret = "x" }, awssig.ErrSignature},
		{"another token", func(_ *awssig.Request, k *awssig.Key, _ *time.Time) { k.Token = "x" }, awssig.ErrKey},
		{"another region", func(_ *awssig.Request, k *awssig.Key, _ *time.Time) { k.Region = "eu-west-1" }, awssig.ErrSignature},
		{"another body", func(r *awssig.Request, _ *awssig.Key, _ *time.Time) { r.Body = []byte("x") }, awssig.ErrSignature},
		{"another path", func(r *awssig.Request, _ *awssig.Key, _ *time.Time) { r.URI += "-stream" }, awssig.ErrSignature},
		{"a path that was decoded", func(r *awssig.Request, _ *awssig.Key, _ *time.Time) {
			r.URI = "/model/us.amazon.nova-2-lite-v1:0/converse-stream"
		}, awssig.ErrSignature},
		{"another host", func(r *awssig.Request, _ *awssig.Key, _ *time.Time) { r.Host += ":443" }, awssig.ErrSignature},
		{"long ago", func(_ *awssig.Request, _ *awssig.Key, at *time.Time) { *at = at.Add(6 * time.Minute) }, awssig.ErrTime},
		{"a header that is not signed", func(r *awssig.Request, _ *awssig.Key, _ *time.Time) { r.Header.Set("X-Amz-Target", "x") }, awssig.ErrForm},
	} {
		r, k, at := samples(t)[1].request()
		tt.change(&r, &k, &at)
		if err := awssig.Check(r, k, at); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}
