// Package dialect has the APIs that clients speak: which requests are theirs, how
// their errors and their lists look. A dialect is a value in an explicit list.
package dialect

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Dialect is one API as its clients know it.
type Dialect struct {
	Name string

	// Overloaded is the status of an error that says: try again later.
	Overloaded int

	// Error appends an error object.
	Error func(dst []byte, e *chat.Error) []byte

	// ErrorEvent appends an error as the last event of a stream.
	ErrorEvent func(dst []byte, e *chat.Error) []byte

	// Models appends a list of models.
	Models func(dst []byte, names []string) []byte

	// Check finds what the gateway itself needs in a request and misses; nil is fine.
	Check func(op adapters.Operation, request rawjson.Value) *chat.Error

	// CountReader and Count are for requests that ask how many tokens they are, where
	// the dialect has such: Count appends the answer.
	CountReader adapters.Reader
	Count       func(dst []byte, tokens int64) []byte

	// Reader and Writer translate chat for providers that speak otherwise.
	Reader adapters.Reader
	Writer adapters.Writer
}

// An Endpoint is one path of a dialect.
type Endpoint struct {
	Method, Path string
	Dialect      *Dialect
	Op           adapters.Operation
}

// A Table is all that clients can ask for.
type Table struct {
	endpoints []Endpoint
	fallback  *Dialect
}

// NewTable lists the dialects that the gateway serves.
func NewTable() *Table {
	openAI, anthropic := OpenAI(), Anthropic()
	return &Table{
		fallback: openAI,
		endpoints: []Endpoint{
			{"POST", "/v1/chat/completions", openAI, adapters.Chat},
			{"POST", "/v1/messages", anthropic, adapters.Chat},
			{"POST", "/v1/embeddings", openAI, adapters.Embeddings},
			{"POST", "/v1/responses", openAI, adapters.Responses},
			{"POST", "/v1/completions", openAI, adapters.Completions},
			{"POST", "/v1/messages/count_tokens", anthropic, adapters.CountTokens},
			{"GET", "/v1/models", openAI, adapters.Models},
		},
	}
}

// Find is the endpoint at a path without its query. Clients of Anthropic's API name
// its version in a header, which tells the dialects apart where paths are the same.
func (t *Table) Find(path string, anthropicVersion bool) (Endpoint, bool) {
	if !strings.HasPrefix(path, "/v1/") {
		return Endpoint{}, false
	}
	for _, e := range t.endpoints {
		if e.Path == path {
			if e.Op == adapters.Models && anthropicVersion {
				e.Dialect = t.byName("anthropic")
			}
			return e, true
		}
	}
	return Endpoint{}, false
}

// Default is the dialect for those who have not shown theirs yet.
func (t *Table) Default() *Dialect { return t.fallback }

func (t *Table) byName(name string) *Dialect {
	for _, e := range t.endpoints {
		if e.Dialect.Name == name {
			return e.Dialect
		}
	}
	return t.fallback
}

// missing is the error for a member that a request must have.
func missing(key, want string, got rawjson.Value) *chat.Error {
	e := &chat.Error{Status: 400, Kind: chat.InvalidRequest, Param: key}
	if !got.Exists() {
		e.Code = "missing_required_parameter"
		e.Message = "missing required parameter: '" + key + "' (" + want + ")"
		return e
	}
	e.Code = "invalid_type"
	e.Message = key + ": want " + want + ", got " + got.Kind().String()
	return e
}

// need checks that a member is there and of one of the kinds.
func need(request rawjson.Value, key, want string, kinds ...rawjson.Kind) *chat.Error {
	v := request.Get(key)
	for _, k := range kinds {
		if v.Exists() && v.Kind() == k {
			return nil
		}
	}
	return missing(key, want, v)
}
