package bedrock

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/eventstream"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// maxField bounds what is copied of one member; none that matters is near it.
const maxField = 16 << 10

// Members of an event, in the order of the skimmer's paths. A whole answer has the first
// as its own.
const (
	fieldUsage = iota
	fieldText
	fieldThought
	fieldInput
)

// watch reads answers of Converse and ConverseStream as they pass by.
type watch struct {
	skim      *rawjson.Skimmer
	delivered chat.Delivered
	usage     chat.Usage
	counted   bool
	failed    bool
	ended     bool
}

var _ adapters.Watch = (*watch)(nil)

func newWatch() *watch {
	return &watch{skim: rawjson.NewSkimmer(maxField, "usage", "delta.text", "delta.reasoningContent.text", "delta.toolUse.input")}
}

func (w *watch) Reset() {
	w.skim.Reset()
	w.delivered.Reset()
	*w = watch{skim: w.skim, delivered: w.delivered}
}

func (w *watch) Body(p []byte) { w.skim.Feed(p) }

// Event reads one message of a stream, the last of which tells the usage.
func (w *watch) Event(event, data []byte) (asked bool) {
	switch string(event) {
	case "contentBlockDelta":
	case "metadata":
		w.ended = true
	default:
		w.failed = w.failed || bytes.HasPrefix(event, []byte(eventstream.Exception)) || bytes.HasPrefix(event, []byte(eventstream.Error))
		return false
	}
	w.skim.Reset()
	w.skim.Feed(data)
	for f := fieldText; f <= fieldInput; f++ {
		w.delivered.AddString(w.skim.Field(f))
	}
	w.read()
	return false
}

func (w *watch) read() {
	raw := w.skim.Field(fieldUsage)
	if w.counted || len(raw) == 0 {
		return
	}
	var doc rawjson.Doc
	if doc.Parse(raw) == nil && doc.Root().Kind() == rawjson.Object {
		w.usage, w.counted = usage(doc.Root()), true
	}
}

func (w *watch) Usage() (chat.Usage, bool) {
	w.read()
	return w.usage, w.counted
}

func (w *watch) Failed() bool { return w.failed }

func (w *watch) Ended() bool { return w.ended }

func (w *watch) Delivered() int64 { return w.delivered.Tokens() }
