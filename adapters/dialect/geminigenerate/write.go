package geminigenerate

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Writer writes answers, and streams as server-sent events. It keeps no state, so one
// serves all.
type Writer struct{}

// ArrayWriter is a Writer whose streams are a JSON array of what would be events, as they
// come without alt=sse.
type ArrayWriter struct{ Writer }

var (
	_ adapters.Writer = Writer{}
	_ adapters.Writer = ArrayWriter{}
)

// NewEncoder makes a writer of streams of events.
func (Writer) NewEncoder() adapters.Encoder { return &encoder{} }

// NewEncoder makes a writer of streams that are arrays.
func (ArrayWriter) NewEncoder() adapters.Encoder { return &encoder{array: true} }

//go:noinline
func add(dst []byte, s string) []byte { return append(dst, s...) }

//go:noinline
func put(dst, t []byte) []byte { return append(dst, t...) }

//go:noinline
func number(dst []byte, key string, n int64) []byte { return rawjson.AppendInt(add(dst, key), n) }

//go:noinline
func quoted(dst []byte, key, s string) []byte { return rawjson.AppendString(add(dst, key), s) }

// AppendResponse appends a GenerateContentResponse.
func (Writer) AppendResponse(dst []byte, r *chat.Response) []byte {
	dst = add(dst, `{"candidates":[`)
	for i := range r.Choices {
		dst = appendCandidate(comma(dst), i, &r.Choices[i])
	}
	dst = add(dst, `]`)
	if r.Counted || r.Usage != (chat.Usage{}) {
		dst = appendUsage(dst, r.Usage)
	}
	return appendEnd(dst, r.Model, r.ID)
}

// appendEnd closes an answer with what identifies it.
func appendEnd(dst []byte, model, id []byte) []byte {
	dst = put(add(dst, `,"modelVersion":"`), model)
	dst = put(add(dst, `","responseId":"`), id)
	return add(dst, `"}`)
}

func appendCandidate(dst []byte, index int, c *chat.Choice) []byte {
	dst = add(dst, `{"content":{`)
	before := len(dst)
	dst = add(dst, `"parts":[`)
	from := len(dst)
	var end ending
	var signature chat.Text // of the call that follows
	for i := range c.Parts {
		p := &c.Parts[i]
		if s := marked(p.Text); s != nil && p.Kind == chat.RedactedPart {
			signature = s
			continue
		}
		if p.Kind == chat.ToolCallPart {
			dst = appendCall(dst, p, signature, &end)
			signature = nil
		} else {
			dst = appendPart(dst, p.Kind, p.Text, p.Signature, &end)
		}
	}
	if len(dst) == from {
		dst = dst[:before]
	} else {
		dst = add(dst, `],`)
	}
	dst = add(dst, `"role":"model"}`)
	dst = end.append(dst, c.Finish)
	dst = number(dst, `,"index":`, int64(index))
	dst = appendLogprobs(dst, c.Logprobs)
	return add(dst, `}`)
}

// appendPart writes a part that is no call, or nothing for what there is none for.
func appendPart(dst []byte, kind chat.PartKind, text, signature chat.Text, end *ending) []byte {
	packed := sealThinking
	switch kind {
	case chat.TextPart, chat.RefusalPart:
		end.refused = end.refused || kind == chat.RefusalPart
		if len(text) == 0 {
			return dst
		}
		signature = nil
	case chat.ThinkingPart:
	case chat.RedactedPart:
		packed, text, signature = sealRedacted, nil, text
	default:
		return dst
	}
	dst = put(add(comma(dst), `{"text":"`), text)
	dst = add(dst, `"`)
	if kind == chat.ThinkingPart || kind == chat.RedactedPart {
		dst = add(dst, `,"thought":true`)
	}
	if len(signature) > 0 {
		dst = appendSignature(dst, packed, signature)
	}
	return add(dst, `}`)
}

func appendSignature(dst []byte, kind seal, signature []byte) []byte {
	dst = appendSeal(add(dst, `,"thoughtSignature":"`), kind, signature)
	return add(dst, `"`)
}

