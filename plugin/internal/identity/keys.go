package identity

import (
	"github.com/postern-gateway/postern/adapters/sha2"
	"github.com/postern-gateway/postern/plugin/internal/siphash"
)

// Keys finds whom an API key belongs to. Only the keys' SHA-256 is stored and the look-up
// is by it, so its time tells nothing about a key.
type Keys map[[sha2.Size]byte]Key

// A Key is what is known of one.
type Key struct {
	Caller  *Caller
	Expires int64 // seconds since 1970; 0 is never
}

// Find is for the SHA-256 of a key.
func (k Keys) Find(sum [sha2.Size]byte, now int64) (Known, *Problem) {
	found, ok := k[sum]
	switch {
	case !ok:
		return Known{}, &Problem{InvalidKey, "the API key is not known here"}
	case expired(found.Expires, now):
		return Known{}, &Problem{ExpiredKey, "the API key has expired"}
	}
	return Known{found.Caller, sum, found.Expires}, nil
}

func expired(at, now int64) bool { return at != 0 && now >= at }

// Sums remembers the SHA-256 of keys that clients have sent, which takes longer than all else that is
// done for one. It finds it by another hash, whose key nobody knows; the API keys it does not keep.
type Sums struct {
	key   [2]uint64
	known [rememberedSums]struct {
		id  [siphash.Size]byte
		sum [sha2.Size]byte
	}
	text []byte // a key on its way
}

const rememberedSums = 128 // each has one place

// NewSums remembers none yet. The numbers have to be random.
func NewSums(a, b uint64) *Sums { return &Sums{key: [2]uint64{a, b}} }

// Of is the SHA-256 of a key as a client has sent it.
func (s *Sums) Of(key string) [sha2.Size]byte {
	s.text = append(s.text[:0], key...)
	id := siphash.Sum(s.key, s.text)
	x := &s.known[id[0]%rememberedSums]
	if x.id != id {
		x.id, x.sum = id, sha2.Sum(s.text)
	}
	clear(s.text)
	return x.sum
}
