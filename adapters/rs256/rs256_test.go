package rs256_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/rs256"
)

func newKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pkcs1(k *rsa.PrivateKey) string {
	return encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k))
}

func pkcs8(t testing.TB, k any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return encode("PRIVATE KEY", der)
}

func encode(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// The padding has nothing random in it, so that signatures have to be the library's.
func TestSignaturesAreThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	for _, bits := range []int{2048, 3072, 4096} {
		k := newKey(t, bits)
		for form, text := range map[string]string{"PKCS #8": pkcs8(t, k), "PKCS #1": pkcs1(k)} {
			key, err := rs256.ParseKey(text)
			if err != nil {
				t.Fatalf("%d bits in %s: %v", bits, form, err)
			}
			for i := range 8 {
				message := bytes.Repeat([]byte{byte(i)}, i*i*17)
				got, err := key.Sign(message)
				if err != nil {
					t.Fatalf("%d bits in %s: %v", bits, form, err)
				}
				sum := sha256.Sum256(message)
				want, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%d bits in %s, message %d: got %x, want %x", bits, form, i, got, want)
				}
			}
		}
	}
}

// Primes are in no order: the second may be the larger.
func TestPrimesInEitherOrder(t *testing.T) {
	t.Parallel()
	k := newKey(t, 2048)
	swapped := &rsa.PrivateKey{PublicKey: k.PublicKey, D: k.D, Primes: []*big.Int{k.Primes[1], k.Primes[0]}}
	swapped.Precompute()
	for _, one := range []*rsa.PrivateKey{k, swapped} {
		key, err := rs256.ParseKey(pkcs1(one))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := key.Sign([]byte("m")); err != nil {
			t.Errorf("got %v, want a signature", err)
		}
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	k := newKey(t, 2048)
	good := pkcs8(t, k)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der := x509.MarshalPKCS1PrivateKey(k)
	mixed := append([]byte{}, der...)
	at := bytes.Index(mixed, k.Primes[0].Bytes())
	mixed[at+5] ^= 1
	for _, tt := range []struct{ name, pem, want string }{
		{"nothing", "", "PEM"},
		{"no end", strings.TrimSuffix(good, "-----END PRIVATE KEY-----\n"), "PEM"},
		{"a certificate", strings.ReplaceAll(good, "PRIVATE KEY", "CERTIFICATE"), "PEM"},
		{"encrypted", strings.ReplaceAll(good, "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), "encrypted"},
		{"not base64", strings.Replace(good, "MII", "!!!", 1), "PEM"},
		{"another algorithm", pkcs8(t, curve), "not an RSA key"},
		{"cut short", encode("RSA PRIVATE KEY", der[:len(der)/2]), "not an RSA key"},
		{"PKCS #1 called PKCS #8", encode("PRIVATE KEY", der), "not an RSA key"},
		{"primes of another key", encode("RSA PRIVATE KEY", mixed), "belong together"},
		{"too short", weak, "2048"},
	} {
		if _, err := rs256.ParseKey(tt.pem); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error that says %q", tt.name, err, tt.want)
		}
	}
}

// weak is a sequence of a version and eight numbers that are too small.
var weak = encode("RSA PRIVATE KEY", []byte("\x30\x1b\x02\x01\x00\x02\x01\x21\x02\x01\x03\x02\x01\x07\x02\x01\x03\x02\x01\x0b\x02\x01\x01\x02\x01\x07\x02\x01\x02"))

// A key whose exponent for one prime is wrong would give its other prime away with the
// first signature.
func TestFaultGivesNothingAway(t *testing.T) {
	t.Parallel()
	k := newKey(t, 2048)
	der := x509.MarshalPKCS1PrivateKey(k)
	at := bytes.Index(der, k.Precomputed.Dp.Bytes())
	der[at+9] ^= 4
	key, err := rs256.ParseKey(encode("RSA PRIVATE KEY", der))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := key.Sign([]byte("m")); err == nil {
		t.Errorf("got a signature of %d bytes, want an error", len(s))
	}
}

// FuzzParseKey: nothing panics, and a key that is accepted signs or says why not.
func FuzzParseKey(f *testing.F) {
	k := newKey(f, 2048)
	f.Add(x509.MarshalPKCS1PrivateKey(k), true)
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(der, false)
	f.Fuzz(func(t *testing.T, der []byte, plain bool) {
		label := "PRIVATE KEY"
		if plain {
			label = "RSA PRIVATE KEY"
		}
		key, err := rs256.ParseKey(encode(label, der))
		if err != nil {
			return
		}
		if s, err := key.Sign(der); err == nil && len(s) == 0 {
			t.Errorf("got neither a signature nor an error")
		}
	})
}

func BenchmarkSign(b *testing.B) {
	for _, bits := range []int{2048, 4096} {
		key, err := rs256.ParseKey(pkcs1(newKey(b, bits)))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strconv.Itoa(bits), func(b *testing.B) {
			for b.Loop() {
				if _, err := key.Sign([]byte("message")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
