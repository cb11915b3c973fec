package identity

import "github.com/postern-gateway/postern/adapters/sha2"

// Keys finds whom an API key belongs to. Only the keys' SHA-256 is stored and the look-up
// is by it, so its time tells nothing about a key.
type Keys map[[sha2.Size]byte]Key

// A Key is what is known of one.
type Key struct {
	Caller  *Caller
	Expires int64 // seconds since 1970; 0 is never
}

// Find is for a key as a client has sent it.
func (k Keys) Find(key string, now int64) (Known, *Problem) {
	sum := sha2.Sum([]byte(key))
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
