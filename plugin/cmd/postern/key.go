package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// keyPrefix makes a leaked key easy to find, and to tell from a provider's.
const keyPrefix = "pk-"

// key mints a client key. Nobody but its reader ever has it: the configuration gets
// its SHA-256, which is enough since the key has 130 random bits.
func key(c *call) error {
	name := c.flags.String("name", "web", "what logs and limits call the consumer")
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
	_, err = fmt.Fprintf(c.out, `key     %s
sha256  %s

The key is for the client and is stored nowhere. The configuration gets its hash:

consumers:
- {name: %s, keys: [{sha256: "%s"}]}
`, secret, hex.EncodeToString(sum[:]), quoted, hex.EncodeToString(sum[:]))
	return err
}
