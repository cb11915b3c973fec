package signature_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"hash"
	"math/big"
	"strconv"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/signature"
)

// A maker signs as the library does, and has the key that verifies it here.
type maker struct {
	algorithm string
	public    any // nil: none that X.509 knows
	key       *signature.Key
	sign      func(message []byte) []byte
}

func hashOf(algorithm string) (crypto.Hash, func() hash.Hash) {
	switch algorithm[len(algorithm)-3:] {
	case "256":
		return crypto.SHA256, sha256.New
	case "384":
		return crypto.SHA384, sha512.New384
	}
	return crypto.SHA512, sha512.New
}

func sum(algorithm string, message []byte) []byte {
	_, h := hashOf(algorithm)
	x := h()
	x.Write(message)
	return x.Sum(nil)
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// makers are one for each algorithm; RSA keys have bits.
func makers(bits int) []maker {
	var all []maker
	private := must(rsa.GenerateKey(rand.Reader, bits))
	rsaKey := must(signature.NewRSA(private.N.Bytes(), big.NewInt(int64(private.E)).Bytes()))
	for _, a := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
		h, _ := hashOf(a)
		all = append(all, maker{a, &private.PublicKey, rsaKey, func(m []byte) []byte {
			if a[0] == 'R' {
				return must(rsa.SignPKCS1v15(nil, private, h, sum(a, m)))
			}
			return must(rsa.SignPSS(rand.Reader, private, h, sum(a, m), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
		}})
	}
	for a, c := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		private := must(ecdsa.GenerateKey(c, rand.Reader))
		size := (c.Params().BitSize + 7) / 8
		point := must(private.PublicKey.Bytes())[1:]
		key := must(signature.NewECDSA(c.Params().Name, point[:size], point[size:]))
		all = append(all, maker{a, &private.PublicKey, key, func(m []byte) []byte {
			r, s := must2(ecdsa.Sign(rand.Reader, private, sum(a, m)))
			out := make([]byte, 2*size)
			r.FillBytes(out[:size])
			s.FillBytes(out[size:])
			return out
		}})
	}
	public, edPrivate := must2(ed25519.GenerateKey(rand.Reader))
	all = append(all, maker{"EdDSA", nil, must(signature.NewEd25519(public)), func(m []byte) []byte { return ed25519.Sign(edPrivate, m) }})
	secret := make([]byte, 64)
	rand.Read(secret)
	for _, a := range []string{"HS256", "HS384", "HS512"} {
		_, h := hashOf(a)
		all = append(all, maker{a, nil, must(signature.NewSecret(secret)), func(m []byte) []byte {
			mac := hmac.New(h, secret)
			mac.Write(m)
			return mac.Sum(nil)
		}})
	}
	return all
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

func find(t testing.TB, name string) signature.Algorithm {
	a, ok := signature.Find(name)
	if !ok {
		t.Fatalf("there is no algorithm %s", name)
	}
	return a
}

// TestSignaturesOfTheLibrary: each algorithm takes what the library signs, and nothing
// that differs from it in one bit, in its length or in its message.
func TestSignaturesOfTheLibrary(t *testing.T) {
	t.Parallel()
	all := makers(2048)
	for _, bits := range []int{2049, 2056, 3072, 4096} { // lengths around bytes and limbs
		all = append(all, makers(bits)[:6]...)
	}
	for _, m := range all {
		t.Run(m.algorithm, func(t *testing.T) {
			t.Parallel()
			a := find(t, m.algorithm)
			for i := range 20 {
				message := bytes.Repeat([]byte{byte(i)}, i*i*5)
				good := m.sign(message)
				if !m.key.Verify(a, message, good) {
					t.Fatalf("message %d: a signature of the library's is refused", i)
				}
				for bit := i; bit < 8*len(good); bit += 97 {
					bad := bytes.Clone(good)
					bad[bit/8] ^= 1 << (bit % 8)
					if m.key.Verify(a, message, bad) {
						t.Fatalf("message %d: a signature whose bit %d is changed is taken", i, bit)
					}
				}
				if m.key.Verify(a, append(message, 0), good) {
					t.Fatalf("message %d: a signature of another message is taken", i)
				}
				for _, bad := range [][]byte{nil, good[1:], good[:len(good)-1], append(bytes.Clone(good), 0), append([]byte{0}, good...)} {
					if m.key.Verify(a, message, bad) {
						t.Fatalf("message %d: a signature of %d bytes is taken, want %d", i, len(bad), len(good))
					}
				}
			}
		})
	}
}

// TestAnotherAlgorithm: no key takes a signature under an algorithm that is not its own.
func TestAnotherAlgorithm(t *testing.T) {
	t.Parallel()
	all := makers(2048)
	message := []byte("message")
	for _, m := range all {
		good := m.sign(message)
		for _, other := range all {
			a := find(t, other.algorithm)
			if got, want := m.key.Verify(a, message, good), m.algorithm == other.algorithm; got != want {
				t.Errorf("a signature by %s as one by %s: got %v, want %v", m.algorithm, other.algorithm, got, want)
			}
		}
	}
	for _, name := range []string{"", "none", "None", "NONE", "RS255", "RS1", "HS2566", "es256", "XX256"} {
		if a, ok := signature.Find(name); ok {
			t.Errorf("got the algorithm %v for %q, want none", a, name)
		}
	}
}

// TestDER: the form for hosts is the library's.
func TestDER(t *testing.T) {
	t.Parallel()
	for _, m := range makers(2048) {
		if m.public == nil {
			if m.key.DER != nil {
				t.Errorf("%s: got a form for hosts, want none", m.algorithm)
			}
			continue
		}
		if want := must(x509.MarshalPKIXPublicKey(m.public)); !bytes.Equal(m.key.DER, want) {
			t.Errorf("%s: got %x, want %x", m.algorithm, m.key.DER, want)
		}
		if k, ok := m.public.(*ecdsa.PublicKey); ok {
			for range 20 { // numbers of all lengths
				if s := m.sign([]byte("m")); !ecdsa.VerifyASN1(k, sum(m.algorithm, []byte("m")), signature.ASN1(s)) {
					t.Errorf("%s: the library refuses %x", m.algorithm, signature.ASN1(s))
				}
			}
		}
	}
}

// TestScalarsOutOfRange: numbers that are congruent to good ones are not good.
func TestScalarsOutOfRange(t *testing.T) {
	t.Parallel()
	message := []byte("message")
	for _, m := range makers(2048) {
		good := m.sign(message)
		half := len(good) / 2
		var bad [][]byte
		switch k := m.public.(type) {
		case *rsa.PublicKey:
			sum := new(big.Int).Add(new(big.Int).SetBytes(good), k.N)
			if sum.BitLen() > 2048 {
				continue
			}
			bad = append(bad, sum.FillBytes(make([]byte, 256)))
		case *ecdsa.PublicKey:
			n := k.Params().N
			for _, x := range []*big.Int{new(big.Int), n, new(big.Int).Add(new(big.Int).SetBytes(good[half:]), n)} {
				if x.BitLen() > 8*half {
					continue
				}
				bad = append(bad, append(bytes.Clone(good[:half]), x.FillBytes(make([]byte, half))...), append(x.FillBytes(make([]byte, half)), good[half:]...))
			}
			bad = append(bad, make([]byte, len(good)))
		default:
			if m.algorithm != "EdDSA" {
				continue
			}
			l, _ := new(big.Int).SetString("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 16)
			s := bytes.Clone(good[32:])
			reverse(s)
			s = l.Add(l, new(big.Int).SetBytes(s)).FillBytes(make([]byte, 32))
			reverse(s)
			bad = append(bad, append(bytes.Clone(good[:32]), s...))
		}
		for _, b := range bad {
			if m.key.Verify(find(t, m.algorithm), message, b) {
				t.Errorf("%s: %x is taken, want it refused", m.algorithm, b)
			}
		}
	}
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	k := must(rsa.GenerateKey(rand.Reader, 2048))
	n := k.N.Bytes()
	even := bytes.Clone(n)
	even[len(even)-1]--
	c := must(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).PublicKey.Bytes())[1:]
	x, y := c[:32], c[32:]
	beyond := new(big.Int).Add(new(big.Int).SetBytes(x), elliptic.P256().Params().P).Bytes()
	for name, err := range map[string]error{
		"RSA of 1024 bits":          second(signature.NewRSA(n[:128], []byte{1, 0, 1})),
		"RSA that is even":          second(signature.NewRSA(even, []byte{1, 0, 1})),
		"RSA whose exponent is 1":   second(signature.NewRSA(n, []byte{1})),
		"RSA whose exponent is 2":   second(signature.NewRSA(n, []byte{2})),
		"RSA without an exponent":   second(signature.NewRSA(n, nil)),
		"RSA with a long exponent":  second(signature.NewRSA(n, []byte{1, 0, 0, 0, 1})),
		"nothing":                   second(signature.NewRSA(nil, nil)),
		"a point that is none":      second(signature.NewECDSA("P-256", x, x)),
		"a point at infinity":       second(signature.NewECDSA("P-256", nil, nil)),
		"a point of another curve":  second(signature.NewECDSA("P-384", x, y)),
		"a coordinate beyond":       second(signature.NewECDSA("P-256", beyond, y)),
		"another curve":             second(signature.NewECDSA("secp256k1", x, y)),
		"Ed25519 of 31 bytes":       second(signature.NewEd25519(x[:31])),
		"Ed25519 that is no point":  second(signature.NewEd25519(append([]byte{2}, make([]byte, 31)...))),
		"Ed25519 spelled otherwise": second(signature.NewEd25519(append([]byte{0xee}, append(bytes.Repeat([]byte{0xff}, 30), 0x7f)...))),
		"a short secret":            second(signature.NewSecret(x[:31])),
	} {
		if err == nil {
			t.Errorf("%s is taken, want it refused", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// FuzzEd25519 compares with the library's verification, whatever the bytes.
func FuzzEd25519(f *testing.F) {
	public, private := must2(ed25519.GenerateKey(rand.Reader))
	f.Add([]byte(public), []byte("message"), ed25519.Sign(private, []byte("message")))
	a := find(f, "EdDSA")
	f.Fuzz(func(t *testing.T, public, message, s []byte) {
		k, err := signature.NewEd25519(public)
		if err != nil || len(s) != ed25519.SignatureSize {
			return
		}
		if got, want := k.Verify(a, message, s), ed25519.Verify(public, message, s); got != want {
			t.Errorf("key %x, signature %x: got %v, want %v", public, s, got, want)
		}
	})
}

// FuzzECDSA signs with any key and any message, and changes what it has signed.
func FuzzECDSA(f *testing.F) {
	f.Add([]byte("message"), uint16(3), byte(1))
	all := makers(2048)
	f.Fuzz(func(t *testing.T, message []byte, at uint16, flip byte) {
		for _, m := range all {
			k, ok := m.public.(*ecdsa.PublicKey)
			if !ok {
				continue
			}
			s := m.sign(message)
			s[int(at)%len(s)] ^= flip
			want := ecdsa.Verify(k, sum(m.algorithm, message), new(big.Int).SetBytes(s[:len(s)/2]), new(big.Int).SetBytes(s[len(s)/2:]))
			if got := m.key.Verify(find(t, m.algorithm), message, s); got != want {
				t.Errorf("%s: signature %x: got %v, want %v", m.algorithm, s, got, want)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	message := make([]byte, 700)
	for i, m := range append(makers(2048), makers(4096)[0]) {
		s, a := m.sign(message), find(b, m.algorithm)
		b.Run(m.algorithm+"/"+strconv.Itoa(i), func(b *testing.B) {
			for b.Loop() {
				if !m.key.Verify(a, message, s) {
					b.Fatal("refused")
				}
			}
		})
	}
}
