package dialect

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/geminigenerate"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// Gemini is the dialect of https://ai.google.dev/api, its streams being server-sent
// events, as with alt=sse.
func Gemini() *Dialect {
	return &Dialect{
		Name:       geminigenerate.Name,
		Error:      geminigenerate.AppendError,
		ErrorEvent: geminigenerate.AppendErrorEvent,
		Models:     geminiModels,
		Check:      geminiCheck,
		StreamType: sse.ContentType,
		Overloaded: 503,
		MaxTokens:  []string{"generationConfig.maxOutputTokens", "generationConfig.max_output_tokens", "generation_config.maxOutputTokens", "generation_config.max_output_tokens"},
		KeyParam:   "key",
		Field:      geminigenerate.Field,
		Reader:     geminigenerate.Reader{},
		Writer:     geminigenerate.Writer{},

		CountReader: geminigenerate.CountReader{},
		Count:       geminigenerate.AppendCount,
	}
}

// GeminiArray is Gemini with streams that are JSON arrays, as without alt=sse.
func GeminiArray() *Dialect {
	d := Gemini()
	d.Error, d.ErrorEvent = geminigenerate.AppendErrorList, geminigenerate.AppendErrorList
	d.StreamType = "application/json"
	d.Writer = geminigenerate.ArrayWriter{}
	return d
}

// geminiEndpoints are the paths of both versions of the API: the SDKs use the one or the
// other. The list of models is told from OpenAI's by its version, or by the header that
// has the key.
func geminiEndpoints(d, array *Dialect) []Endpoint {
	list := []Endpoint{{Method: "GET", Path: "/v1beta/models", Dialect: d, Op: adapters.Models}}
	for _, version := range [...]string{"/v1beta", "/v1"} {
		for i := range geminiMethods {
			m := &geminiMethods[i]
			e := Endpoint{Method: "POST", Path: version + "/models/" + modelMark + m.name, Query: m.query, Dialect: d, Op: m.op, Stream: m.stream}
			if m.stream && m.query == "" {
				e.Dialect = array
			}
			list = append(list, e)
		}
	}
	return list
}

// geminiMethods are the methods of models.
var geminiMethods = [...]struct {
	name, query string
	op          adapters.Operation
	stream      bool
}{
	{":generateContent", "", adapters.Chat, false},
	{":streamGenerateContent", "alt=sse", adapters.Chat, true},
	{":streamGenerateContent", "", adapters.Chat, true},
	{":countTokens", "", adapters.CountTokens, false},
	{":embedContent", "", adapters.Embeddings, false},
	{":batchEmbedContents", "", adapters.BatchEmbeddings, false},
}

func geminiModels(dst []byte, names []string) []byte {
	dst = append(dst, `{"models":[`...)
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(append(dst, `{"name":`...), "models/"+n)
		dst = rawjson.AppendString(append(dst, `,"displayName":`...), n)
		dst = append(dst, `,"supportedGenerationMethods":["generateContent","countTokens"]}`...)
	}
	return append(dst, `]}`...)
}

func geminiCheck(op adapters.Operation, request rawjson.Value) *chat.Error {
	switch op {
	case adapters.Embeddings:
		return need(request, "content", "an object", rawjson.Object)
	case adapters.BatchEmbeddings:
		return need(request, "requests", "an array", rawjson.Array)
	case adapters.CountTokens:
		if request.Get("generateContentRequest").Exists() || request.Get("generate_content_request").Exists() {
			return nil
		}
	}
	return need(request, "contents", "an array", rawjson.Array, rawjson.Object)
}

// takeParam takes the parameters of a name out of a query, and is the value of the last.
func takeParam(query, name string) (value, rest string) {
	for more := true; more; {
		var p string
		p, query, more = strings.Cut(query, "&")
		k, v, _ := strings.Cut(p, "=")
		if plain, ok := Unescape(k); !ok || plain != name {
			rest += "&" + p
		} else if v, ok = Unescape(v); ok {
			value = v
		}
	}
	return value, strings.TrimPrefix(rest, "&")
}

// Key takes the client's key out of a query, where the dialect has it there. What is
// left may go on.
func (d *Dialect) Key(query string) (key, rest string) {
	if d.KeyParam == "" || query == "" {
		return "", query
	}
	return takeParam(query, d.KeyParam)
}
