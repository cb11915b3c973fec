package cache

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sha2"
)

// Version is that of the canonical form; keys of two versions are never equal.
const Version = 2

// A Part is something that is not in a request's content and tells two requests apart all
// the same, because the configuration says so.
type Part struct{ Name, Value string }

// A Target is a model at a provider that may answer.
type Target struct {
	Provider, Type string // its name, and that of its API
	Model          string
}

// A Question is what a key depends on beside a request's content.
type Question struct {
	Scope     []string // whom the answer is for: tenant, consumer, client_key, open or shared, and names
	Namespace string   // of the configuration
	Operation string
	Group     string   // name of the model, where chance or rules choose between targets
	Targets   []Target // that may answer, in the configuration's order
	Parts     []Part
	Policy    string // of what reads and changes texts: see PolicyOf
	Custom    string // stands for the request's content, if it is not empty
}

// Equal reports whether two questions are the same.
func (q *Question) Equal(o *Question) bool {
	return q.Namespace == o.Namespace && q.Operation == o.Operation && q.Group == o.Group && q.Policy == o.Policy && q.Custom == o.Custom &&
		slices.Equal(q.Scope, o.Scope) && slices.Equal(q.Targets, o.Targets) && slices.Equal(q.Parts, o.Parts)
}

// Clone is the same question in memory of its own.
func (q *Question) Clone() Question {
	c := *q
	c.Scope, c.Targets, c.Parts = append([]string(nil), q.Scope...), append([]Target(nil), q.Targets...), append([]Part(nil), q.Parts...)
	return c
}

// A Keyer derives keys. It is used again and again: it keeps its memory.
type Keyer struct {
	c       canon
	known   digests
	content [2]int // where that of the last conversation is
}

// Rest is a digest of all that the last key depends on but for the last message's parts, and
// never a key.
func (k *Keyer) Rest() Key {
	c := &k.c
	return sha2.Sum([]byte("rest "), c.Dst[:c.turn[0]], c.Dst[c.turn[1]:])
}

// Bytes is the canonical form that the last key is the SHA-256 of, until the next one.
func (k *Keyer) Bytes() []byte { return k.c.Dst }

// Chat is the key of a conversation.
func (k *Keyer) Chat(q *Question, r *chat.Request) Key {
	if k.begin(q, 0) {
		k.c.object("request")
		k.content[0] = len(k.c.Dst)
		k.c.request(r)
		k.content[1] = len(k.c.Dst)
		k.c.Raw("}")
	}
	return k.end(q)
}

// Content is the canonical form of what the last conversation had in it, until the next key; empty
// if a custom key has stood for it.
func (k *Keyer) Content() []byte { return k.c.Dst[k.content[0]:k.content[1]] }

// Again is the key of a conversation whose content is known.
func (k *Keyer) Again(q *Question, content []byte) Key {
	if k.begin(q, 0) {
		k.c.object("request")
		k.c.Put(content)
		k.c.Raw("}")
	}
	return k.end(q)
}

// begin writes what stands before the request's content, which is one of several that have
// one custom key; false if that key stands for the content.
func (k *Keyer) begin(q *Question, number int) bool {
	const mostKept = 1 << 20
	c := &k.c
	if cap(c.Dst) > mostKept {
		c.Dst, c.scratch = nil, nil
	}
	c.Dst, c.turn, k.content = c.Dst[:0], [2]int{}, [2]int{}
	c.Raw("{")
	c.word("custom", q.Custom)
	c.word("group", q.Group)
	c.word("namespace", q.Namespace)
	if q.Custom != "" {
		c.integer("number", int64(number))
	}
	c.word("operation", q.Operation)
	if len(q.Parts) > 0 {
		c.array("parts")
		for i := range q.Parts {
			p := &q.Parts[i]
			c.pair(p.Name)
			c.Dst = rawjson.AppendString(c.Dst, p.Value)
			c.Raw("]")
		}
		c.Raw("]")
	}
	c.word("policy", q.Policy)
	return q.Custom == ""
}

