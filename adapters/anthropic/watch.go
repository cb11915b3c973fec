package anthropic

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// maxField bounds what is copied of one member; none that matters is near it.
const maxField = 16 << 10

// Members of an event, in the order of the skimmer's paths.
const (
	eventStartUsage = iota
	eventDeltaUsage
	eventError
	eventText
	eventThinking
	eventJSON
)

// Members of an answer in one piece.
const (
	bodyUsage = iota
	bodyError
)

// watch reads answers of this API as they pass by.
type watch struct {
	body      *rawjson.Skimmer
	event     *rawjson.Skimmer
	doc       rawjson.Doc
	delivered chat.Delivered
	usage     chat.Usage
	plain     int64 // input that no cache had to do with
	counted   bool
	failed    bool
	ended     bool
}

var _ adapters.Watch = (*watch)(nil)

func newWatch() *watch {
	return &watch{
		body: rawjson.NewSkimmer(maxField, "usage", "error"),
		event: rawjson.NewSkimmer(maxField, "message.usage", "usage", "error",
			"delta.text", "delta.thinking", "delta.partial_json"),
	}
}

func (w *watch) Reset() {
	w.body.Reset()
	w.delivered.Reset()
	w.usage, w.plain = chat.Usage{}, 0
	w.counted, w.failed, w.ended = false, false, false
}

func (w *watch) Body(p []byte) { w.body.Feed(p) }

// Event reads one event. Usage comes in two: input with the start, output with the
// last delta, which may or may not repeat the input.
func (w *watch) Event(event, data []byte) (asked bool) {
	switch string(event) {
	case "ping", "content_block_start", "content_block_stop":
		return false
	case "message_stop":
		w.ended = true
		return false
	case "error":
		w.failed = true
		return false
	}
	e := w.event
	e.Reset()
	e.Feed(data)
	for _, f := range [...]int{eventText, eventThinking, eventJSON} {
		w.delivered.AddString(e.Field(f))
	}
	w.count(e.Field(eventStartUsage))
	w.count(e.Field(eventDeltaUsage))
	return false
}

// count adds what a usage object says to what is known; parts that it leaves out stay.
func (w *watch) count(raw []byte) {
	if len(raw) == 0 || raw[0] != '{' || w.doc.Parse(raw) != nil {
		return
	}
	v := w.doc.Root()
	latest(v.Get("input_tokens"), &w.plain)
	latest(v.Get("cache_read_input_tokens"), &w.usage.CachedRead)
	latest(v.Get("cache_creation_input_tokens"), &w.usage.CacheWrite)
	latest(v.Get("output_tokens"), &w.usage.Output)
	w.usage.Input = w.plain + w.usage.CachedRead + w.usage.CacheWrite
	w.counted = true
}

//go:noinline
func latest(v rawjson.Value, to *int64) {
	if n, ok := v.Int64(); ok {
		*to = n
	}
}

func (w *watch) Usage() (chat.Usage, bool) {
	if !w.counted {
		w.count(w.body.Field(bodyUsage))
	}
	return w.usage, w.counted
}

func (w *watch) Failed() bool { return w.failed || len(w.body.Field(bodyError)) > 1 }

func (w *watch) Ended() bool { return w.ended }

func (w *watch) Delivered() int64 { return w.delivered.Tokens() }
