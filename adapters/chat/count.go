package chat

import "github.com/postern-gateway/postern/adapters/rawjson"

// What a prompt costs beside its texts: OpenAI's own recipe for counting
// (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken), and an
// image of 1024 by 1024 pixels (https://platform.openai.com/docs/guides/images-vision).
// Of other media nothing is known without decoding them.
const (
	tokensPerPrompt  = 3
	tokensPerMessage = 4
	tokensPerImage   = 765
	tokensPerSketch  = 85 // an image looked at with little detail
)

// Tokens estimates how many tokens of input the request is, for providers that do not
// count beforehand.
func (r *Request) Tokens() int64 {
	var e Estimate
	extra := int64(tokensPerPrompt)
	for i := range r.Messages {
		extra += tokensPerMessage
		e.AddText(r.Messages[i].Name)
		extra += e.parts(r.Messages[i].Parts)
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		e.AddText(t.Name)
		e.AddText(t.Description)
		e.Add(t.Parameters)
	}
	e.Add(r.Format.Schema)
	return extra + e.Tokens()
}

// AtMost bounds Tokens of a request that was read from so many bytes, without a look at
// its texts: none has more tokens than bytes.
func (r *Request) AtMost(bytes int) int64 {
	n := int64(tokensPerPrompt) + int64(bytes)
	for i := range r.Messages {
		n += images(r.Messages[i].Parts)
	}
	return n
}

func images(parts []Part) (tokens int64) {
	for i := range parts {
		if parts[i].Kind == ImagePart {
			tokens += tokensPerImage
		}
		tokens += images(parts[i].Result)
	}
	return tokens
}

// parts counts texts, and returns what is no text.
func (e *Estimate) parts(parts []Part) (extra int64) {
	for i := range parts {
		p := &parts[i]
		switch p.Kind {
		case ImagePart:
			if string(p.Detail) == "low" {
				extra += tokensPerSketch
			} else {
				extra += tokensPerImage
			}
		case DocumentPart:
			if p.Media.Plain {
				e.AddText(p.Media.Data)
			}
		}
		e.AddText(p.Text)
		e.AddText(p.Title)
		e.AddText(p.Context)
		e.AddText(p.Name)
		e.arguments(p.Arguments)
		e.Add(p.Input)
		extra += e.parts(p.Result)
	}
	return extra
}

// arguments counts a JSON document that is spelled within a JSON string.
func (e *Estimate) arguments(t Text) {
	if len(t) > 0 {
		e.Add(rawjson.AppendUnescaped(nil, t))
	}
}
