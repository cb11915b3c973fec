package openairesponses

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// mostEchoed is how large a member of the request may be that answers repeat. What is
// larger is repeated as if it had been left out: long instructions and lists of tools
// would else come back three times in each stream, and nobody reads them there.
const mostEchoed = 4 << 10

// echoed are the members, as they are where the client is silent.
var echoed = [...]string{
	`,"instructions":null`,
	`,"max_output_tokens":null`,
	`,"max_tool_calls":null`,
	`,"metadata":{}`,
	`,"parallel_tool_calls":true`,
	`,"prompt_cache_key":null`,
	`,"reasoning":{"effort":null,"summary":null}`,
	`,"safety_identifier":null`,
	`,"temperature":null`,
	`,"text":{"format":{"type":"text"}}`,
	`,"tool_choice":"auto"`,
	`,"tools":[]`,
	`,"top_logprobs":0`,
	`,"top_p":null`,
	`,"user":null`,
}

// appendEcho appends the members that a response has of its request, each with a comma in
// front: as the client spelled them, or as they are where it is silent.
func appendEcho(dst []byte, request rawjson.Value) []byte {
	for _, usual := range echoed {
		key, _, _ := strings.Cut(usual[len(`,"`):], `"`)
		if v := request.Get(key); v.Exists() && !v.IsNull() && len(v.Raw()) <= mostEchoed {
			dst = appendLine(rawjson.Add(dst, usual[:len(`,"":`)+len(key)]), v.Raw())
		} else {
			dst = rawjson.Add(dst, usual)
		}
	}
	return dst
}

// appendLine appends a document without its line ends, which events cannot hold; none
// stands in a string.
//
//go:noinline
func appendLine(dst, doc []byte) []byte {
	for _, c := range doc {
		if c != '\n' && c != '\r' {
			dst = append(dst, c)
		}
	}
	return dst
}
