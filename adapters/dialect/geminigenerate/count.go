package geminigenerate

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A CountReader reads requests to countTokens (https://ai.google.dev/api/tokens): contents
// alone, or a whole request.
type CountReader struct{}

var _ adapters.Reader = CountReader{}

// ReadRequest reads a request whose tokens are to be counted.
func (CountReader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	if whole := get(request, "generateContentRequest"); whole.Kind() == rawjson.Object {
		request = whole
	}
	return Reader{}.ReadRequest(request, r)
}

// AppendCount appends the answer to such a request.
func AppendCount(dst []byte, tokens int64) []byte {
	return add(rawjson.AppendInt(add(dst, `{"totalTokens":`), tokens), `}`)
}