// end writes what stands behind it, and is the key.
func (k *Keyer) end(q *Question) Key {
	c := &k.c
	c.array("scope")
	for _, s := range q.Scope {
		c.quoted(s)
	}
	c.Raw("]")
	c.array("targets")
	for i := range q.Targets {
		t := &q.Targets[i]
		c.open("{")
		c.word("model", t.Model)
		c.word("provider", t.Provider)
		c.word("type", t.Type)
		c.Raw("}")
	}
	c.Raw("]")
	c.integer("version", Version)
	c.Raw("}")
	return k.known.sum(c.Dst)
}

// Tag is TagOf a name of several parts.
func (k *Keyer) Tag(parts ...string) Tag {
	var buf [128]byte
	b := buf[:0]
	for i, s := range parts {
		if i > 0 {
			b = append(b, 0)
		}
		b = append(b, s...)
	}
	if len(b) == 0 {
		return 0
	}
	return tagOf(k.known.sum(b))
}

// request writes what of a conversation can change the answer.
func (c *canon) request(r *chat.Request) {
	c.value("audio", r.Audio)
	c.choice(r)
	c.extra(r.Dialect, r.Extra)
	c.format(&r.Format)
	c.number("frequency_penalty", r.FrequencyPenalty, true)
	if len(r.LogitBias) > len("{}") {
		c.value("logit_bias", r.LogitBias)
	}
	c.yes("logprobs", r.Logprobs)
	c.integer("max_tokens", r.MaxTokens)
	c.array("messages")
	for i := range r.Messages {
		c.message(&r.Messages[i])
	}
	c.Raw("]")
	c.number("min_p", r.MinP, true)
	c.value("modalities", r.Modalities)
	if r.N > 1 {
		c.integer("n", r.N)
	}
	c.value("prediction", r.Prediction)
	c.number("presence_penalty", r.PresencePenalty, true)
	c.reasoning(&r.Reasoning)
	c.number("seed", r.Seed, false)
	c.yes("sequential_tools", r.SequentialTools && len(r.Tools) > 0)
	c.serverTools(r)
	c.texts("stop", r.Stop)
	c.number("temperature", r.Temperature, false)
	c.tools(r.Tools)
	c.number("top_k", r.TopK, false)
	c.number("top_logprobs", r.TopLogprobs, false)
	c.number("top_p", r.TopP, false)
	c.text("verbosity", r.Verbosity)
	c.value("web_search", r.WebSearch)
}

var choices = [...]string{chat.ChoiceNone: "none", chat.ChoiceRequired: "required", chat.ChoiceTool: "tool"}

func (c *canon) choice(r *chat.Request) {
	if k := r.Choice.Kind; k > chat.ChoiceAuto && len(r.Tools)+len(r.ServerTools) > 0 {
		c.array("choice")
		c.quoted(choices[k])
		if k == chat.ChoiceTool {
			c.Comma()
			c.string(r.Choice.Name)
		}
		c.Raw("]")
	}
}

// extra writes what only one dialect has, in the order of the paths.
func (c *canon) extra(dialect string, list []chat.Member) {
	if len(list) == 0 {
		return
	}
	c.array("extra")
	c.quoted(dialect)
	for _, i := range ordered(len(list), func(a, b uint32) int { return strings.Compare(list[a].Path, list[b].Path) }) {
		c.pair(list[i].Path)
		c.json(list[i].Raw)
		c.Raw("]")
	}
	c.Raw("]")
}

func (c *canon) format(f *chat.Format) {
	switch f.Kind {
	case chat.FormatJSON:
		c.word("format", "json")
	case chat.FormatSchema:
		c.object("format")
		c.text("description", f.Description)
		c.text("name", f.Name)
		c.value("schema", f.Schema)
		c.yes("strict", f.Strict)
		c.Raw("}")
	}
}

func (c *canon) reasoning(r *chat.Reasoning) {
	if r.Effort == 0 && r.Budget == 0 && !r.Adaptive && len(r.Summary) == 0 {
		return
	}
	c.object("reasoning")
	c.yes("adaptive", r.Adaptive)
	c.integer("budget", r.Budget)
	c.word("effort", chat.EffortNames[r.Effort])
	c.text("summary", r.Summary)
	c.Raw("}")
}

