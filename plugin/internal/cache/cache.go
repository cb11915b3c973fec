// Package cache answers a request with the answer that an equal one got before.
//
// Which requests are equal is a key: the SHA-256 of the request's canonical form, in which
// nothing is left that cannot change the answer, and of whom the answer is for. What is kept
// is the neutral answer, so that clients of every dialect get it in their own, whole or as a
// stream. Memory keeps entries in the shared data of the proxy, within a bound.
//
// It does not decide who may ask; the gateway does before it asks for an entry.
package cache

import (
	"encoding/binary"

	"github.com/postern-gateway/postern/adapters/sha2"
)

// A Key is the name of an entry.
type Key [sha2.Size]byte

// A Tag marks entries that are purged together: a piece of a name's SHA-256. That two names
// have one tag happens once in four billion, and costs entries that could have stayed.
type Tag uint32

// TagOf is the tag of a name; that of no name is 0.
func TagOf(name []byte) Tag {
	if len(name) == 0 {
		return 0
	}
	return tagOf(sha2.Sum(name))
}

func tagOf(sum Key) Tag { return Tag(binary.LittleEndian.Uint32(sum[:]) | 1) }
