// Package awssig checks signatures of requests to AWS, as AWS does.
//
// It is written from
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// by other means than the adapter that signs, to find what that has wrong. It checks
// Signature Version 4 in the authorization header alone, for services other than S3.
package awssig

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Request is what was received: URI as it stood in the request line.
type Request struct {
	Method, URI, Host string
	Header            http.Header
	Body              []byte
}

// A Key is what the request has to be signed with.
type Key struct{ ID, Secret, Token, Region, Service string }

// Format is how times are written.
const Format = "20060102T150405Z"

// mostSkew is how far a request's time may be from now.
const mostSkew = 5 * time.Minute

// What can be wrong.
var (
	ErrNone      = errors.New("missing authentication token")
	ErrForm      = errors.New("the authorization header is incomplete")
	ErrKey       = errors.New("the security token included in the request is invalid")
	ErrTime      = errors.New("signature expired or not yet current")
	ErrSignature = errors.New("the request signature we calculated does not match the signature you provided")
)

// Check says what is wrong with a request's signature. A zero now leaves its time out.
func Check(r Request, k Key, now time.Time) error {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ")
	if !ok {
		return ErrNone
	}
	fields := map[string]string{}
	for _, f := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(f), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse(Format, stamp)
	switch {
	case len(fields) != 3 || len(scope) != 5 || err != nil:
		return ErrForm
	case scope[0] != k.ID || r.Header.Get("X-Amz-Security-Token") != k.Token:
		return ErrKey
	case !now.IsZero() && now.Sub(at).Abs() > mostSkew:
		return fmt.Errorf("%w: %s", ErrTime, stamp)
	case !slices.Equal(scope[1:], []string{stamp[:8], k.Region, k.Service, "aws4_request"}):
		return fmt.Errorf("%w: credential should be scoped to %s/%s/%s", ErrSignature, stamp[:8], k.Region, k.Service)
	}
	names := strings.Split(fields["SignedHeaders"], ";")
	if err := checkNames(names, r.Header); err != nil {
		return err
	}
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", stamp, strings.Join(scope[1:], "/"), sum(canonical(r, names))}, "\n")
	key := []byte("AWS4" + k.Secret)
	for _, part := range append(scope[1:], toSign) {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	if !hmac.Equal([]byte(hex.EncodeToString(key)), []byte(fields["Signature"])) {
		return ErrSignature
	}
	return nil
}

// checkNames wants the host and all of AWS's own headers signed, in order.
func checkNames(names []string, h http.Header) error {
	if !slices.IsSorted(names) || !slices.Contains(names, "host") {
		return ErrForm
	}
	for name := range h {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") && !slices.Contains(names, lower) {
			return fmt.Errorf("%w: there were headers present in the request which were not signed: %s", ErrForm, lower)
		}
	}
	return nil
}

func canonical(r Request, names []string) string {
	path, query, _ := strings.Cut(r.URI, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		values = nil
	}
	for _, v := range values {
		slices.Sort(v)
	}
	lines := []string{r.Method, encoded(path), strings.ReplaceAll(values.Encode(), "+", "%20")}
	for _, name := range names {
		value := strings.Join(r.Header.Values(name), ",")
		if name == "host" {
			value = r.Host
		}
		lines = append(lines, name+":"+strings.Join(strings.Fields(value), " "))
	}
	return strings.Join(append(lines, "", strings.Join(names, ";"), sum(string(r.Body))), "\n")
}

// encoded encodes the segments of a path once more.
func encoded(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(p), "+", "%20")
	}
	return strings.Join(parts, "/")
}

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}