func (c *canon) serverTools(r *chat.Request) {
	if len(r.ServerTools) == 0 {
		return
	}
	c.array("server_tools")
	c.quoted(r.Dialect)
	for i := range r.ServerTools {
		c.Comma()
		c.json(r.ServerTools[i].Raw)
	}
	c.Raw("]")
}

func (c *canon) texts(key string, list []chat.Text) {
	if len(list) == 0 {
		return
	}
	c.array(key)
	for _, t := range list {
		c.Comma()
		c.string(t)
	}
	c.Raw("]")
}

func (c *canon) tools(list []chat.Tool) {
	if len(list) == 0 {
		return
	}
	c.array("tools")
	for i := range list {
		t := &list[i]
		c.open("{")
		c.text("description", t.Description)
		c.text("name", t.Name)
		c.value("parameters", t.Takes())
		c.yes("strict", t.Strict)
		c.Raw("}")
	}
	c.Raw("]")
}

var roles = [...]string{chat.System: "system", chat.User: "user", chat.Assistant: "assistant", chat.ToolRole: "tool"}

func (c *canon) message(m *chat.Message) {
	c.open("{")
	c.text("name", m.Name)
	c.turn[0] = len(c.Dst)
	c.parts("parts", m.Parts)
	c.turn[1] = len(c.Dst)
	c.word("role", roles[m.Role])
	c.Raw("}")
}

func (c *canon) parts(key string, list []chat.Part) {
	c.array(key)
	for i := range list {
		c.part(&list[i])
	}
	c.Raw("]")
}

var kinds = [...]string{chat.TextPart: "text", chat.ImagePart: "image", chat.DocumentPart: "document", chat.AudioPart: "audio", chat.VideoPart: "video",
	chat.ThinkingPart: "thinking", chat.RedactedPart: "redacted", chat.ToolCallPart: "call", chat.ToolResultPart: "result", chat.RefusalPart: "refusal", chat.ServerPart: "server"}

// part writes a text that is nothing but a text as a string, and anything else as an object.
func (c *canon) part(p *chat.Part) {
	if p.Kind == chat.TextPart && len(p.Citations) == 0 {
		c.Comma()
		c.string(p.Text)
		return
	}
	c.open("{")
	c.arguments(p)
	c.value("citations", p.Citations)
	c.text("context", p.Context)
	if string(p.Detail) != "auto" {
		c.text("detail", p.Detail)
	}
	c.yes("error", p.IsError)
	c.text("id", p.ID)
	c.word("kind", kinds[p.Kind])
	if p.Kind >= chat.ImagePart && p.Kind <= chat.VideoPart {
		c.media(&p.Media)
	}
	c.text("name", p.Name)
	c.value("raw", p.Raw)
	if p.Kind == chat.ToolResultPart {
		c.parts("result", p.Result)
	}
	c.text("signature", p.Signature)
	c.text("text", p.Text)
	c.text("title", p.Title)
	c.Raw("}")
}

// arguments writes those of a call as the JSON that they are, in whichever way they are
// spelled.
func (c *canon) arguments(p *chat.Part) {
	if p.Input != nil || len(p.Arguments) == 0 {
		c.value("arguments", p.Input)
		return
	}
	c.scratch = rawjson.AppendUnescaped(c.scratch[:0], p.Arguments)
	if c.doc.Parse(c.scratch) != nil {
		c.text("arguments_text", p.Arguments)
		return
	}
	c.Key("arguments")
	own := c.scratch // which the document is a view of
	c.scratch = nil
	c.any(c.doc.Root())
	c.scratch = own
}

func (c *canon) media(m *chat.Media) {
	c.object("media")
	c.text("file_id", m.FileID)
	c.yes("plain", m.Plain)
	if len(m.Data) > 0 {
		c.content(m)
	}
	c.text("type", m.Type)
	c.text("url", m.URL)
	c.Raw("}")
}

// PolicyOf is what stands for the configuration of guards, which is JSON: the SHA-256 of its
// canonical form, in hexadecimal.
func PolicyOf(guards []byte) string {
	var c canon
	c.json(guards)
	sum := sha2.Sum(c.Dst)
	return string(AppendHex(nil, sum[:]))
}
