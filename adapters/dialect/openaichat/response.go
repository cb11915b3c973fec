package openaichat

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// AppendResponse appends a chat.completion.
func (w Writer) AppendResponse(dst []byte, r *chat.Response) []byte {
	dst = rawjson.Add(dst, `{"id":"`)
	dst = appendID(dst, r.ID)
	dst = rawjson.Add(dst, `","object":"chat.completion","created":`)
	dst = strconv.AppendInt(dst, r.Created, 10)
	dst = rawjson.Add(dst, `,"model":"`)
	dst = rawjson.AddRaw(dst, r.Model)
	dst = rawjson.Add(dst, `","choices":[`)
	for i := range r.Choices {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = w.appendChoice(dst, i, &r.Choices[i])
	}
	dst = append(dst, ']')
	if r.Counted || r.Usage != (chat.Usage{}) {
		dst = appendUsage(rawjson.Add(dst, `,"usage":`), r.Usage)
	}
	dst = appendText(dst, `,"service_tier":`, r.Tier)
	dst = appendText(dst, `,"system_fingerprint":`, r.System)
	return append(dst, '}')
}

func (w Writer) appendChoice(dst []byte, index int, c *chat.Choice) []byte {
	dst = rawjson.Add(dst, `{"index":`)
	dst = strconv.AppendInt(dst, int64(index), 10)
	dst = rawjson.Add(dst, `,"message":{"role":"assistant","content":`)
	has := [chat.ServerPart + 1]bool{}
	for i := range c.Parts {
		has[c.Parts[i].Kind] = true
	}
	refused, called := has[chat.RefusalPart], has[chat.ToolCallPart]
	if w.Chunks {
		dst = appendChunks(dst, c.Parts, has[chat.ThinkingPart])
		has[chat.ThinkingPart], has[chat.RedactedPart] = false, false
	} else if has[chat.TextPart] || !refused && !called {
		dst = appendJoined(dst, c.Parts, chat.TextPart)
	} else {
		dst = rawjson.Add(dst, "null")
	}
	dst = rawjson.Add(dst, `,"refusal":`)
	if refused && !w.Chunks {
		dst = appendJoined(dst, c.Parts, chat.RefusalPart)
	} else {
		dst = rawjson.Add(dst, "null")
	}
	if has[chat.ThinkingPart] {
		dst = appendJoined(rawjson.Add(dst, `,"reasoning_content":`), c.Parts, chat.ThinkingPart)
	}
	if has[chat.ThinkingPart] || has[chat.RedactedPart] {
		dst = appendDetails(dst, c.Parts)
	}
	dst = appendAnnotations(dst, c.Parts)
	if called {
		dst = appendCalls(dst, c.Parts)
	}
	dst = rawjson.Add(dst, `},"logprobs":`)
	dst = appendRaw(dst, c.Logprobs)
	dst = rawjson.Add(dst, `,"finish_reason":"`)
	reason := c.Finish
	if reason == chat.FinishTools && !called {
		reason = chat.FinishStop // the calls were not the client's
	}
	dst = append(dst, finishReason(reason, refused)...)
	return rawjson.Add(dst, `"}`)
}

// appendJoined appends the texts of all parts of a kind as one string.
func appendJoined(dst []byte, parts []chat.Part, kind chat.PartKind) []byte {
	dst = append(dst, '"')
	for i := range parts {
		if parts[i].Kind == kind {
			dst = append(dst, parts[i].Text...)
		}
	}
	return append(dst, '"')
}

// appendDetails appends thinking so that it can be sent back: with its signatures.
func appendDetails(dst []byte, parts []chat.Part) []byte {
	dst = rawjson.Add(dst, `,"reasoning_details":[`)
	index := 0
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.ThinkingPart && p.Kind != chat.RedactedPart {
			continue
		}
		if index > 0 {
			dst = append(dst, ',')
		}
		if p.Kind == chat.ThinkingPart {
			dst = rawjson.Add(dst, `{"type":"reasoning.text","text":"`)
			dst = rawjson.AddRaw(dst, p.Text)
			dst = append(dst, '"')
			dst = appendText(dst, `,"signature":`, p.Signature)
		} else {
			dst = rawjson.Add(dst, `{"type":"reasoning.encrypted","data":"`)
			dst = rawjson.AddRaw(dst, p.Text)
			dst = append(dst, '"')
		}
		dst = rawjson.Add(dst, `,"index":`)
		dst = strconv.AppendInt(dst, int64(index), 10)
		dst = append(dst, '}')
		index++
	}
	return append(dst, ']')
}

