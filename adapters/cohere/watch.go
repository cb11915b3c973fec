package cohere

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// maxField bounds what is copied of one member; none that matters is near it.
const maxField = 16 << 10

// Members of an event, in the order of the skimmer's paths.
const (
	eventUsage = iota
	eventFinish
	eventText
	eventThinking
	eventPlan
	eventArguments
)

// watch reads answers of this API as they pass by.
type watch struct {
	body      *rawjson.Skimmer
	event     *rawjson.Skimmer
	doc       rawjson.Doc
	delivered chat.Delivered
	usage     chat.Usage
	counted   bool
	failed    bool
	ended     bool
}

var _ adapters.Watch = (*watch)(nil)

func newWatch() *watch {
	return &watch{
		body: rawjson.NewSkimmer(maxField, "usage"),
		event: rawjson.NewSkimmer(maxField, "delta.usage", "delta.finish_reason", "delta.message.content.text",
			"delta.message.content.thinking", "delta.message.tool_plan", "delta.message.tool_calls.function.arguments"),
	}
}

func (w *watch) Reset() {
	w.body.Reset()
	w.delivered.Reset()
	w.usage, w.counted, w.failed, w.ended = chat.Usage{}, false, false, false
}

func (w *watch) Body(p []byte) { w.body.Feed(p) }

// Event reads one event.
func (w *watch) Event(event, data []byte) (asked bool) {
	w.failed = w.failed || string(event) == "error"
	e := w.event
	e.Reset()
	e.Feed(data)
	for _, f := range [...]int{eventText, eventThinking, eventPlan, eventArguments} {
		w.delivered.AddString(e.Field(f))
	}
	w.count(e.Field(eventUsage))
	if raw := e.Field(eventFinish); len(raw) > 0 {
		failed := string(raw) == `"ERROR"` || string(raw) == `"TIMEOUT"`
		w.failed, w.ended = w.failed || failed, w.ended || !failed
	}
	return false
}

func (w *watch) count(raw []byte) {
	if len(raw) == 0 || raw[0] != '{' || w.doc.Parse(raw) != nil {
		return
	}
	if u, ok := usage(w.doc.Root()); ok {
		w.usage, w.counted = u, true
	}
}

func (w *watch) Usage() (chat.Usage, bool) {
	if !w.counted {
		w.count(w.body.Field(0))
	}
	return w.usage, w.counted
}

func (w *watch) Failed() bool { return w.failed }

func (w *watch) Ended() bool { return w.ended }

func (w *watch) Delivered() int64 { return w.delivered.Tokens() }
