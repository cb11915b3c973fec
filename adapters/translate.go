package adapters

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Reader reads a client's chat requests into the neutral form.
type Reader interface {
	// ReadRequest fills r, which is empty, from the client's request. What the neutral
	// form cannot hold is an error, or goes to r.Extra. Views in r are of the document.
	ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error
}

// A Writer writes answers in the client's dialect.
type Writer interface {
	// AppendResponse appends a whole answer.
	AppendResponse(dst []byte, r *chat.Response) []byte

	// NewEncoder makes the writer of streams; one is used for a stream after another.
	NewEncoder() Encoder
}

// An Encoder writes one stream's events in the client's dialect. It knows what the
// dialect's grammar wants around them.
type Encoder interface {
	// Reset makes the encoder ready for another stream, which answers r.
	Reset(r *chat.Request)

	// Append appends what an event is in the dialect, which may be nothing.
	Append(dst []byte, e *chat.Event) []byte
}

// A Translator is what an Adapter also is when its provider can serve clients of
// other dialects.
type Translator interface {
	// ChatPath is where requests go; stream says which, for APIs where they differ.
	ChatPath(model string, stream bool) string

	// AppendRequest appends the provider's request. What changes the answer and cannot
	// be said is an error that names it as the client knows it; what does not is
	// reported by r.Drop.
	AppendRequest(dst []byte, r *chat.Request) ([]byte, *chat.Error)

	// ReadResponse fills out, which is empty, from a whole answer. Views in out are
	// of the document. An answer that is an error in spite of its status is a *chat.Error.
	ReadResponse(answer rawjson.Value, out *chat.Response) error

	// NewDecoder makes the reader of streams; one is used for a stream after another.
	NewDecoder() Decoder

	// ReadError says what a provider's error means. body may be anything.
	ReadError(status int, body []byte) *chat.Error
}

// A Prefiller is what a Translator also is some of whose models go on with the last message
// of a conversation where it is the assistant's, instead of answering it.
type Prefiller interface {
	// Prefills reports whether a model does.
	Prefills(model string) bool
}

// A Decoder reads one stream of a provider's own events.
type Decoder interface {
	// Reset makes the decoder ready for another stream.
	Reset()

	// Event takes one event of the stream and hands over what it means, in the order
	// that chat.EventKind lays down.
	Event(event, data []byte, emit func(*chat.Event)) error

	// Close ends the stream: an error if it ended before the provider meant it to, in
	// which case no End has been handed over.
	Close(emit func(*chat.Event)) error
}

// A Finisher is what a Decoder also is that has an answer's end wait for what may come with
// it, such as its usage.
type Finisher interface {
	// Finished reports whether the provider has said why the answer has ended.
	Finished() bool
}