func appendCalls(dst []byte, parts []chat.Part) []byte {
	dst = rawjson.Add(dst, `,"tool_calls":[`)
	first := true
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.ToolCallPart {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = rawjson.Add(dst, `{"id":"`)
		dst = rawjson.AddRaw(dst, p.ID)
		dst = rawjson.Add(dst, `","type":"function","function":{"name":"`)
		dst = rawjson.AddRaw(dst, p.Name)
		dst = rawjson.Add(dst, `","arguments":`)
		dst = appendArguments(dst, p)
		dst = rawjson.Add(dst, `}}`)
	}
	return append(dst, ']')
}

// appendArguments appends a call's arguments as a string that holds JSON.
func appendArguments(dst []byte, p *chat.Part) []byte {
	switch {
	case len(p.Input) > 0:
		return rawjson.AppendString(dst, p.Input)
	case len(p.Arguments) > 0:
		return append(rawjson.AddRaw(append(dst, '"'), p.Arguments), '"')
	}
	return rawjson.Add(dst, `"{}"`)
}

// appendAnnotations appends what the text cites, with the places of the texts that
// cite it. Only citations of URLs have a form in this API.
func appendAnnotations(dst []byte, parts []chat.Part) []byte {
	dst = rawjson.Add(dst, `,"annotations":[`)
	start := len(dst)
	at, counted := 0, 0 // characters in the parts before counted
	for i := range parts {
		p := &parts[i]
		if p.Kind != chat.TextPart || len(p.Citations) == 0 {
			continue
		}
		for ; counted < i; counted++ {
			if parts[counted].Kind == chat.TextPart {
				at += parts[counted].Text.Characters()
			}
		}
		end := at + p.Text.Characters()
		var doc rawjson.Doc
		if doc.Parse(p.Citations) != nil {
			continue
		}
		for it := doc.Root().Items(); it.Next(); {
			c := it.Value
			dst = appendCitation(dst, len(dst) > start, c, at, end)
		}
	}
	return append(dst, ']')
}

// appendCitation appends the citation of a URL as chat completions have it.
func appendCitation(dst []byte, comma bool, c rawjson.Value, start, end int) []byte {
	return AppendCitation(dst, comma, c, start, end, false)
}

// AppendCitation appends the citation of a URL, and nothing for any other. flat is the
// form of the Responses API, whose members are those of one object.
func AppendCitation(dst []byte, comma bool, c rawjson.Value, start, end int, flat bool) []byte {
	url := c.Get("url")
	if url.Kind() != rawjson.String {
		return dst
	}
	if comma {
		dst = append(dst, ',')
	}
	dst = rawjson.Add(dst, `{"type":"url_citation",`)
	if !flat {
		dst = rawjson.Add(dst, `"url_citation":{`)
	}
	dst = rawjson.Add(dst, `"start_index":`)
	dst = strconv.AppendInt(dst, int64(start), 10)
	dst = rawjson.Add(dst, `,"end_index":`)
	dst = strconv.AppendInt(dst, int64(end), 10)
	dst = rawjson.Add(dst, `,"url":`)
	dst = rawjson.AddRaw(dst, url.Raw())
	dst = rawjson.Add(dst, `,"title":`)
	if title := c.Get("title"); title.Kind() == rawjson.String {
		dst = rawjson.AddRaw(dst, title.Raw())
	} else {
		dst = rawjson.Add(dst, `""`)
	}
	if !flat {
		dst = append(dst, '}')
	}
	return append(dst, '}')
}
