package adaptertest

import (
	"bytes"
	"fmt"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sse"
)

// An Ending is how a stream ends for a client.
type Ending uint8

// Endings.
const (
	Complete Ending = iota // in the dialect's last event
	Failed                 // in an error event
	Cut                    // in neither
)

// A Suite is the pair that is tested, and how its work is judged.
type Suite struct {
	Dialect  *dialect.Dialect
	Provider adapters.Translator

	// Grammar checks a whole stream as the dialect's clients see it.
	Grammar func(stream []byte) (Ending, error)

	// Frame turns a provider's stream as cases have it, in text, into its bytes; nil where
	// they are the same.
	Frame func(text []byte) []byte

	// Array says that a stream is a JSON array for the client, not events.
	Array bool

	// Accept says what the provider would have against a request; nil leaves it unasked.
	Accept func(request []byte) error
}

// maxOutput is how much memory for the client's bytes a Translation keeps.
const maxOutput = 16 << 10

// created is when answers were made whose provider does not say.
const created = 1_700_000_000

// unnamed is the model of answers whose provider does not name it: the gateway knows it.
const unnamed = "model"

// Read is the neutral form of a client's request. Only a request that is JSON can be read.
func (s *Suite) Read(request []byte) (*chat.Request, *chat.Error) {
	var doc rawjson.Doc
	if err := doc.Parse(request); err != nil {
		return nil, &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "invalid_json", Message: err.Error()}
	}
	r := new(chat.Request)
	if e := s.Dialect.Reader.ReadRequest(doc.Root(), r); e != nil {
		return nil, e
	}
	return r, nil
}

// Translate is what the provider gets for a request, and what was dropped.
func (s *Suite) Translate(request []byte) (upstream []byte, drops []string, e *chat.Error) {
	r, e := s.Read(request)
	if e != nil {
		return nil, nil, e
	}
	upstream, e = s.Provider.AppendRequest(nil, r)
	if e != nil {
		s.Dialect.Spell(e)
		return nil, nil, e
	}
	return upstream, s.Dialect.Drops(r.Drops()), nil
}

// Answer is what the client gets for a whole answer of the provider.
func (s *Suite) Answer(status int, body []byte) (int, []byte) {
	return s.answer(&chat.Request{}, status, body)
}

// answer is that for what was asked.
func (s *Suite) answer(r *chat.Request, status int, body []byte) (int, []byte) {
	fail := func(e *chat.Error) (int, []byte) {
		if e.Kind == chat.Overloaded {
			e.Status = s.Dialect.Overloaded
		}
		s.Dialect.Spell(e)
		return e.Status, s.Dialect.Error(nil, e)
	}
	if status >= 400 {
		return fail(s.Provider.ReadError(status, body))
	}
	doc := rawjson.Doc{LoneSurrogates: true}
	if err := doc.Parse(body); err != nil {
		return fail(unreadable(err))
	}
	var out chat.Response
	if err := s.Provider.ReadResponse(doc.Root(), &out); err != nil {
		if e, ok := err.(*chat.Error); ok {
			return fail(e)
		}
		return fail(unreadable(err))
	}
	complete(&out.Created, &out.ID)
	out.Texts = r.Texts
	if len(out.Model) == 0 {
		out.Model = chat.Text(unnamed)
	}
	return status, s.Dialect.Writer.AppendResponse(nil, &out)
}

// complete says what a provider has left out and the gateway makes up.
func complete(at *int64, id *chat.Text) {
	if *at == 0 {
		*at = created
	}
	if len(*id) == 0 {
		*id = chat.Text("1")
	}
}

// unreadable is the gateway's error for what a provider must not send.
func unreadable(err error) *chat.Error {
	return &chat.Error{Status: 502, Kind: chat.Internal, Code: "upstream_unreadable", Message: err.Error()}
}

// A Translation turns one stream after another from the provider's form into the
// client's, as the gateway does it.
type Translation struct {
	frames  adapters.Frames
	decoder adapters.Decoder
	encoder adapters.Encoder
	emit    func(*chat.Event) // made once, for it is a closure
	dst     []byte
	failed  bool
	bad     error // the first event that breaks the order of chat.EventKind
	order   order
}

// NewTranslation is ready after Reset.
func (s *Suite) NewTranslation() *Translation {
	t := &Translation{frames: &sse.Decoder{}, decoder: s.Provider.NewDecoder(), encoder: s.Dialect.Writer.NewEncoder()}
	if f, ok := s.Provider.(adapters.Framer); ok {
		t.frames = f.NewFrames()
	}
	t.emit = t.event
	return t
}

// Reset begins the stream that answers r.
func (t *Translation) Reset(r *chat.Request) {
	t.frames.Reset()
	t.decoder.Reset()
	t.encoder.Reset(r)
	t.dst, t.failed, t.bad, t.order = nil, false, nil, order{}
}

// Write takes the next bytes of the provider's stream and returns those of the client's
// so far, appended to what Take has left.
func (t *Translation) Write(p []byte) {
	for {
		ev, n, ok, err := t.frames.Next(p)
		if err != nil {
			t.fail(err)
			return
		}
		if !ok {
			return
		}
		p = p[n:]
		if !ev.Message || t.failed {
			continue
		}
		if err := t.decoder.Event(ev.Type, ev.Data, t.emit); err != nil {
			t.fail(err)
			return
		}
	}
}

// Close ends the provider's stream.
func (t *Translation) Close() {
	if t.failed {
		return
	}
	if err := t.decoder.Close(t.emit); err != nil {
		t.fail(err)
	}
}

// Take returns the client's bytes since the last call, and an error if the decoder broke
// the order of events. The bytes are void at the next Write.
func (t *Translation) Take() ([]byte, error) {
	p := t.dst
	if t.dst = t.dst[:0]; cap(p) > maxOutput {
		t.dst = nil // the memory of an event that was large is not the stream's to keep
	}
	return p, t.bad
}

func (t *Translation) fail(err error) {
	if !t.failed {
		t.event(&chat.Event{Kind: chat.Failure, Err: unreadable(err)})
	}
}

func (t *Translation) event(e *chat.Event) {
	if err := t.order.step(e); err != nil && t.bad == nil {
		t.bad = err
	}
	switch e.Kind {
	case chat.Start:
		complete(&e.Created, &e.ID)
	case chat.Failure:
		t.failed = true
	}
	t.dst = t.encoder.Append(t.dst, e)
}

// Stream is what the client who sent the request gets for a provider's stream that comes
// in these pieces.
func (s *Suite) Stream(request []byte, pieces ...[]byte) ([]byte, error) {
	r, e := s.Read(request)
	if e != nil {
		return nil, fmt.Errorf("request: %s", e.Message)
	}
	t := s.NewTranslation()
	return t.run(r, pieces...)
}

func (t *Translation) run(r *chat.Request, pieces ...[]byte) ([]byte, error) {
	t.Reset(r)
	for _, p := range pieces {
		t.Write(p)
	}
	t.Close()
	out, err := t.Take()
	return bytes.Clone(out), err
}
