// Package sigv4 signs requests to AWS with Signature Version 4.
//
// It makes the headers of a request that is whole, in one piece and with its key at hand
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html),
// for services other than S3: the path is encoded once more than it is sent. Only what
// must be signed is: the host, the time, a session's token, and the body by its hash; so
// a proxy may add and change other headers. Nothing of a key is kept.
package sigv4

import (
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
)

// A Key is an access key. Token is empty but for temporary credentials.
type Key struct{ ID, Secret, Token string }

// A Scope is what a signature is good for.
type Scope struct{ Region, Service string }

const algorithm = "AWS4-HMAC-SHA256"

// Sign makes the headers that go with a request. Its path and query are signed as they
// are in it.
func Sign(k Key, s Scope, r *adapters.Outgoing, now time.Time) []adapters.Header {
	stamp := now.UTC().AppendFormat(nil, "20060102T150405Z")
	day := stamp[:8]
	scope := string(day) + "/" + s.Region + "/" + s.Service + "/aws4_request"
	names := "host;x-amz-date"
	if k.Token != "" {
		names += ";x-amz-security-token"
	}
	request := sha256.Sum256(canonical(k, r, string(stamp), names))
	toSign := appendHex([]byte(algorithm+"\n"+string(stamp)+"\n"+scope+"\n"), request[:])

	key := hmac([]byte("AWS4"+k.Secret), day)
	key = hmac(key[:], []byte(s.Region))
	key = hmac(key[:], []byte(s.Service))
	key = hmac(key[:], []byte("aws4_request"))
	signature := hmac(key[:], toSign)

	value := appendHex([]byte(algorithm+" Credential="+k.ID+"/"+scope+", SignedHeaders="+names+", Signature="), signature[:])
	out := []adapters.Header{{Name: "authorization", Value: string(value)}, {Name: "x-amz-date", Value: string(stamp)}}
	if k.Token != "" {
		out = append(out, adapters.Header{Name: "x-amz-security-token", Value: k.Token})
	}
	return out
}

// canonical spells the request as both sides do before they hash it.
func canonical(k Key, r *adapters.Outgoing, stamp, names string) []byte {
	path, query, _ := strings.Cut(r.Path, "?")
	b := append([]byte(r.Method), '\n')
	b = appendPath(b, path)
	b = append(b, '\n')
	if query != "" {
		pairs := strings.Split(query, "&")
		for i, p := range pairs {
			if !strings.Contains(p, "=") {
				pairs[i] = p + "="
			}
		}
		slices.SortFunc(pairs, func(a, b string) int { // by name, then by value
			a, x, _ := strings.Cut(a, "=")
			b, y, _ := strings.Cut(b, "=")
			if a == b {
				return strings.Compare(x, y)
			}
			return strings.Compare(a, b)
		})
		b = append(b, strings.Join(pairs, "&")...)
	}
	b = append(b, "\nhost:"+r.Host+"\nx-amz-date:"+stamp+"\n"...)
	if k.Token != "" {
		b = append(b, "x-amz-security-token:"+k.Token+"\n"...)
	}
	b = append(b, "\n"+names+"\n"...)
	body := sha256.Sum256(r.Body)
	return appendHex(b, body[:])
}

// appendPath encodes a path that is encoded already.
func appendPath(dst []byte, path string) []byte {
	for i := range len(path) {
		if c := path[i]; c == '/' {
			dst = append(dst, c)
		} else {
			dst = AppendEncoded(dst, c)
		}
	}
	if path == "" {
		dst = append(dst, '/')
	}
	return dst
}

// AppendEncoded appends a byte as AWS has it within a segment of a path.
func AppendEncoded(dst []byte, c byte) []byte {
	if c|0x20-'a' < 26 || c-'0' < 10 || c == '-' || c == '.' || c == '_' || c == '~' {
		return append(dst, c)
	}
	const upper = "0123456789ABCDEF"
	return append(dst, '%', upper[c>>4], upper[c&15])
}

func appendHex(dst, p []byte) []byte {
	const lower = "0123456789abcdef"
	for _, c := range p {
		dst = append(dst, lower[c>>4], lower[c&15])
	}
	return dst
}

// hmac is HMAC-SHA-256 (RFC 2104). Package crypto/hmac would bring the library's other
// hashes into the module.
func hmac(key, message []byte) [sha256.Size]byte {
	var block [sha256.BlockSize]byte
	if len(key) > len(block) {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	copy(block[:], key)
	for i := range block {
		block[i] ^= 0x36
	}
	inner := sha256.Sum256(append(block[:], message...))
	for i := range block {
		block[i] ^= 0x36 ^ 0x5c
	}
	return sha256.Sum256(append(block[:], inner[:]...))
}
