// Package sigv4 signs requests to AWS with Signature Version 4.
//
// It makes the headers of a request that is whole, in one piece and with its key at hand
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html),
// for services other than S3: the path is encoded once more than it is sent. Only what
// must be signed is: the host, the time, a session's token, and the body by its hash; so
// a proxy may add and change other headers. Nothing of a key is kept.
package sigv4

import (
	"github.com/postern-gateway/postern/adapters/sha2"
	"strings"

	"github.com/postern-gateway/postern/adapters"
)

// A Key is an access key. Token is empty but for temporary credentials.
type Key struct{ ID, Secret, Token string }

// A Scope is what a signature is good for.
type Scope struct{ Region, Service string }

const algorithm = "AWS4-HMAC-SHA256"

// Sign makes the headers that go with a request. Its path and query are signed as they
// are in it; now is in seconds since 1970.
func Sign(k Key, s Scope, r *adapters.Outgoing, now int64) []adapters.Header {
	stamp := string(appendStamp(nil, now))
	day := stamp[:8]
	const last = "aws4_request"
	scope := day + "/" + s.Region + "/" + s.Service + "/" + last
	names := "host;x-amz-date"
	if k.Token != "" {
		names += ";x-amz-security-token"
	}
	toSign := algorithm + "\n" + stamp + "\n" + scope + "\n" + hash(canonical(k, r, stamp, names))

	key := []byte("AWS4" + k.Secret)
	for _, part := range [...]string{day, s.Region, s.Service, last, toSign} {
		key = sha2.SHA256.MAC(key, []byte(part))
	}
	value := algorithm + " Credential=" + k.ID + "/" + scope + ", SignedHeaders=" + names + ", Signature=" + hexadecimal(key)
	out := []adapters.Header{{Name: "authorization", Value: value}, {Name: "x-amz-date", Value: stamp}}
	if k.Token != "" {
		out = append(out, adapters.Header{Name: "x-amz-security-token", Value: k.Token})
	}
	return out
}

// canonical spells the request as both sides do before they hash it.
func canonical(k Key, r *adapters.Outgoing, stamp, names string) []byte {
	path, query, _ := strings.Cut(r.Path, "?")
	headers := "\nhost:" + r.Host + "\nx-amz-date:" + stamp + "\n"
	if k.Token != "" {
		headers += "x-amz-security-token:" + k.Token + "\n"
	}
	b := appendPath([]byte(r.Method+"\n"), path)
	return append(b, "\n"+sorted(query)+headers+"\n"+names+"\n"+hash(r.Body)...)
}

// sorted is a query with its parameters in order: by name, then by value. There are few,
// and the library's sort is large.
func sorted(query string) string {
	if query == "" {
		return ""
	}
	var pairs []string
	for more := true; more; {
		var p string
		if p, query, more = strings.Cut(query, "&"); !strings.Contains(p, "=") {
			p += "="
		}
		pairs = append(pairs, p)
		for k := len(pairs) - 1; k > 0; k-- {
			a, x, _ := strings.Cut(pairs[k-1], "=")
			b, y, _ := strings.Cut(pairs[k], "=")
			if a < b || a == b && x <= y {
				break
			}
			pairs[k-1], pairs[k] = pairs[k], pairs[k-1]
		}
	}
	return strings.Join(pairs, "&")
}

// appendStamp writes a time in seconds since 1970 as 20060102T150405Z. The library's
// formats would bring time zones into the module.
func appendStamp(dst []byte, seconds int64) []byte {
	days, rest := seconds/86400, seconds%86400
	// Days are counted from March 1st of the year 0, in eras of 400 years
	// (https://howardhinnant.github.io/date_algorithms.html).
	z := days + 719468
	era, doe := z/146097, z%146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	year, month, day := yoe+era*400, mp+3, doy-(153*mp+2)/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	dst = appendDigits(appendDigits(dst, year/100), year%100)
	dst = append(appendDigits(appendDigits(dst, month), day), 'T')
	dst = appendDigits(appendDigits(appendDigits(dst, rest/3600), rest/60%60), rest%60)
	return append(dst, 'Z')
}

//go:noinline
func appendDigits(dst []byte, n int64) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// appendPath encodes a path that is encoded already.
func appendPath(dst []byte, path string) []byte {
	if path == "" {
		return append(dst, '/')
	}
	return adapters.AppendPath(dst, path, unreserved+"/")
}

// unreserved are the characters beside letters and digits that AWS does not encode.
const unreserved = "-._~"

// AppendSegment appends a name as AWS has it within a segment of a path.
func AppendSegment(dst []byte, name string) []byte {
	if name == "." || name == ".." { // or the segment would not stay one
		return append(dst, "%2E%2E"[:3*len(name)]...)
	}
	return adapters.AppendPath(dst, name, unreserved)
}

func hash(p []byte) string {
	sum := sha2.Sum(p)
	return hexadecimal(sum[:])
}

func hexadecimal(p []byte) string {
	const lower = "0123456789abcdef"
	dst := make([]byte, 0, 2*sha2.Size)
	for _, c := range p {
		dst = append(dst, lower[c>>4], lower[c&15])
	}
	return string(dst)
}
