package bedrock

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
)

// A conversation here is messages of user and assistant by turns, the user's first.
// Neighbours of one side are one message; results of tools are the user's and stand in
// front. System messages are the system prompt wherever they stand.

// A side is whose a message is.
type side uint8

const (
	nobody side = iota
	user
	assistant
)

// turn makes sure that a message of the side is open.
//
//go:noinline
func (b *builder) turn(s side) {
	if b.side == s {
		return
	}
	if b.side == nobody && s == assistant {
		b.Comma()
		b.Raw(opening)
	}
	b.endTurn()
	b.begin("", `{`)
	if s == assistant {
		b.word("role", "assistant")
		b.turns++
	} else {
		b.word("role", "user")
	}
	b.begin("content", `[`)
	b.side = s
}

//go:noinline
func (b *builder) endTurn() {
	if b.side != nobody {
		b.Raw(`]}`)
	}
	b.side = nobody
}

// opening is the user's turn where a conversation has none to begin with, which this
// API wants: chat programs often let the assistant greet first.
const opening = `{"role":"user","content":[{"text":"(The conversation begins.)"}]}`

// system writes the system prompt.
func (b *builder) system() {
	before := len(b.Dst)
	b.begin("system", `[`)
	from := len(b.Dst)
	for i := range b.R.Messages {
		m := &b.R.Messages[i]
		if m.Role != chat.System {
			continue
		}
		b.named(m)
		for k := range m.Parts {
			p := &m.Parts[k]
			if p.Kind != chat.TextPart {
				b.failAt(p.At, "cannot stand in a message of this role")
			}
			if b.say(nobody, p) {
				b.cache(p.CacheControl)
			}
		}
	}
	if b.manner.Form == anthropic.FormAsked {
		b.begin("", `{`)
		b.word("text", anthropic.AnswerAsk)
		b.Raw(`}`)
	}
	if len(b.Dst) == from {
		b.Dst = b.Dst[:before]
		return
	}
	b.Raw(`]`)
}

// named reports the name of a speaker, for which there is no place.
//
//go:noinline
func (b *builder) named(m *chat.Message) {
	if len(m.Name) > 0 {
		b.dropAt(m.At, ".name")
	}
}

func (b *builder) messages() {
	list := b.R.Messages
	if len(list) == 0 {
		b.Fail("messages", "want at least one message")
	}
	b.begin("messages", `[`)
	for i := 0; i < len(list) && b.Err == nil; {
		to := i + 1
		for to < len(list) && (list[to].Role == chat.Assistant) == (list[i].Role == chat.Assistant) {
			to++
		}
		if list[i].Role == chat.Assistant {
			b.assistantTurn(list[i:to], to == len(list))
		} else {
			b.userTurn(list[i:to], to == len(list))
		}
		i = to
	}
	b.unanswered()
	if b.side == nobody {
		b.Raw(opening)
	}
	b.endTurn()
	b.Raw(`]`)
}

// userTurn writes messages of the user's and results: all results first. A document
// needs a text beside it.
func (b *builder) userTurn(run []chat.Message, final bool) {
	before := len(b.Dst)
	for i := range run {
		for k := range run[i].Parts {
			if p := &run[i].Parts[k]; p.Kind == chat.ToolResultPart {
				b.result(p)
			}
		}
	}
	b.unanswered()
	texts, files := 0, 0
	for i := range run {
		m := &run[i]
		if m.Role == chat.System {
			continue
		}
		b.named(m)
		for k := range m.Parts {
			switch p := &m.Parts[k]; p.Kind {
			case chat.ToolResultPart:
			case chat.TextPart, chat.RefusalPart:
				if b.say(user, p) {
					texts++
					b.cache(p.CacheControl)
				}
			case chat.ImagePart, chat.DocumentPart, chat.AudioPart, chat.VideoPart:
				b.turn(user)
				b.file(p)
				b.cache(p.CacheControl)
				if p.Kind == chat.DocumentPart {
					files++
				}
			default:
				b.failAt(p.At, "cannot stand in a message of this role")
			}
		}
	}
	if files > 0 && texts == 0 {
		b.begin("", `{`)
		b.word("text", "(See the document.)")
		b.Raw(`}`)
	}
	last := &run[len(run)-1]
	if final && len(b.Dst) == before && last.Role != chat.System {
		b.failAt(last.At, "the last message must say something here")
	}
}

// say writes a text, if there is something in it, and says whether there was.
func (b *builder) say(s side, p *chat.Part) bool {
	if len(p.Citations) > 0 {
		b.R.Drop("messages[].content[].citations")
	}
	if anthropic.IsBlank(p.Text) {
		return false
	}
	if s != nobody {
		b.turn(s)
	}
	b.begin("", `{`)
	b.Text("text", p.Text)
	b.Raw(`}`)
	return true
}

// assistantTurn writes messages of the assistant's as one. At the end of a conversation
// it is an answer to be continued, which must not end in white space.
func (b *builder) assistantTurn(run []chat.Message, final bool) {
	for i := range run {
		m := &run[i]
		b.named(m)
		for k := range m.Parts {
			p := &m.Parts[k]
			switch p.Kind {
			case chat.TextPart, chat.RefusalPart:
				if final && i == len(run)-1 && k == len(m.Parts)-1 {
					cut := *p
					cut.Text = anthropic.TrimEnd(p.Text)
					p = &cut
				}
				if b.say(assistant, p) {
					b.cache(p.CacheControl)
				}
			case chat.ThinkingPart, chat.RedactedPart:
				b.thought(p)
			case chat.ToolCallPart:
				b.call(p)
			case chat.ServerPart:
				b.dropAt(p.At, "")
			default:
				b.failAt(p.At, "cannot stand in a message of this role")
			}
		}
	}
}

// thought writes thinking that the model can check: signed, or sealed.
func (b *builder) thought(p *chat.Part) {
	sealed := p.Kind == chat.RedactedPart
	if sealed && !isBase64(p.Text) || !sealed && len(p.Signature) == 0 || !b.m.is(claude|novaEffort) {
		b.dropAt(p.At, "")
		return
	}
	b.turn(assistant)
	b.wrap("reasoningContent")
	if sealed {
		b.Text("redactedContent", p.Text)
	} else {
		b.begin("reasoningText", `{`)
		b.Text("text", p.Text)
		b.Text("signature", p.Signature)
		b.Raw(`}`)
	}
	b.Raw(`}}`)
}

func isBase64(t chat.Text) bool {
	for _, c := range t {
		if c|0x20-'a' > 25 && c-'0' > 9 && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return len(t) > 0 && len(t)%4 == 0
}

// cache writes a point up to which the provider keeps the prompt, where one is wanted
// (https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html).
//
//go:noinline
func (b *builder) cache(hint chat.Raw) { b.cachePoint(hint, caches) }

func (b *builder) cachePoint(hint chat.Raw, t trait) {
	if len(hint) == 0 || hint[0] != '{' {
		return
	}
	hour := bytes.Contains(hint, []byte(`"1h"`))
	if !b.m.is(t) || hour && !b.m.is(cachesHour) {
		b.R.Drop("cache_control")
	}
	if !b.m.is(t) {
		return
	}
	b.wrap("cachePoint")
	b.word("type", "default")
	if hour && b.m.is(cachesHour) {
		b.word("ttl", "1h")
	}
	b.Raw(`}}`)
}
