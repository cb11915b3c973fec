// Package ollamachat is the client side of Ollama's API: it reads requests of /api/chat
// and /api/generate into the neutral form and writes answers, streams and errors as the
// server does.
//
// The format is that of https://github.com/ollama/ollama/blob/main/docs/api.md and of
// the types in https://github.com/ollama/ollama/blob/main/api/types.go. Its SDKs leave
// out the ids of calls when they send them back: ids are made for calls that have none,
// and results go to the calls that they name, or to the first that waits. A prompt of
// /api/generate is a conversation of one message.
//
// What only the server itself can do is refused: prompts in its own templates, contexts
// of tokens, texts to be filled in. Options that concern how a model is loaded are listed
// in Request.Extra. A call goes to the client whole, as the API has it, so that its
// arguments are held until they are complete.
package ollamachat

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Names of the two dialects, as in Request.Dialect.
const (
	Name         = "ollama"
	GenerateName = "ollama_generate"
)

// Reader reads requests of /api/chat.
type Reader struct{}

// GenerateReader reads requests of /api/generate.
type GenerateReader struct{}

var (
	_ adapters.Reader = Reader{}
	_ adapters.Reader = GenerateReader{}
)

// ReadRequest fills r from a request.
func (Reader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	r.Dialect = Name
	d := reader{Reader: fields.Reader{R: r}}
	d.Need(request, "messages")
	r.Stream = true // unless the client says otherwise
	d.Each(request, func(k, v rawjson.Value) {
		switch {
		case k.Is("messages"):
			d.messages(v)
		case k.Is("tools"):
			d.Tools(v)
		default:
			d.member(k, v)
		}
	})
	return d.Err
}

// ReadRequest fills r from a request.
func (GenerateReader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	r.Dialect = GenerateName
	d := reader{Reader: fields.Reader{R: r}}
	r.Stream = true // unless the client says otherwise
	d.Each(request, d.generate)
	if t := d.Optional(request, "system"); len(t) > 0 {
		system := request.Get("system")
		r.Begin(chat.System).At = system
		d.AddText(chat.TextPart, t, system)
	}
	images, prompt := request.Get("images"), d.Optional(request, "prompt")
	r.Begin(chat.User).At = request
	d.images(images, d.Add)
	d.AddText(chat.TextPart, prompt, request.Get("prompt"))
	if images.Len() == 0 && len(prompt) == 0 {
		d.Fail("missing_required_parameter", "prompt", "want a prompt: models are not loaded and unloaded here")
	}
	return d.Err
}

// generate reads a member of a prompt's request, but for what stands in its messages.
func (d *reader) generate(k, v rawjson.Value) {
	switch string(k.Bytes()) {
	case "prompt", "system", "images":
	case "suffix", "template":
		if len(d.Text(v)) > 0 {
			d.Unsupported(v, "means something to Ollama's own models alone")
		}
	case "context":
		if d.Array(v).Len() > 0 {
			d.Unsupported(v, "means something to Ollama's own models alone; send the conversation to /api/chat")
		}
	case "raw":
		if d.Bool(v) {
			d.Unsupported(v, "want a prompt without a template of its own")
		}
	default:
		d.member(k, v)
	}
}

// Writer writes answers of /api/chat.
type Writer struct{}

// GenerateWriter writes answers of /api/generate.
type GenerateWriter struct{}

var (
	_ adapters.Writer = Writer{}
	_ adapters.Writer = GenerateWriter{}
)

// AppendResponse appends a whole answer.
func (Writer) AppendResponse(dst []byte, r *chat.Response) []byte {
	return appendResponse(dst, r, false)
}

// AppendResponse appends a whole answer.
func (GenerateWriter) AppendResponse(dst []byte, r *chat.Response) []byte {
	return appendResponse(dst, r, true)
}

// NewEncoder makes a writer of streams.
func (Writer) NewEncoder() adapters.Encoder { return &encoder{} }

// NewEncoder makes a writer of streams.
func (GenerateWriter) NewEncoder() adapters.Encoder { return &encoder{generate: true} }

// AppendError appends the API's error object, which has the message alone.
func AppendError(dst []byte, e *chat.Error) []byte {
	dst = rawjson.Add(dst, `{"error":`)
	return append(rawjson.AppendString(dst, e.Message), '}')
}

// AppendErrorEvent appends an error as the last line of a stream.
func AppendErrorEvent(dst []byte, e *chat.Error) []byte { return append(AppendError(dst, e), '\n') }
