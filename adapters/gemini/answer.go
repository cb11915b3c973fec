package gemini

import (
	"bytes"
	"errors"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var (
	errNoAnswer = errors.New("the answer has neither candidates nor a reason why it has none")
	errNameless = errors.New("the answer has a call that names no function")
)

// ReadResponse reads a GenerateContentResponse.
func (t *Translation) ReadResponse(answer rawjson.Value, out *chat.Response) error {
	list := answer.Get("candidates")
	if list.Len() == 0 {
		if !isBlocked(answer) {
			return errNoAnswer
		}
		out.Choose().Finish = chat.FinishFilter
	}
	out.ID, out.Model = inner(answer.Get("responseId")), inner(answer.Get("modelVersion"))
	if u := answer.Get("usageMetadata"); u.Kind() == rawjson.Object {
		out.Usage, out.Counted = usage(u), true
	}
	ids := callIDs{seed: seed(out.ID)}
	for it := list.Cursor(); it.Next(); {
		v := it.Value
		c := out.Choose()
		calls := 0
		var err error
		for it := v.Find("content", "parts").Cursor(); it.Next(); {
			if c.Parts, err = ids.read(c.Parts, it.Value, &calls); err != nil {
				return err
			}
		}
		if c.Finish, err = finish(v.Get("finishReason"), calls > 0); err != nil {
			return err
		}
		c.Logprobs = logprobs(v.Get("logprobsResult"))
	}
	return nil
}

// isBlocked reports whether the prompt was stopped by a filter, which is a good answer
// without candidates.
func isBlocked(answer rawjson.Value) bool {
	return answer.Find("promptFeedback", "blockReason").Kind() == rawjson.String
}

func inner(v rawjson.Value) chat.Text { return chat.Spelled(v) }

// callIDs makes ids for the calls of an answer that have none. They differ within a
// conversation, as the ids of its answers do.
type callIDs struct {
	seed uint64
	n    int64 // calls of all candidates so far
}

// seed is the 64-bit FNV-1a hash of a text.
func seed(t []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range t {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// read appends what a part of an answer is: a call comes with its signature in front.
// calls counts those of the candidate. Parts of tools that Google runs itself, which
// nobody here can ask for, are passed over.
func (ids *callIDs) read(parts []chat.Part, v rawjson.Value, calls *int) ([]chat.Part, error) {
	f := v.Get("functionCall")
	if f.Kind() != rawjson.Object {
		text := inner(v.Get("text"))
		if len(text) == 0 {
			return parts, nil
		}
		parts = chat.AppendPart(parts, chat.TextPart)
		p := &parts[len(parts)-1]
		if p.Text = text; string(v.Get("thought").Raw()) == "true" {
			p.Kind = chat.ThinkingPart
		}
		return parts, nil
	}
	name := inner(f.Get("name"))
	if len(name) == 0 {
		return parts, errNameless
	}
	if s := inner(v.Get("thoughtSignature")); len(s) > 0 {
		parts = chat.AppendPart(parts, chat.RedactedPart)
		parts[len(parts)-1].Text = appendMark(nil, *calls, s)
	}
	parts = chat.AppendPart(parts, chat.ToolCallPart)
	p := &parts[len(parts)-1]
	p.ID, p.Name, p.Input = inner(f.Get("id")), name, chat.Raw("{}")
	if args := f.Get("args"); args.Kind() == rawjson.Object {
		p.Input = compact(args.Raw())
	}
	if len(p.ID) == 0 {
		p.ID = ids.make(f.Raw())
	}
	*calls++
	ids.n++
	return parts, nil
}

// compact is a document without white space between its tokens, if it is spread over
// lines, as whole answers of this API are: clients read arguments as a string.
func compact(raw chat.Raw) chat.Raw {
	if bytes.IndexByte(raw, '\n') < 0 {
		return raw
	}
	out := make(chat.Raw, 0, len(raw))
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\':
			out = append(out, c)
			i++
		case c <= ' ' && !quoted:
			continue
		}
		out = append(out, raw[i])
	}
	return out
}

// make makes an id. An answer that has none itself is told from others by its calls.
func (ids *callIDs) make(call []byte) chat.Text {
	const digits = "0123456789abcdef"
	h := ids.seed
	if h == seed(nil) {
		h = seed(call)
	}
	id := chat.Text("call_")
	for shift := 60; shift >= 0; shift -= 4 {
		id = append(id, digits[h>>shift&15])
	}
	return rawjson.AppendInt(append(id, '_'), ids.n)
}

// finishes are reasons to stop that have a counterpart; broken ones are answers that
// the model got wrong, which nobody can use
// (https://ai.google.dev/api/generate-content#FinishReason).
var finishes = [...]struct {
	name   string
	finish chat.Finish
	broken bool
}{
	{"STOP", chat.FinishStop, false},
	{"MAX_TOKENS", chat.FinishLength, false}, {"CONTINUATION", chat.FinishLength, false},
	{"SAFETY", chat.FinishFilter, false}, {"RECITATION", chat.FinishFilter, false}, {"LANGUAGE", chat.FinishFilter, false},
	{"BLOCKLIST", chat.FinishFilter, false}, {"PROHIBITED_CONTENT", chat.FinishFilter, false}, {"SPII", chat.FinishFilter, false},
	{"OTHER", chat.FinishFilter, false}, {"IMAGE_SAFETY", chat.FinishFilter, false}, {"ESCALATION", chat.FinishFilter, false},
	{"MODEL_ARMOR", chat.FinishFilter, false}, {"PUP_LIMITED_DISABLED", chat.FinishFilter, false},
	{"MALFORMED_FUNCTION_CALL", 0, true}, {"UNEXPECTED_TOOL_CALL", 0, true}, {"TOO_MANY_TOOL_CALLS", 0, true},
	{"MISSING_THOUGHT_SIGNATURE", 0, true}, {"MALFORMED_RESPONSE", 0, true},
}

// finish reads why an answer ended: STOP even if it wants its calls made. A reason that
// is new counts as its end.
func finish(reason rawjson.Value, called bool) (chat.Finish, error) {
	f, said := chat.FinishStop, string(reason.Bytes())
	for i := range finishes {
		if r := &finishes[i]; said == r.name {
			if r.broken {
				return 0, errors.New("the model failed with " + r.name)
			}
			f = r.finish
		}
	}
	if f == chat.FinishStop && called {
		f = chat.FinishTools
	}
	return f, nil
}

// usage reads usageMetadata (https://ai.google.dev/api/generate-content#UsageMetadata),
// where thoughts are no part of the candidates, and results of Google's own tools none
// of the prompt.
func usage(v rawjson.Value) chat.Usage {
	thoughts := count(v, "thoughtsTokenCount")
	return chat.Usage{
		Input:      count(v, "promptTokenCount") + count(v, "toolUsePromptTokenCount"),
		Output:     count(v, "candidatesTokenCount") + thoughts,
		CachedRead: count(v, "cachedContentTokenCount"),
		Reasoning:  thoughts,
	}
}

//go:noinline
func count(v rawjson.Value, key string) int64 {
	n, _ := v.Get(key).Int64()
	return max(n, 0)
}

// logprobs turns a LogprobsResult into OpenAI's form.
func logprobs(v rawjson.Value) chat.Raw {
	chosen := v.Get("chosenCandidates")
	if chosen.Len() == 0 {
		return nil
	}
	dst := add(nil, `{"content":[`)
	i := 0
	for it := chosen.Cursor(); it.Next(); i++ {
		c := it.Value
		dst = add(addToken(dst, c), `,"top_logprobs":[`)
		for it := v.Get("topCandidates").At(i).Get("candidates").Cursor(); it.Next(); {
			t := it.Value
			dst = add(addToken(dst, t), `}`)
		}
		dst = add(dst, `]}`)
	}
	return add(dst, `],"refusal":null}`)
}

// addToken appends an object for a token, which it leaves open.
func addToken(dst []byte, c rawjson.Value) []byte {
	if dst[len(dst)-1] != '[' {
		dst = add(dst, `,`)
	}
	dst = add(dst, `{"token":"`)
	dst = add(dst, string(inner(c.Get("token"))))
	dst = add(dst, `","logprob":`)
	p := c.Get("logProbability").Raw()
	if len(p) == 0 {
		p = []byte("0")
	}
	return add(add(dst, string(p)), `,"bytes":null`)
}

//go:noinline
func add(dst []byte, s string) []byte { return append(dst, s...) }
