package hostsim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1"   // the hash functions
	_ "crypto/sha256" // that Envoy
	_ "crypto/sha512" // knows
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"slices"
	"strings"
	"unicode/utf8"
)

// This file is Envoy's foreign functions for signatures. Keys are RSA (PKCS #1 v1.5) or
// ECDSA, with others nothing is signed, there as here; but of RSA keys Go wants at least
// 1024 bits.

// verifySignature checks a signature. Its argument has a hash function, a key, a
// signature, a text and the key's other form, its result whether it is right and why not.
func verifySignature(c ForeignCall) ([]byte, Status) {
	args, ok := protoFields(c.Argument)
	der, text := args[2].bytes, args[5].bytes
	if !ok || !validText(args[1].bytes, text) || (len(der) > 0) == (len(text) > 0) {
		return nil, StatusBadArgument
	}
	if len(der) == 0 {
		der, _ = pemBlock(text, "PUBLIC KEY")
	}
	key, err := x509.ParsePKIXPublicKey(firstValue(der))
	if err != nil {
		key = nil
	}
	if failure := verify(string(args[1].bytes), key, args[3].bytes, args[4].bytes); failure != "" {
		return protoBytes(nil, 2, []byte(failure)), StatusOK
	}
	return []byte{1 << 3, 1}, StatusOK
}

// verify returns what Envoy says of a signature that is not right.
func verify(hash string, key any, signature, text []byte) string {
	h, ok := hashFunction(hash)
	if !ok {
		return hash + " is not supported."
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(key, h, sum(h, text), signature) == nil
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(key, sum(h, text), signature)
	default:
		return "Failed to initialize digest verify."
	}
	if !ok {
		return "Failed to verify digest. Error code: 0"
	}
	return ""
}

// sign makes a signature. Its argument has a hash function, a key, a text and the key's
// other form, its result whether that could be done, the signature and why not.
func sign(c ForeignCall) ([]byte, Status) {
	args, ok := protoFields(c.Argument)
	der, text := args[2].bytes, args[4].bytes
	if !ok || !validText(args[1].bytes, text) || (len(der) > 0) == (len(text) > 0) {
		return nil, StatusBadArgument
	}
	signature, failure := signText(string(args[1].bytes), privateKey(der, text), args[3].bytes)
	if failure != "" {
		return protoBytes(nil, 3, []byte(failure)), StatusOK
	}
	return protoBytes([]byte{1 << 3, 1}, 2, signature), StatusOK
}

// signText returns a signature, or what Envoy says if there can be none.
func signText(hash string, key any, text []byte) (signature []byte, failure string) {
	h, ok := hashFunction(hash)
	if !ok {
		return nil, hash + " is not supported."
	}
	var signer crypto.Signer
	switch key := key.(type) {
	case nil:
		return nil, "Invalid key type: private key required for signing operation."
	case *rsa.PrivateKey:
		signer = key
	case *ecdsa.PrivateKey:
		signer = key
	default:
		return nil, "Invalid private key: key data is corrupted or malformed."
	}
	signature, err := signer.Sign(nil, sum(h, text), h) // without randomness two runs sign alike
	if err != nil {
		return nil, "Failed to create signature."
	}
	return signature, ""
}

// privateKey reads a key, or is nil. Only as text may it be in one of the older forms.
func privateKey(der, text []byte) any {
	var key any
	kind := "PRIVATE KEY"
	if len(der) == 0 {
		der, kind = pemBlock(text, kind, "RSA PRIVATE KEY", "EC PRIVATE KEY")
	}
	var err error
	switch kind {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(der)
	default:
		key, err = x509.ParsePKCS8PrivateKey(firstValue(der))
	}
	if err != nil {
		return nil
	}
	return key
}

// pemBlock is the first block of one of some kinds.
func pemBlock(text []byte, kinds ...string) (der []byte, kind string) {
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, ""
		}
		if slices.Contains(kinds, block.Type) {
			return block.Bytes, block.Type
		}
		text = rest
	}
}

// firstValue leaves out what follows a key, which BoringSSL does not mind.
func firstValue(der []byte) []byte {
	var v asn1.RawValue
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		return nil
	}
	return v.FullBytes
}

// validText says whether all of some protobuf strings are UTF-8, as they have to be.
func validText(all ...[]byte) bool {
	return !slices.ContainsFunc(all, func(b []byte) bool { return !utf8.Valid(b) })
}

func hashFunction(name string) (crypto.Hash, bool) {
	switch strings.ToLower(name) {
	case "sha1":
		return crypto.SHA1, true
	case "sha224":
		return crypto.SHA224, true
	case "sha256":
		return crypto.SHA256, true
	case "sha384":
		return crypto.SHA384, true
	case "sha512":
		return crypto.SHA512, true
	}
	return 0, false
}

func sum(h crypto.Hash, text []byte) []byte {
	d := h.New()
	d.Write(text)
	return d.Sum(nil)
}

// protoBytes appends a protobuf field; without bytes there is none.
func protoBytes(b []byte, number int, p []byte) []byte {
	if len(p) == 0 {
		return b
	}
	b = append(b, byte(number<<3|2))
	return append(binary.AppendUvarint(b, uint64(len(p))), p...)
}
