package openai

import (
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errTruncated = errors.New("the provider's stream ended before its last event")
	errUnended   = errors.New("the provider's stream said that it was done before an answer had its finish_reason")
	errChunk     = errors.New("the provider's stream: want chunks, got an event of another form")
	errChoices   = errors.New("the provider's stream has more choices than can be asked for")
)

const (
	mostChoices = 128     // as many as n can ask for
	bigEvent    = 2 << 10 // bytes from which on the memory of an event is not kept
)

// decoder reads chunks (https://platform.openai.com/docs/api-reference/chat-streaming).
type decoder struct {
	doc     rawjson.Doc
	lanes   []lane
	usage   chat.Usage
	counted bool
	created int64
	calls   int // tool calls so far
	kept    int // bytes of blocks that wait
	begun   bool
	done    bool
	tags    bool // thinking may stand in the text
	ev      chat.Event
}

// A ChunkDecoder is what NewDecoder makes, for who reads the chunks before: they are
// chunks, or say something in another form.
type ChunkDecoder interface {
	adapters.Decoder
	Chunk(event []byte, v rawjson.Value, emit func(*chat.Event)) error
	Say(s *Said, emit func(*chat.Event)) error
}

var _ ChunkDecoder = (*decoder)(nil)

// NewChunkDecoder is NewDecoder.
func (a *Adapter) NewChunkDecoder() ChunkDecoder {
	return &decoder{doc: rawjson.Doc{LoneSurrogates: true}, tags: a.p.Tags}
}

// NewDecoder makes a reader of streams.
func (a *Adapter) NewDecoder() adapters.Decoder { return a.NewChunkDecoder() }

func (d *decoder) Reset() {
	d.doc.Reset()
	*d = decoder{doc: d.doc, lanes: d.lanes[:0], tags: d.tags}
	if cap(d.lanes) > 1 {
		d.lanes = nil // answers with several choices are rare
	}
}

func (d *decoder) Event(event, data []byte, emit func(*chat.Event)) error {
	if d.done {
		return nil
	}
	if string(data) == "[DONE]" {
		return d.end(emit)
	}
	if err := d.doc.Parse(data); err != nil {
		return err
	}
	err := d.Chunk(event, d.doc.Root(), emit)
	if d.doc.Reset(); len(data) > bigEvent {
		d.doc = rawjson.Doc{LoneSurrogates: true}
	}
	return err
}

// Chunk is Event for one that was read already, which is nothing but a chunk.
func (d *decoder) Chunk(event []byte, v rawjson.Value, emit func(*chat.Event)) error {
	if d.done {
		return nil
	}
	err := d.chunk(event, v, emit)
	d.ev = chat.Event{} // it has views of the chunk
	return err
}

func (d *decoder) chunk(event []byte, v rawjson.Value, emit func(*chat.Event)) error {
	failure := v.Get("error")
	if failure.Kind() == rawjson.Object || failure.Kind() == rawjson.String || string(event) == "error" || v.Get("object").Is("error") {
		d.done = true
		d.send(emit, chat.Event{Kind: chat.Failure, Err: streamError(v)})
		return nil
	}
	choices := v.Get("choices")
	if v.Kind() != rawjson.Object || choices.Exists() && choices.Kind() != rawjson.Array && !choices.IsNull() {
		return errChunk
	}
	if u := v.Get("usage"); u.Kind() == rawjson.Object {
		d.usage, d.counted = usage(u), true
	}
	if choices.Len() == 0 {
		return nil // the usage, or what Azure says of the prompt before all else
	}
	if !d.begun {
		d.created, _ = v.Get("created").Int64()
		d.begin(emit, chat.Event{
			ID:      inner(v.Get("id")),
			Model:   inner(v.Get("model")),
			Created: d.created,
			Tier:    inner(v.Get("service_tier")),
			System:  inner(v.Get("system_fingerprint")),
		})
	}
	for it := choices.Items(); it.Next(); {
		c := it.Value
		if err := d.choice(c, emit); err != nil {
			return err
		}
	}
	return nil
}

//go:noinline
func (d *decoder) begin(emit func(*chat.Event), e chat.Event) {
	d.begun = true
	e.Kind, e.Usage, e.Counted = chat.Start, d.usage, d.counted
	d.send(emit, e)
}

// send hands over an event from memory that is always the same.
//
//go:noinline
func (d *decoder) send(emit func(*chat.Event), e chat.Event) {
	d.ev = e
	emit(&d.ev)
}

// choice reads what a chunk adds to one of the answers.
func (d *decoder) choice(v rawjson.Value, emit func(*chat.Event)) error {
	index, _ := v.Get("index").Int64()
	if index < 0 || index >= mostChoices {
		return errChoices
	}
	l := d.lane(int(index))
	delta := v.Get("delta")
	if err := l.delta(d, delta, emit); err != nil {
		return err
	}
	if p := v.Get("logprobs"); p.Kind() == rawjson.Object && !l.finished {
		d.send(emit, chat.Event{Kind: chat.LogprobsDelta, Choice: l.choice, Raw: p.Raw()})
	}
	if reason := v.Get("finish_reason"); reason.Kind() == rawjson.String {
		return l.end(d, reason.Bytes(), emit)
	}
	return nil
}

// lane is one of the answers, which may not have begun.
func (d *decoder) lane(index int) *lane {
	for len(d.lanes) <= index {
		d.lanes = append(d.lanes, lane{choice: len(d.lanes)})
	}
	return &d.lanes[index]
}

// end hands over how the answers ended. It waited for the usage, which comes behind them.
func (d *decoder) end(emit func(*chat.Event)) error {
	if len(d.lanes) == 0 {
		return errUnended
	}
	for i := range d.lanes {
		if !d.lanes[i].finished {
			return errUnended
		}
	}
	d.done = true
	for i := range d.lanes {
		d.send(emit, chat.Event{Kind: chat.FinishEvent, Choice: i, Finish: d.lanes[i].finish, Usage: d.usage, Counted: d.counted})
	}
	d.send(emit, chat.Event{Kind: chat.End})
	return nil
}

// Finished reports whether all answers have their reasons to end.
func (d *decoder) Finished() bool {
	for i := range d.lanes {
		if !d.lanes[i].finished {
			return false
		}
	}
	return len(d.lanes) > 0
}

func (d *decoder) Close(func(*chat.Event)) error {
	if d.done {
		return nil
	}
	return errTruncated
}
