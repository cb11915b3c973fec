// Package adapters says what a provider and a client dialect are to the gateway.
//
// A Provider is a value in an explicit list: its name, its documentation, and how
// its options become an Adapter. An Adapter keeps no state of a request, so one
// serves all; what belongs to one response is in the Watch that it makes. Nothing
// here does input or output.
package adapters

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/sse"
	"github.com/postern-gateway/postern/adapters/strict"
)

// A Header is one name, in lower case, and its value.
type Header struct{ Name, Value string }

// An Operation is what a request asks of a model.
type Operation uint8

// Operations. The zero value is none.
const (
	None Operation = iota
	Chat
	Completions
	Embeddings
	Responses
	CountTokens
	Models
	BatchEmbeddings // several at once, where an API has a path of its own for them
	Rerank
	Moderations
	Images
	ImageEdits
	Speech
	Transcriptions
	Translations
	Files // with Batches, whatever is below their paths
	Batches
	NumOperations // not one: how many there are
)

// operationNames are the values of gen_ai.operation.name where OpenTelemetry has
// one (https://opentelemetry.io/docs/specs/semconv/gen-ai/), else the API's word.
var operationNames = [...]string{"none", "chat", "text_completion", "embeddings", "responses", "count_tokens", "models", "embeddings",
	"rerank", "moderation", "image_generation", "image_edit", "speech", "transcription", "translation", "files", "batches"}

// String is the operation's name in metrics and logs.
func (o Operation) String() string { return operationNames[o] }

// A Call is what a request asks for, as far as its path depends on it.
type Call struct {
	Dialect string // of the client
	Op      Operation
	Model   string // as the provider calls it
	Rest    string // of the path, below that of files or batches: /file-1/content
	Stream  bool
}

// A Provider describes one kind of upstream API.
type Provider struct {
	Name     string                                  // as written in a configuration's type: "openai"
	Doc      string                                  // one line, for tables and the JSON Schema
	Semantic string                                  // gen_ai.provider.name of OpenTelemetry
	Host     string                                  // of the public API, for who writes the proxy's clusters; empty if there is none
	Like     string                                  // the type of which it is one service of many, for tables; empty: none
	Options  func(o *strict.Object) (Adapter, error) // reads the provider's own options
}

// An Adapter speaks one provider's API.
type Adapter interface {
	// Native is the upstream path, with its query if it needs one, for a call that the
	// provider takes in the client's own dialect, so that the body can pass through;
	// false if it does not.
	Native(c Call) (path string, ok bool)

	// Credential is what carries a key.
	Credential(key secret.String) []Header

	// Defaults are headers for requests that do not bring them.
	Defaults() []Header

	// AskUsage is what has to be put into a streaming request so that the stream
	// reports its usage; nil if nothing has to.
	AskUsage(op Operation) *Ask

	// Watch reads an answer that passes by unchanged.
	Watch(op Operation) Watch
}

// An Ask is a member of the request's top object: key is set to the raw JSON
// value, or member of the object at key if there is one already.
type Ask struct{ Key, Member, Value string }

// A Watch reads the answer to one request as it passes by, without holding it.
type Watch interface {
	// Reset makes the watch ready for another answer.
	Reset()

	// Body takes the next bytes of an answer in one piece.
	Body(p []byte)

	// Event takes one event of a stream, and says whether it is only there because
	// of Ask, so that a client that did not ask must not see it.
	Event(event, data []byte) (asked bool)

	// Usage is what the provider has reported; false until it has.
	Usage() (chat.Usage, bool)

	// Failed reports an error that came inside a stream.
	Failed() bool

	// Ended reports that a stream came to its proper end.
	Ended() bool

	// Delivered estimates the tokens of what the events so far gave the client to read.
	Delivered() int64
}

// A Learner is what a Watch also is that can do without the bytes of an answer which the adapter, as a
// Translator, has read already.
type Learner interface {
	// Learn comes in the place of Body, with the whole answer and what was read of it.
	Learn(answer rawjson.Value, r *chat.Response)
}

// Frames cut a stream into events. An sse.Decoder is one, and so is what cuts another
// framing: an event's Type and Data are then what it has in their place.
type Frames interface {
	// Reset makes it ready for another stream.
	Reset()

	// Next consumes n bytes of p. If ok, they end an event exactly there; otherwise n is
	// len(p), and what is unfinished is held for the next call.
	Next(p []byte) (ev sse.Event, n int, ok bool, err error)

	// Held is every byte that was consumed since the last event, and Pending how many
	// of them belong to an event.
	Held() []byte
	Pending() int
}

// A Framer is what an Adapter also is whose streams are not server-sent events.
type Framer interface {
	// StreamType is the content type of the provider's streams.
	StreamType() string

	// NewFrames makes what cuts them; one is used for a stream after another.
	NewFrames() Frames
}

// An Amender is what an Adapter also is whose provider takes bodies of the client's
// dialect, but not all of their members as they are.
type Amender interface {
	// Amend notes in the patch what has to be another in a body that passes through.
	// What is left out and does not change the answer is reported as a drop; what does
	// is an error.
	Amend(c Call, request rawjson.Value, patch *rawjson.Patch) (drops []string, e *chat.Error)
}
