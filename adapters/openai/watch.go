package openai

import (
	"bytes"
	"math"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Members that a watch looks for, in the order of its skimmers' paths.
const (
	fieldUsage = iota
	fieldError
	fieldText
)

// maxField bounds what is copied of one member; none that matters is near it.
const maxField = 16 << 10

// mostKept bounds what is put aside of a stream: some hundred chunks, so that few
// streams are ever searched.
const mostKept = 32 << 10

// watch reads answers of this API as they pass by.
type watch struct {
	body      *rawjson.Skimmer
	event     *rawjson.Skimmer
	doc       rawjson.Doc
	delivered chat.Estimate
	kept      []byte // choices not counted yet
	usage     chat.Usage
	counted   bool
	failed    bool
	ended     bool
	responses bool // the events are those of the Responses API
	ranks     bool // the answer is a reranker's, which may have its usage in meta
	typed     bool // the events are those of images and audio: the last has the usage
}

var (
	_ adapters.Watch   = (*watch)(nil)
	_ adapters.Learner = (*watch)(nil)
)

func newWatch(op adapters.Operation) *watch {
	w := &watch{
		body:      rawjson.NewSkimmer(maxField, "usage", "error"),
		responses: op == adapters.Responses,
		typed:     op >= adapters.Images && op <= adapters.Translations,
	}
	if w.ranks = op == adapters.Rerank; w.ranks {
		w.body = rawjson.NewSkimmer(maxField, "usage", "error", "meta")
	}
	if w.typed {
		w.event = rawjson.NewSkimmer(maxField, "usage", "error", "delta", "type")
	} else if w.responses {
		w.event = rawjson.NewSkimmer(maxField, "response.usage", "response.error", "delta", "type")
	} else {
		w.event = rawjson.NewSkimmer(maxField, "usage", "error", "choices")
	}
	return w
}

func (w *watch) Reset() {
	w.body.Reset()
	w.delivered.Reset()
	w.kept = w.kept[:0]
	w.usage = chat.Usage{}
	w.counted, w.failed, w.ended = false, false, false
}

func (w *watch) Body(p []byte) {
	w.body.Feed(p)
}

// Learn takes what ReadResponse has read, which counts as usage does.
func (w *watch) Learn(answer rawjson.Value, r *chat.Response) {
	w.usage, w.counted = r.Usage, r.Counted
	w.failed = isError(answer.Get("error").Raw())
}

func (w *watch) Event(event, data []byte) (asked bool) {
	if string(data) == "[DONE]" {
		w.ended = true
		return false
	}
	e := w.event
	e.Reset()
	e.Feed(data)
	if isError(e.Field(fieldError)) || string(event) == "error" {
		w.failed = true
	}
	counted := w.count(e.Field(fieldUsage))
	content := e.Field(fieldText)
	if w.typed {
		// What is delivered beside texts is counted by nobody but the provider.
		w.delivered.AddJSON(content)
		kind := e.Field(fieldText + 1)
		w.ended = w.ended || bytes.HasSuffix(kind, []byte(`.done"`)) || bytes.HasSuffix(kind, []byte(`.completed"`))
		return false
	}
	if w.responses {
		w.delivered.AddJSON(content)
		w.ended = w.ended || counted || string(event) == "response.failed"
		return false
	}
	w.keep(content)
	return counted && len(bytes.TrimSpace(content)) <= len("[]")
}

// keep puts a chunk's choices aside. What is in them is looked for only when there is
// more than a little, or when somebody asks: mostly the provider's count comes first.
func (w *watch) keep(choices []byte) {
	if len(w.kept)+len(choices) > mostKept {
		w.readKept()
	}
	w.kept = append(w.kept, choices...)
}

// readKept counts what the choices put aside give to read.
func (w *watch) readKept() {
	for _, key := range [...]string{`"content":`, `"arguments":`, `"reasoning_content":`, `"reasoning":`, `"text":`, `"refusal":`} {
		for rest := w.kept; ; {
			i := bytes.Index(rest, []byte(key))
			if i < 0 {
				break
			}
			rest = bytes.TrimLeft(rest[i+len(key):], " ")
			w.delivered.AddJSON(rest)
		}
	}
	w.kept = w.kept[:0]
}

// count reads a usage object; false if there is none.
func (w *watch) count(raw []byte) bool {
	if !isObject(raw) || w.doc.Parse(raw) != nil {
		return false
	}
	w.usage = usage(w.doc.Root())
	if w.typed {
		n, _ := w.doc.Root().Find("input_tokens_details", "image_tokens").Int64()
		w.usage.ImageInput = min(max(0, n), w.usage.Input-w.usage.CachedRead)
	}
	w.counted = true
	return true
}

// Members of a usage, in the order of usageNames.
const (
	usagePrompt = iota
	usageInput
	usageCompletion
	usageOutput
	usagePromptDetails
	usageInputDetails
	usageCompletionDetails
	usageOutputDetails
	usageTotal
	usageNumCached
	usageHit
	usageCached
	usageSeconds
	usageBilled
	usageTokens
	usageMembers
)

var usageNames = [usageMembers]string{"prompt_tokens", "input_tokens", "completion_tokens", "output_tokens", "prompt_tokens_details", "input_tokens_details",
	"completion_tokens_details", "output_tokens_details", "total_tokens", "num_cached_tokens", "prompt_cache_hit_tokens", "cached_tokens", "seconds", "billed_units", "tokens"}

// usage reads the usage of chat completions and embeddings, or of responses, which
// name the same things differently.
func usage(v rawjson.Value) chat.Usage {
	var m [usageMembers]rawjson.Value
	v.Pick(m[:], usageNames[:])
	u := chat.Usage{
		Input:      first(m[usagePrompt], m[usageInput]),
		Output:     first(m[usageCompletion], m[usageOutput]),
		CachedRead: max(first(m[usagePromptDetails].Get("cached_tokens"), m[usageInputDetails].Get("cached_tokens")), whole(m[usageNumCached])),
		CacheWrite: first(m[usagePromptDetails].Get("cache_write_tokens"), m[usageInputDetails].Get("cache_write_tokens")),
		Reasoning:  first(m[usageCompletionDetails].Get("reasoning_tokens"), m[usageOutputDetails].Get("reasoning_tokens")),
	}
	if seconds, ok := m[usageSeconds].Float64(); ok && seconds > 0 && seconds < 1<<40 {
		u.Seconds = int64(math.Ceil(seconds))
	}
	if units := m[usageBilled]; units.Exists() {
		u.Searches = whole(units.Get("search_units"))
		u.Input = max(u.Input, whole(m[usageTokens].Get("input_tokens")))
	}
	if u.CachedRead == 0 { // as DeepSeek and as Moonshot say it
		u.CachedRead = min(u.Input, first(m[usageHit], m[usageCached]))
	}
	// Some services, xAI and a few models at others, count what was thought beside the
	// output instead of in it: the total tells, and so does a part beyond its whole.
	total, ok := m[usageTotal].Int64()
	if ok && u.Input == 0 && u.Output == 0 { // as rerankers say it
		u.Input = max(0, total)
	}
	if u.Reasoning > 0 && (u.Reasoning > u.Output || ok && total == u.Input+u.Output+u.Reasoning) {
		u.Output += u.Reasoning
	}
	return u
}

// whole is a positive number, 0 if there is none.
func whole(v rawjson.Value) int64 {
	n, _ := v.Int64()
	return max(n, 0)
}

// first is the first positive number of two.
//
//go:noinline
func first(a, b rawjson.Value) int64 {
	if n := whole(a); n > 0 {
		return n
	}
	return whole(b)
}

func (w *watch) Usage() (chat.Usage, bool) {
	if !w.counted && !w.count(w.body.Field(fieldUsage)) && w.ranks {
		w.count(w.body.Field(fieldText))
	}
	return w.usage, w.counted
}

func (w *watch) Failed() bool { return w.failed || isError(w.body.Field(fieldError)) }

func (w *watch) Ended() bool { return w.ended }

func (w *watch) Delivered() int64 {
	w.readKept()
	return w.delivered.Tokens()
}

func isObject(raw []byte) bool { return len(raw) > 0 && raw[0] == '{' }

// isError is for the member error, which some servers make a text.
func isError(raw []byte) bool { return len(raw) > 0 && (raw[0] == '{' || raw[0] == '"') }
