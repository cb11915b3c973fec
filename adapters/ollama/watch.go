package ollama

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// maxField bounds what is copied of one member; none that matters is near it.
const maxField = 16 << 10

// Members of a line, which are those of a whole answer, in the order of the skimmer's
// paths.
const (
	fieldError = iota
	fieldDone
	fieldInput
	fieldOutput
	fieldContent
	fieldThinking
	fieldCalls
	fieldResponse
	fieldThoughts
)

// watch reads answers of /api/chat and /api/generate as they pass by.
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
	return &watch{skim: rawjson.NewSkimmer(maxField, "error", "done", "prompt_eval_count", "eval_count",
		"message.content", "message.thinking", "message.tool_calls", "response", "thinking")}
}

func (w *watch) Reset() {
	w.skim.Reset()
	w.delivered.Reset()
	*w = watch{skim: w.skim, delivered: w.delivered}
}

func (w *watch) Body(p []byte) { w.skim.Feed(p) }

// Event reads one line.
func (w *watch) Event(_, data []byte) (asked bool) {
	w.skim.Reset()
	w.skim.Feed(data)
	for _, f := range [...]int{fieldContent, fieldThinking, fieldResponse, fieldThoughts} {
		w.delivered.AddString(w.skim.Field(f))
	}
	w.delivered.Add(w.skim.Field(fieldCalls))
	w.read()
	w.ended = w.ended || string(w.skim.Field(fieldDone)) == "true"
	return false
}

// read takes over what the skimmer has found beside the text.
func (w *watch) read() {
	if raw := w.skim.Field(fieldError); len(raw) > 2 && raw[0] != 'n' {
		w.failed = true
	}
	for _, f := range [...]struct {
		field int
		to    *int64
	}{{fieldInput, &w.usage.Input}, {fieldOutput, &w.usage.Output}} {
		if n, ok := count(w.skim.Field(f.field)); ok {
			*f.to, w.counted = n, true
		}
	}
}

// count reads a whole number.
func count(raw []byte) (n int64, ok bool) {
	const most = 1 << 50
	for _, c := range raw {
		if c-'0' > 9 || n > most {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, len(raw) > 0
}

func (w *watch) Usage() (chat.Usage, bool) {
	w.read()
	return w.usage, w.counted
}

func (w *watch) Failed() bool {
	w.read()
	return w.failed
}

func (w *watch) Ended() bool { return w.ended }

func (w *watch) Delivered() int64 { return w.delivered.Tokens() }
