package anthropic

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// blocks writes the content of one message: a string where it is one plain text, else
// a list of blocks. Nothing is written for no content.
type blocks struct {
	b     *builder
	start int    // of the list that the message is in
	key   string // what comes before the content
	plain *chat.Part
	n     int
}

//go:noinline
func (s *blocks) addAll(m *chat.Message) {
	for k := range m.Parts {
		s.add(&m.Parts[k], chat.System)
	}
}

// add writes a part. The first plain text waits until it is known to be alone.
func (s *blocks) add(p *chat.Part, role chat.Role) {
	b := s.b
	if b.err != nil || b.skips(p) {
		return
	}
	b.allow(p, role)
	if s.n++; s.n == 1 {
		if len(s.key) > 0 && s.key[0] == '{' {
			b.separate(s.start)
		}
		b.raw(s.key)
		if (p.Kind == chat.TextPart || p.Kind == chat.RefusalPart) && p.CacheControl == nil && p.Citations == nil {
			s.plain = p
			return
		}
		b.raw(`[`)
	} else {
		if s.plain != nil {
			b.raw(`[`)
			b.block(s.plain)
			s.plain = nil
		}
		b.raw(`,`)
	}
	b.block(p)
}

// end ends the content, and says whether there is any.
func (s *blocks) end() bool {
	switch {
	case s.n == 0:
		return false
	case s.plain != nil:
		s.b.str(s.plain.Text)
	default:
		s.b.raw(`]`)
	}
	return true
}

// skips reports whether a part is left out: blank texts, and thoughts that only
// another provider could check.
func (b *builder) skips(p *chat.Part) bool {
	switch p.Kind {
	case chat.TextPart, chat.RefusalPart:
		return blank(p.Text)
	case chat.ThinkingPart:
		if len(p.Signature) == 0 {
			b.r.DropAt(func() string { return b.path(nil, p) })
			return true
		}
	case chat.RedactedPart:
		if isGoogles(p) {
			b.r.DropAt(func() string { return b.path(nil, p) })
			return true
		}
	}
	return false
}

// isGoogles reports whether redacted thinking is the signature of a Gemini model's call,
// as it is after a change of models in a conversation.
func isGoogles(p *chat.Part) bool {
	return p.Kind == chat.RedactedPart && bytes.HasPrefix(p.Text, []byte("gemini-call-"))
}

// allow fails for a part in a message where it cannot be.
func (b *builder) allow(p *chat.Part, role chat.Role) {
	ok := true
	switch p.Kind {
	case chat.ImagePart, chat.DocumentPart, chat.ToolResultPart:
		ok = role == chat.User
	case chat.ThinkingPart, chat.RedactedPart, chat.ToolCallPart, chat.ServerPart:
		ok = role == chat.Assistant
	case chat.AudioPart:
		b.fail(b.path(nil, p), "Anthropic's models do not take audio")
		return
	case chat.VideoPart:
		b.fail(b.path(nil, p), "Anthropic's models do not take video")
		return
	}
	if !ok {
		b.fail(b.path(nil, p), "cannot stand in a message of this role")
	}
}

// path is where a part stood in the client's request, or else its message.
func (b *builder) path(m *chat.Message, p *chat.Part) string {
	if p != nil && p.At.Exists() {
		return p.At.Path()
	}
	if m != nil && m.At.Exists() {
		return m.At.Path()
	}
	return "messages"
}

func (b *builder) block(p *chat.Part) {
	switch p.Kind {
	case chat.TextPart, chat.RefusalPart:
		b.raw(`{"type":"text","text":`)
		b.str(p.Text)
		if len(p.Citations) > 0 && p.Citations[0] == '[' {
			b.value("citations", p.Citations)
		}
	case chat.ImagePart:
		b.image(p)
	case chat.DocumentPart:
		b.document(p)
	case chat.ThinkingPart:
		b.raw(`{"type":"thinking","thinking":`)
		b.str(p.Text)
		b.member("signature", p.Signature)
	case chat.RedactedPart:
		b.raw(`{"type":"redacted_thinking","data":`)
		b.str(p.Text)
	case chat.ToolCallPart:
		b.toolUse(p)
	case chat.ToolResultPart:
		b.toolResult(p)
	case chat.ServerPart:
		b.dst = append(b.dst, p.Raw...)
		return
	}
	if p.Kind != chat.ThinkingPart && p.Kind != chat.RedactedPart { // which take none
		b.cacheControl(p.CacheControl)
	}
	b.raw(`}`)
}

// imageTypes are the types of images that are taken; one is often called otherwise.
var imageTypes = [...][2]string{
	{"image/jpeg", "image/jpeg"}, {"image/png", "image/png"}, {"image/gif", "image/gif"}, {"image/webp", "image/webp"}, {"image/jpg", "image/jpeg"},
}

