package rs256

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/postern-gateway/postern/adapters/modular"
)

// What is wrong with a key. None says anything of what is in it.
var (
	errPEM    = errors.New("want a private key in PEM: -----BEGIN PRIVATE KEY-----")
	errSealed = errors.New("the private key is encrypted, want one that is not")
	errDER    = errors.New("the private key is not an RSA key in PKCS #8 or PKCS #1")
	errSize   = errors.New("want an RSA key of 2048 to 4096 bits")
	errPrimes = errors.New("the RSA key's numbers do not belong together")
)

const (
	leastBits = 2048 // what RFC 7518 asks for
	mostBits  = 4096 // what signs in reasonable time
)

// ParseKey reads an RSA private key in PEM: PKCS #8 or PKCS #1, not encrypted.
func ParseKey(pem string) (*Key, error) {
	_, rest, ok := strings.Cut(pem, "-----BEGIN ")
	label, rest, ok2 := strings.Cut(rest, "-----")
	body, _, ok3 := strings.Cut(rest, "-----END ")
	switch {
	case !ok || !ok2 || !ok3:
		return nil, errPEM
	case strings.HasPrefix(label, "ENCRYPTED") || strings.Contains(body, "Proc-Type:"):
		return nil, errSealed
	case label != "PRIVATE KEY" && label != "RSA PRIVATE KEY":
		return nil, errPEM
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
	if err != nil {
		return nil, errPEM
	}
	return parseDER(der, label == "PRIVATE KEY")
}

// ASN.1's tags.
const (
	tagInteger  = 0x02
	tagOctets   = 0x04
	tagSequence = 0x30
)

// rsaEncryption is the algorithm of an RSA key in PKCS #8: its identifier, and nothing more.
const rsaEncryption = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"

func parseDER(der []byte, wrapped bool) (*Key, error) {
	r := reader{der, true}
	if wrapped {
		r = r.sequence() // https://www.rfc-editor.org/rfc/rfc5208#section-5
		r.next(tagInteger)
		if algorithm := r.next(tagSequence); string(algorithm) != rsaEncryption {
			return nil, errDER
		}
		r = reader{r.next(tagOctets), r.ok}
	}
	r = r.sequence() // https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2
	if version := r.integer(); len(version) != 0 {
		return nil, errDER
	}
	n, e, d := r.integer(), r.integer(), r.integer()
	p, q, dp, dq, qInv := r.integer(), r.integer(), r.integer(), r.integer(), r.integer()
	if !r.ok || len(d) == 0 {
		return nil, errDER
	}
	return newKey(n, e, p, q, dp, dq, qInv)
}

// newKey checks what could make signing go astray; whether the numbers make a key is
// seen by the first signature.
func newKey(n, e, p, q, dp, dq, qInv []byte) (*Key, error) {
	if bits := 8 * len(n); bits < leastBits || bits > mostBits || n[0] < 0x80 {
		return nil, errSize
	}
	half := len(n) / 2
	if len(n)%16 != 0 || len(e) == 0 || len(e) > 4 || len(p) != half || len(q) != half || len(dp) > half || len(dq) > half || len(qInv) > half ||
		(n[len(n)-1]&p[half-1]&q[half-1])&1 == 0 {
		return nil, errPrimes
	}
	limbs := half / 8
	k := &Key{e: e, modulusLen: len(n)}
	k.n = modular.New(modular.FromBytes(n, 2*limbs))
	k.p, k.q = modular.New(modular.FromBytes(p, limbs)), modular.New(modular.FromBytes(q, limbs))
	// As long as the primes, so that a signature's time does not tell how long they are.
	k.dp, k.dq = padded(dp, half), padded(dq, half)
	k.qInv = k.p.Reduce(modular.FromBytes(qInv, limbs))
	if !modular.Equal(modular.AddProduct(nil, k.p.M, k.q.M, 2*limbs), k.n.M) {
		return nil, errPrimes
	}
	return k, nil
}

func padded(b []byte, size int) []byte {
	return append(make([]byte, size-len(b), size), b...)
}

// A reader reads the values of one ASN.1 value in DER. Once something is not as wanted
// ok is false and everything after it is empty.
type reader struct {
	b  []byte
	ok bool
}

// next is the content of the next value, which has to have the tag.
func (r *reader) next(tag byte) []byte {
	content, rest, ok := cut(r.b, tag)
	if r.ok = r.ok && ok; !r.ok {
		r.b = nil
		return nil
	}
	r.b = rest
	return content
}

func (r *reader) sequence() reader { return reader{r.next(tagSequence), r.ok} }

// integer is a number that is not negative, big-endian and without leading zeros.
func (r *reader) integer() []byte {
	b := r.next(tagInteger)
	if len(b) == 0 || b[0] >= 0x80 {
		r.ok = false
		return nil
	}
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

func cut(b []byte, tag byte) (content, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != tag {
		return nil, nil, false
	}
	n, b := int(b[1]), b[2:]
	if n >= 0x80 {
		size := n & 0x7f
		if size == 0 || size > 3 || len(b) < size { // no key is longer than 16 MB
			return nil, nil, false
		}
		n = 0
		for _, x := range b[:size] {
			n = n<<8 | int(x)
		}
		b = b[size:]
	}
	if n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}
