package identity

// A Cache remembers credentials that were expensive to check. It holds no more than
// cacheBytes of them, in two halves: once the newer is full it becomes the older, whose
// content goes. What is used moves to the newer.
//
// It finds them by their ends, which are of their signatures, and then compares all of
// them, in a time that does not tell where they differ: the SHA-256 of a token takes longer
// than all else that is done for a known one (RATIONALE.md).
type Cache struct {
	newer, older map[string]remembered
	size         int // bytes in newer
}

type remembered struct {
	credential string
	known      Known
}

const (
	cacheBytes   = 4 << 20
	bytesOfEntry = 300 // beside the credential, roughly
	bytesOfEnd   = 32
)

// Find is what is known of a credential, if that still holds.
func (c *Cache) Find(credential string, now int64) (Known, bool) {
	end := endOf(credential)
	r, ok := c.newer[end]
	if !ok {
		if r, ok = c.older[end]; !ok {
			return Known{}, false
		}
		delete(c.older, end)
		c.add(r)
	}
	switch {
	case !same(r.credential, credential):
		return Known{}, false
	case expired(r.known.Expires, now):
		delete(c.newer, end)
		return Known{}, false
	}
	return r.known, true
}

// Add remembers a credential, of which it keeps the string.
func (c *Cache) Add(credential string, k Known) { c.add(remembered{credential, k}) }

//go:noinline
func (c *Cache) add(r remembered) {
	size := len(r.credential) + bytesOfEntry
	if c.size += size; c.size > cacheBytes/2 || c.newer == nil {
		c.older, c.newer, c.size = c.newer, map[string]remembered{}, size
	}
	c.newer[endOf(r.credential)] = r
}

// Clear forgets all: a key that they were checked with is no more.
func (c *Cache) Clear() { *c = Cache{} }

// Len is how many there are.
func (c *Cache) Len() int { return len(c.newer) + len(c.older) }

func endOf(credential string) string { return credential[max(0, len(credential)-bytesOfEnd):] }

// same compares eight bytes at a time, all of them. In WebAssembly the library's
// comparison of strings takes them one by one.
func same(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	var diff uint64
	for len(a) >= 8 && len(b) >= 8 {
		diff |= word(a) ^ word(b)
		a, b = a[8:], b[8:]
	}
	for i := range len(a) {
		diff |= uint64(a[i] ^ b[i])
	}
	return diff == 0
}

// word is 8 bytes as a number, by one instruction.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
