package openaichat

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// CompletionReader reads requests of https://platform.openai.com/docs/api-reference/completions,
// which came before conversations: a prompt is one message of the user's.
type CompletionReader struct{}

// CompletionWriter writes their answers. Only what an answer says is part of them.
type CompletionWriter struct{}

var (
	_ adapters.Reader = CompletionReader{}
	_ adapters.Writer = CompletionWriter{}
)

// usualTokens is the API's own limit where a request names none.
const usualTokens = 16

// ReadRequest fills r from a request. What a model of conversations cannot be asked for
// is refused: a text in front of or behind a gap, several prompts, tokens.
func (CompletionReader) ReadRequest(request rawjson.Value, r *chat.Request) *chat.Error {
	d := reader{r: r}
	r.Dialect, r.MaxTokens = Name, usualTokens
	for it := request.Members(); it.Next(); {
		k, v := it.Key, it.Value
		if v.IsNull() {
			continue
		}
		switch string(k.Bytes()) {
		case "prompt":
			d.prompt(v)
		case "suffix", "echo", "logprobs", "best_of":
			if raw := string(v.Raw()); raw != `""` && raw != "false" && raw != "1" || k.Is("logprobs") {
				d.fail(unsupported(v, "is not supported with this model. Use chat completions instead."))
			}
		case "model", "stream", "stream_options", "max_tokens":
			d.member(k, v)
		default:
			d.sampling(k, v)
		}
		if d.err != nil {
			return d.err
		}
	}
	for i := range r.Extra { // what chat completions may know by the same name is not meant
		r.Drop(cmp.Or(r.Extra[i].Path, `""`))
	}
	r.Extra = r.Extra[:0]
	switch {
	case r.Model == "":
		return missing(request, "model")
	case len(r.Messages) == 0:
		return missing(request, "prompt")
	case r.IncludeUsage && !r.Stream:
		return invalid("", "stream_options", "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
	}
	return nil
}

// CompletionField is how completions spell what chat completions spell otherwise.
func CompletionField(path string) string {
	switch path {
	case "messages":
		return "prompt"
	case "max_completion_tokens":
		return "max_tokens"
	}
	return path
}

// prompt is a text, or a list of one.
func (d *reader) prompt(v rawjson.Value) {
	if v.Kind() == rawjson.Array && v.Len() == 1 {
		v = v.At(0)
	}
	if v.Kind() != rawjson.String {
		d.fail(unsupported(v, "is not supported with this model unless it is one string."))
		return
	}
	d.r.Begin(chat.User).At = v
	d.add(chat.Part{Text: d.text(v), At: v})
}

// completionHead appends the members that stand in front of the choices.
func completionHead(dst []byte, id chat.Text, created int64, model []byte) []byte {
	dst = rawjson.Add(dst, `{"id":"`)
	if !bytes.HasPrefix(id, []byte("cmpl-")) {
		dst = rawjson.Add(dst, "cmpl-")
	}
	dst = rawjson.AddRaw(dst, id)
	dst = rawjson.Add(dst, `","object":"text_completion","created":`)
	dst = strconv.AppendInt(dst, created, 10)
	dst = rawjson.Add(dst, `,"model":"`)
	dst = rawjson.AddRaw(dst, model)
	return rawjson.Add(dst, `","choices":[`)
}

// openChoice appends a choice up to its text.
func openChoice(dst []byte, index int) []byte {
	return rawjson.Add(appendIndex(dst, `{"index":`, index), `,"text":"`)
}

// closeChoice appends what stands behind its text.
func closeChoice(dst []byte, f chat.Finish, refused bool) []byte {
	dst = rawjson.Add(dst, `","logprobs":null,"finish_reason":`)
	if f == chat.FinishNone {
		return rawjson.Add(dst, "null}")
	}
	if f == chat.FinishTools {
		f = chat.FinishStop
	}
	dst = rawjson.Add(dst, `"`)
	dst = rawjson.Add(dst, finishReason(f, refused))
	return rawjson.Add(dst, `"}`)
}

// AppendResponse appends a text_completion.
func (CompletionWriter) AppendResponse(dst []byte, r *chat.Response) []byte {
	dst = completionHead(dst, r.ID, r.Created, r.Model)
	for i := range r.Choices {
		c := &r.Choices[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = openChoice(dst, i)
		refused := false
		for j := range c.Parts {
			if p := &c.Parts[j]; p.Kind == chat.TextPart || p.Kind == chat.RefusalPart {
				dst = rawjson.AddRaw(dst, p.Text)
				refused = refused || p.Kind == chat.RefusalPart
			}
		}
		dst = closeChoice(dst, max(c.Finish, chat.FinishStop), refused)
	}
	dst = append(dst, ']')
	if r.Counted || r.Usage != (chat.Usage{}) {
		dst = appendUsage(rawjson.Add(dst, `,"usage":`), r.Usage)
	}
	return append(dst, '}')
}

// NewEncoder makes a writer of streams.
func (CompletionWriter) NewEncoder() adapters.Encoder { return &completionEncoder{} }

// A completionEncoder writes chunks, which are text_completions of what is new. What it
// shares with the encoder of chat completions it keeps there.
type completionEncoder struct {
	encoder
	refused [mostChoices]bool
}

func (e *completionEncoder) Append(dst []byte, ev *chat.Event) []byte {
	if e.skips(ev) {
		return dst
	}
	if ev.Kind == chat.Failure {
		return AppendErrorEvent(dst, ev.Err)
	}
	if !e.begun {
		e.begun = true
		model := []byte(ev.Model)
		if len(model) == 0 {
			model = rawjson.AppendEscaped(nil, e.model)
		}
		e.head = completionHead(rawjson.Add(e.head[:0], "data: "), ev.ID, ev.Created, model)
		e.tail = strings.TrimPrefix(e.tail, "}")
		e.refused = [mostChoices]bool{}
	}
	text, finish := ev.Text, chat.FinishNone
	switch ev.Kind {
	case chat.BlockStart, chat.TextDelta:
		if ev.Block != chat.TextPart && ev.Block != chat.RefusalPart || len(text) == 0 {
			return dst
		}
		e.refused[ev.Choice] = e.refused[ev.Choice] || ev.Block == chat.RefusalPart
	case chat.FinishEvent:
		text, finish = nil, ev.Finish
	case chat.End:
		return e.end(dst)
	default:
		return dst
	}
	dst = openChoice(rawjson.AddRaw(dst, e.head), ev.Choice)
	dst = rawjson.AddRaw(dst, text)
	dst = closeChoice(dst, finish, e.refused[ev.Choice])
	return rawjson.Add(dst, e.tail)
}
