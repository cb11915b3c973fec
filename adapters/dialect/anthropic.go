package dialect

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// Anthropic is the dialect of https://platform.claude.com/docs/en/api/messages.
func Anthropic() *Dialect {
	return &Dialect{
		Name:       anthropicmessages.Name,
		Error:      anthropicmessages.AppendError,
		IsError:    func(v rawjson.Value) bool { return v.Get("type").Is("error") },
		ErrorEvent: anthropicmessages.AppendErrorEvent,
		Models:     anthropicModels,
		Check:      anthropicCheck,
		StreamType: sse.ContentType,
		Overloaded: 529,
		MaxTokens:  []string{"max_tokens"},
		Standing:   anthropicStanding,
		Reader:     anthropicmessages.Reader{},
		Writer:     anthropicmessages.Writer{},

		CountReader: anthropicmessages.CountReader{},
		Count:       anthropicmessages.AppendCount,
	}
}

// anthropicEndpoints are the paths of the API, but for that of its models, which is OpenAI's too.
func anthropicEndpoints(d *Dialect) []Endpoint { return endpointsAt(d, anthropicPaths[:]) }

var anthropicPaths = [...]place{
	{"POST", "/v1/messages", adapters.Chat, false, ""},
	{"POST", "/v1/messages/count_tokens", adapters.CountTokens, false, ""},
	{"GET POST", "/v1/messages/batches", adapters.Batches, false, ""},
	{"GET DELETE", "/v1/messages/batches/{id}", adapters.Batches, false, ""},
	{"POST", "/v1/messages/batches/{id}/cancel", adapters.Batches, false, ""},
	{"GET", "/v1/messages/batches/{id}/results", adapters.Batches, false, ""},
}

func anthropicModels(dst []byte, names []string) []byte {
	dst = rawjson.Add(dst, `{"data":[`)
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.Add(dst, `{"type":"model","id":`)
		dst = rawjson.AppendString(dst, n)
		dst = rawjson.Add(dst, `,"display_name":`)
		dst = rawjson.AppendString(dst, n)
		dst = rawjson.Add(dst, `,"created_at":"1970-01-01T00:00:00Z"}`)
	}
	dst = rawjson.Add(dst, `],"has_more":false,"first_id":`)
	if len(names) == 0 {
		return rawjson.Add(dst, `null,"last_id":null}`)
	}
	dst = rawjson.AppendString(dst, names[0])
	dst = rawjson.Add(dst, `,"last_id":`)
	dst = rawjson.AppendString(dst, names[len(names)-1])
	return append(dst, '}')
}

func anthropicCheck(op adapters.Operation, request rawjson.Value) *chat.Error {
	return need(request, "messages", "an array", rawjson.Array)
}
