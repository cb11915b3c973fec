package custom

import (
	"bytes"
	"errors"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A cumulative is a text of which each event has all so far.
type cumulative struct {
	all  []byte // what it was, without escapes
	sent int    // how much of it was handed on
}

// errOther says that a text is not what it was.
var errOther = errors.New("want a text that begins with what it was before, for the stream's mode is cumulative")

// broken stands for a character of which a server has decoded but a part: the next event
// may have the whole.
const broken = "\ufffd"

// next is what is new of a text; false if it is another.
func (c *cumulative) next(now []byte) ([]byte, bool) {
	old := c.all[:c.sent]
	if bytes.HasPrefix(old, now) { // nothing is new, as in a last event without a text
		return nil, true
	}
	if !bytes.HasPrefix(now, old) {
		return nil, false
	}
	whole := len(now)
	for whole > c.sent && bytes.HasSuffix(now[:whole], []byte(broken)) {
		whole -= len(broken)
	}
	c.all, c.sent = now, max(whole, c.sent)
	return now[len(old):c.sent], true
}

// rest is what was not handed on, as it is spelled in JSON.
func (c *cumulative) rest() []byte { return rawjson.AppendEscaped(nil, c.all[c.sent:]) }
