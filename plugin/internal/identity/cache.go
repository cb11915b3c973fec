package identity

// A Cache remembers credentials that were expensive to check. It holds no more than
// cacheBytes of them, in two halves: once the newer is full it becomes the older, whose
// content goes. What is used moves to the newer.
//
// It is by the credential itself: the SHA-256 of a token takes longer than all else that is
// done for a known one (RATIONALE.md).
type Cache struct {
	newer, older map[string]Known
	size         int // bytes in newer
}

const (
	cacheBytes   = 4 << 20
	bytesOfEntry = 200 // beside the credential, roughly
)

// Find is what is known of a credential, if that still holds.
func (c *Cache) Find(credential string, now int64) (Known, bool) {
	k, ok := c.newer[credential]
	if !ok {
		if k, ok = c.older[credential]; !ok {
			return k, false
		}
		delete(c.older, credential)
		c.Add(credential, k)
	}
	if expired(k.Expires, now) {
		delete(c.newer, credential)
		return Known{}, false
	}
	return k, true
}

// Add remembers a credential, of which it keeps the string.
func (c *Cache) Add(credential string, k Known) {
	size := len(credential) + bytesOfEntry
	if c.size += size; c.size > cacheBytes/2 || c.newer == nil {
		c.older, c.newer, c.size = c.newer, map[string]Known{}, size
	}
	c.newer[credential] = k
}

// Clear forgets all: a key that they were checked with is no more.
func (c *Cache) Clear() { *c = Cache{} }

// Len is how many there are.
func (c *Cache) Len() int { return len(c.newer) + len(c.older) }
