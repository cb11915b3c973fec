package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// keyPrefix makes a leaked key easy to find, and to tell from a provider's.
const keyPrefix = "pk-"

// key mints a client key. Nobody but its reader ever has it: the configuration gets
// its SHA-256, which is enough since the key has 130 random bits.
func key(c *call) error {
	name := c.flags.String("name", "web", "what logs and limits call the consumer")
	span := lifetime(0)
	c.flags.Var(&span, "for", "how long it holds, such as 30d; without it for ever")
	if err := c.parse(); err != nil {
		return err
	}
	if *name == "" {
		fmt.Fprintln(c.err, "postern key: --name: must not be empty")
		return errMisuse
	}
	secret := keyPrefix + rand.Text()
	sum := sha256.Sum256([]byte(secret))
	quoted, err := json.Marshal(*name) // JSON is YAML, whatever is in the name
	if err != nil {
		return err
	}
	expires := ""
	if span > 0 {
		expires = `, expires: "` + time.Now().Add(time.Duration(span)).UTC().Format(time.RFC3339) + `"`
	}
	_, err = fmt.Fprintf(c.out, `key     %s
sha256  %s

The key is for the client and is stored nowhere. The configuration gets its hash:

consumers:
- {name: %s, keys: [{sha256: "%s"%s}]}
`, secret, hex.EncodeToString(sum[:]), quoted, hex.EncodeToString(sum[:]), expires)
	return err
}