func (b *builder) image(p *chat.Part) {
	if !b.m.is(takesImages) {
		b.fail(b.path(nil, p), "the model does not take images")
		return
	}
	if len(p.Detail) > 0 && string(p.Detail) != "auto" {
		b.r.DropAt(func() string { return strings.TrimSuffix(b.path(nil, p), ".url") + ".detail" }) // the URL stands beside it
	}
	b.raw(`{"type":"image","source":`)
	if p.Media.Data == nil {
		b.source(p)
		return
	}
	for _, t := range imageTypes {
		if string(p.Media.Type) == t[0] {
			b.raw(`{"type":"base64","media_type":"`)
			b.raw(t[1])
			b.raw(`","data":`)
			b.str(p.Media.Data)
			b.raw(`}`)
			return
		}
	}
	b.fail(b.path(nil, p), "want an image of type image/jpeg, image/png, image/gif or image/webp")
}

// source writes where a file is that is not in the request.
func (b *builder) source(p *chat.Part) {
	switch {
	case len(p.Media.URL) > 0 && bytes.HasPrefix(p.Media.URL, []byte("data:")):
		b.fail(b.path(nil, p), "want a data URL in base64 that names its media type")
	case len(p.Media.URL) > 0 && !p.Media.OnWeb():
		b.fail(b.path(nil, p), "Anthropic fetches nothing from there; send the file itself")
	case len(p.Media.URL) > 0:
		b.raw(`{"type":"url","url":`)
		b.str(p.Media.URL)
		b.raw(`}`)
	case bytes.HasPrefix(p.Media.FileID, []byte("file_")):
		b.raw(`{"type":"file","file_id":`)
		b.str(p.Media.FileID)
		b.raw(`}`)
	default:
		b.fail(b.path(nil, p), "a file's id means nothing to another provider; send its data or a URL")
	}
}

func (b *builder) document(p *chat.Part) {
	if !b.m.is(takesDocuments) {
		b.fail(b.path(nil, p), "the model does not take documents")
		return
	}
	b.raw(`{"type":"document","source":`)
	switch {
	case p.Media.Data == nil:
		b.source(p)
	case p.Media.Plain:
		b.raw(`{"type":"text","media_type":"text/plain","data":`)
		b.str(p.Media.Data)
		b.raw(`}`)
	case string(p.Media.Type) == "application/pdf" || len(p.Media.Type) == 0:
		b.raw(`{"type":"base64","media_type":"application/pdf","data":`)
		b.str(p.Media.Data)
		b.raw(`}`)
	case bytes.HasPrefix(p.Media.Type, []byte("text/")):
		text, err := base64.StdEncoding.AppendDecode(nil, rawjson.AppendUnescaped(nil, p.Media.Data))
		if err != nil {
			b.fail(b.path(nil, p), "want base64")
			return
		}
		b.raw(`{"type":"text","media_type":"text/plain","data":`)
		b.dst = rawjson.AppendString(b.dst, text)
		b.raw(`}`)
	default:
		b.fail(b.path(nil, p), "want a document of type application/pdf or text/plain")
	}
	if len(p.Title) > 0 {
		b.member("title", p.Title)
	}
	if len(p.Context) > 0 {
		b.member("context", p.Context)
	}
	if string(p.Citations) == "true" {
		b.raw(`,"citations":{"enabled":true}`)
	}
}

func (b *builder) toolUse(p *chat.Part) {
	if !isName(p.Name) || len(p.Name) > maxToolName {
		b.fail(b.callPath(p), "want a tool's name of 1 to 128 letters, digits, hyphens and underscores")
		return
	}
	b.raw(`{"type":"tool_use","id":"`)
	b.call(p)
	b.raw(`","name":`)
	b.str(p.Name)
	b.raw(`,"input":`)
	b.input(p)
}

// input writes the arguments of a call, which OpenAI's clients have as a JSON document
// in a string. No arguments are an empty object.
func (b *builder) input(p *chat.Part) {
	if p.Input != nil {
		b.dst = append(b.dst, p.Input...)
		return
	}
	if blank(p.Arguments) {
		b.raw(`{}`)
		return
	}
	from := len(b.dst)
	b.dst = rawjson.AppendUnescaped(b.dst, p.Arguments)
	err := b.doc.Parse(b.dst[from:])
	switch {
	case err != nil:
		b.fail(b.path(nil, p), "want arguments that are JSON: "+err.Error())
	case b.doc.Root().Kind() != rawjson.Object:
		b.fail(b.path(nil, p), "want arguments that are a JSON object, got "+b.doc.Root().Kind().String())
	}
}

func (b *builder) toolResult(p *chat.Part) {
	b.raw(`{"type":"tool_result","tool_use_id":"`)
	b.answer(p)
	b.raw(`"`)
	s := blocks{b: b, key: `,"content":`}
	for i := range p.Result {
		s.add(&p.Result[i], chat.User)
	}
	s.end()
	if p.IsError {
		b.raw(`,"is_error":true`)
	}
}

func appendNumber(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
