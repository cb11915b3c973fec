package anthropic

import (
	"bytes"
	"unicode/utf8"

	"github.com/postern-gateway/postern/adapters/chat"
)

// Nearly all events of a stream are the next words of a block, spelled by the API in
// one way. They are read without a tape; every other spelling is left to the parser,
// which reads them all.

const deltaHead = `{"type":"content_block_delta","index":`

var deltaKinds = [...][]byte{
	[]byte(`,"delta":{"type":"text_delta","text":"`),
	[]byte(`,"delta":{"type":"input_json_delta","partial_json":"`),
	[]byte(`,"delta":{"type":"thinking_delta","thinking":"`),
}

// plainDelta is the text of a delta in the API's usual spelling; false for any other
// event.
func plainDelta(data []byte) (chat.Text, bool) {
	if len(data) < len(deltaHead) || string(data[:len(deltaHead)]) != deltaHead {
		return nil, false
	}
	rest := data[len(deltaHead):]
	digits := 0
	for digits < len(rest) && rest[digits]-'0' <= 9 {
		digits++
	}
	if digits == 0 || digits > 1 && rest[0] == '0' {
		return nil, false
	}
	rest = rest[digits:]
	for _, kind := range deltaKinds {
		if bytes.HasPrefix(rest, kind) {
			return plainText(rest[len(kind):])
		}
	}
	return nil, false
}

// plainText is a string's content up to its quote, behind which two braces end the
// event. Escapes of one letter are all that it may have.
func plainText(p []byte) (chat.Text, bool) {
	var high byte
	for i := 0; i < len(p); i++ {
		c := p[i]
		high |= c
		switch {
		case c == '"':
			text := p[:i:i]
			return text, len(p)-i == len(`"}}`) && p[i+1] == '}' && p[i+2] == '}' && (high < utf8.RuneSelf || utf8.Valid(text))
		case c < ' ':
			return nil, false
		case c == '\\':
			if i++; i == len(p) || bytes.IndexByte([]byte(`"\/bfnrt`), p[i]) < 0 {
				return nil, false
			}
		}
	}
	return nil, false
}
