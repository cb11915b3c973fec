package gateway

import "github.com/postern-gateway/postern/plugin/internal/meter"

// A Port answers at once. Everything else that the gateway wants of its host is in
// a Step.
type Port interface {
	// Now is the wall clock in nanoseconds since 1970.
	Now() int64

	// Random is a number that nobody can guess.
	Random() uint64

	// Load reads a value shared by all workers, with its version; false if there
	// is none.
	Load(key string) (value []byte, version uint32, ok bool)

	// Store writes a shared value if its version is still that one: state.ErrConflict
	// if it is not.
	Store(key string, value []byte, version uint32) error

	// Property reads an attribute of the current stream; elements of its path are
	// separated by zero bytes.
	Property(path string) (value []byte, ok bool)

	// Verify asks the host whether signature is one of message by a public key, in the
	// form that X.509 has of it: RSASSA-PKCS1-v1_5, or ECDSA in ASN.1, with sha256, sha384
	// or sha512. able is false if the host cannot tell.
	Verify(hash string, key, message, signature []byte) (valid, able bool)

	// Value is what a counter stands at, over all workers.
	Value(s *meter.Series) uint64
}
