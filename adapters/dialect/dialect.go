// Package dialect has the APIs that clients speak: which requests are theirs, how
// their errors and their lists look. A dialect is a value in an explicit list.
package dialect

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Dialect is one API as its clients know it.
type Dialect struct {
	Name string

	// StreamType is the content type of its streams.
	StreamType string

	// StreamsUnasked says that an answer is a stream where the request does not say
	// whether it is to be one.
	StreamsUnasked bool

	// Timed says that an answer says how long it took.
	Timed bool

	// Overloaded is the status of an error that says: try again later.
	Overloaded int

	// MaxTokens are the members that bound an answer's tokens, by their paths; the first is
	// the one to add where there is none.
	MaxTokens []string

	// Standing appends the headers that tell how a limit stands; nil is OpenAI's.
	Standing func(dst []adapters.Header, s Standing) []adapters.Header

	// Error appends an error object.
	Error func(dst []byte, e *chat.Error) []byte

	// ErrorHeader is a header that says which error it is, where the dialect has one.
	ErrorHeader func(e *chat.Error) adapters.Header

	// IsError reports whether a document is an error object as this dialect's clients
	// know it; nil if every provider that speaks the dialect sends only such.
	IsError func(v rawjson.Value) bool

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

	// Embeddings translates them, where the dialect has such.
	Embeddings adapters.EmbedCodec
	// KeyParam is the parameter of a query that can have the client's key; empty if none.
	KeyParam string

	// Field is how the client spells what a provider has named as OpenAI or Anthropic
	// do, in an error or a drop; nil if it spells all of it so.
	Field func(path string) string

	// Rank translates requests to rerank, where the dialect has such.
	Rank adapters.RankCodec

	// Reader and Writer translate chat for providers that speak otherwise.
	Reader adapters.Reader
	Writer adapters.Writer
}

// Spell names what is wrong in a request as the client does.
func (d *Dialect) Spell(e *chat.Error) {
	if d.Field == nil || e.Param == "" {
		return
	}
	if as := d.Field(e.Param); as != e.Param {
		if rest, ok := strings.CutPrefix(e.Message, e.Param+": "); ok {
			e.Message = as + ": " + rest
		}
		e.Param = as
	}
}

// Drops are the names of what was dropped as the client spells them.
func (d *Dialect) Drops(names []string) []string {
	if d.Field == nil {
		return names
	}
	out := make([]string, 0, len(names))
	for _, n := range names {
		if as := d.Field(n); !slices.Contains(out, as) {
			out = append(out, as)
		}
	}
	return out
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