// appendCall writes a call. Arguments that are no object cannot be said here: then the
// call is left out, and why the answer ended tells it.
func appendCall(dst []byte, p *chat.Part, signature chat.Text, end *ending) []byte {
	before := len(dst)
	dst = put(add(comma(dst), `{"functionCall":{"id":"`), p.ID)
	dst = put(add(dst, `","name":"`), p.Name)
	dst = add(dst, `","args":`)
	from := len(dst)
	if p.Input != nil {
		dst = put(dst, p.Input)
	} else if dst = rawjson.AppendUnescaped(dst, p.Arguments); len(bytes.TrimSpace(dst[from:])) == 0 {
		dst = add(dst[:from], `{}`)
	} else {
		doc := rawjson.Doc{LoneSurrogates: true}
		if doc.Parse(dst[from:]) != nil || doc.Root().Kind() != rawjson.Object {
			end.broken = append(append(chat.Text(nil), p.Name...), ' ')
			end.broken = append(end.broken, p.Arguments...)
			return dst[:before]
		}
	}
	dst = add(dst, `}`)
	if len(signature) > 0 {
		dst = put(add(dst, `,"thoughtSignature":"`), signature)
		dst = add(dst, `"`)
	}
	return add(dst, `}`)
}

// finishReasons are those of https://ai.google.dev/api/generate-content#FinishReason. A
// stop sequence and calls have none of their own.
var finishReasons = [...]string{
	chat.FinishNone:     "STOP",
	chat.FinishStop:     "STOP",
	chat.FinishLength:   "MAX_TOKENS",
	chat.FinishTools:    "STOP",
	chat.FinishFilter:   "SAFETY",
	chat.FinishRefusal:  "SAFETY",
	chat.FinishPause:    "OTHER",
	chat.FinishSequence: "STOP",
}

// An ending is what the reason of an answer's end goes by beside the provider's own.
type ending struct {
	refused bool
	broken  chat.Text // the call that was left out
}

func (e *ending) append(dst []byte, f chat.Finish) []byte {
	reason := finishReasons[f]
	if e.refused && reason == "STOP" {
		reason = "SAFETY"
	}
	if e.broken != nil && reason == "STOP" {
		reason = "MALFORMED_FUNCTION_CALL"
	}
	dst = add(add(dst, `,"finishReason":"`), reason)
	if e.broken != nil {
		dst = put(add(dst, `","finishMessage":"Malformed function call: `), e.broken)
	}
	return add(dst, `"`)
}

// appendUsage writes counts of tokens. Candidates leave thoughts out here.
func appendUsage(dst []byte, u chat.Usage) []byte {
	u.Reasoning = min(u.Reasoning, u.Output) // a provider may count it apart
	dst = number(dst, `,"usageMetadata":{"promptTokenCount":`, u.Input)
	dst = number(dst, `,"candidatesTokenCount":`, u.Output-u.Reasoning)
	dst = number(dst, `,"totalTokenCount":`, u.Total())
	if u.Reasoning > 0 {
		dst = number(dst, `,"thoughtsTokenCount":`, u.Reasoning)
	}
	if u.CachedRead > 0 {
		dst = number(dst, `,"cachedContentTokenCount":`, u.CachedRead)
	}
	return add(dst, `}`)
}

// appendLogprobs writes OpenAI's form of log probabilities as a LogprobsResult.
func appendLogprobs(dst []byte, raw chat.Raw) []byte {
	doc := rawjson.Doc{LoneSurrogates: true}
	if len(raw) == 0 || doc.Parse(raw) != nil {
		return dst
	}
	list := doc.Root().Get("content")
	if list.Kind() != rawjson.Array || list.Len() == 0 {
		return dst
	}
	dst = add(dst, `,"logprobsResult":{"chosenCandidates":[`)
	for it := list.Cursor(); it.Next(); {
		t := it.Value
		dst = appendToken(dst, t)
	}
	dst = add(dst, `],"topCandidates":[`)
	for it := list.Cursor(); it.Next(); {
		t := it.Value
		dst = add(comma(dst), `{"candidates":[`)
		for it := t.Get("top_logprobs").Cursor(); it.Next(); {
			top := it.Value
			dst = appendToken(dst, top)
		}
		dst = add(dst, `]}`)
	}
	return add(dst, `]}`)
}

func appendToken(dst []byte, t rawjson.Value) []byte {
	dst = put(add(comma(dst), `{"token":"`), inner(t.Get("token")))
	dst = add(dst, `","logProbability":`)
	if p := t.Get("logprob"); p.Kind() == rawjson.Number {
		dst = put(dst, p.Raw())
	} else {
		dst = add(dst, "0")
	}
	return add(dst, `}`)
}
