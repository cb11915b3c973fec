package chat

import (
	"bytes"
	"slices"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A Text is the content of a JSON string as it is spelled there: escaped, without its
// quotes. All the formats that meet here are JSON, so a text goes from one into
// another without being decoded. It mostly is a view of the source document, void
// when that is.
type Text []byte

// Spelled is the text of a string in a document, nil for any other kind.
//
//go:noinline
func Spelled(v rawjson.Value) Text {
	if v.Kind() != rawjson.String {
		return nil
	}
	raw := v.Raw()
	return raw[1 : len(raw)-1 : len(raw)-1]
}

// A Raw is a whole JSON value as it is spelled, nil where there is none.
type Raw []byte

// A Role is who speaks in a message.
type Role uint8

// Roles. Instructions by a developer are System: the dialects that tell the two apart
// read them the same.
const (
	System Role = iota
	User
	Assistant
	ToolRole // the result of a tool, where a dialect has a role for it
)

// A Request is a conversation and how its next turn is to be made. A Request is used
// again for one conversation after another: Reset keeps its memory.
type Request struct {
	Dialect  string // whose words Extra, ServerTools and ServiceTier are: a dialect's name
	Model    string
	Messages []Message // in order; system messages where the client put them
	Tools    []Tool
	Choice   ToolChoice
	Stream   bool

	// IncludeUsage: the client wants a stream's usage where its dialect asks for it.
	IncludeUsage bool

	MaxTokens int64 // 0: not said
	// Numbers as the client spelled them, nil where not said.
	Temperature, TopP, TopK, MinP            Raw
	FrequencyPenalty, PresencePenalty, Seed  Raw
	LogitBias                                Raw
	Logprobs                                 bool
	TopLogprobs                              Raw
	Stop                                     []Text
	N                                        int64 // answers wanted; 0 and 1 are one
	Format                                   Format
	Reasoning                                Reasoning
	SequentialTools                          bool // at most one tool call a turn
	User                                     Text // who the client's own user is
	ServiceTier                              Text
	Metadata                                 Raw // an object of strings, for the provider's own records
	Store                                    Raw
	Verbosity                                Text
	Prediction, Modalities, Audio, WebSearch Raw // of OpenAI alone
	ServerTools                              []ServerTool
	PromptCacheKey, SafetyIdentifier         Text

	// Extra are members that the source dialect has and this form does not: a provider
	// of the same dialect may take them, any other reports them as dropped.
	Extra []Member

	// Echo are members that the dialect's answers repeat of the request, each with a
	// comma in front. It is the request's own memory.
	Echo []byte

	// Texts are the names of the tools that take a text for the client and a function's
	// one argument for the provider, each with a line end behind it. It is the request's
	// own memory.
	Texts []byte

	// Draft is for a reader's next part, which is large, while it is not added yet.
	Draft Part

	// Marks are of what a provider was sent, if its writer makes them.
	Marks Marks

	drops   []string
	parts   []Part // of all messages, in one piece of memory
	results []Part // of all tool results, likewise
}

// A Member is a key and value of an object, and where it stood.
type Member struct {
	Path string
	Key  string
	Raw  Raw
}

// Reset empties the request and keeps its memory.
func (r *Request) Reset() {
	clear(r.parts)
	clear(r.results)
	r.Marks.Reset()
	*r = Request{
		Messages:    r.Messages[:0],
		Tools:       r.Tools[:0],
		Stop:        r.Stop[:0],
		ServerTools: r.ServerTools[:0],
		Extra:       r.Extra[:0],
		Echo:        r.Echo[:0],
		Texts:       r.Texts[:0],
		Marks:       r.Marks,
		drops:       r.drops[:0],
		parts:       r.parts[:0],
		results:     r.results[:0],
	}
}

// Begin starts a message; Add gives it parts.
//
//go:noinline
func (r *Request) Begin(role Role) *Message {
	r.Messages = append(r.Messages, Message{Role: role})
	return &r.Messages[len(r.Messages)-1]
}

// Add appends a part to the last message.
//
//go:noinline
func (r *Request) Add(p Part) {
	m := &r.Messages[len(r.Messages)-1]
	start := len(r.parts) - len(m.Parts)
	r.parts = append(r.parts, p)
	m.Parts = r.parts[start:len(r.parts):len(r.parts)]
}

// AddResult appends a part to the result of the last part, which is a ToolResultPart.
//
//go:noinline
func (r *Request) AddResult(p Part) {
	last := &r.parts[len(r.parts)-1]
	start := len(r.results) - len(last.Result)
	r.results = append(r.results, p)
	last.Result = r.results[start:len(r.results):len(r.results)]
}

// mostDrops is how many drops are named. A request that has more, which no client sends
// by accident, must not take time that grows with their square.
const mostDrops = 100

// moreDrops is the last name where there are more.
const moreDrops = "..."

// Drop reports that something of the client's request is not in the provider's: a path
// as the client spelled it ("seed", "messages[2].name"). What changes the meaning of
// the answer is refused with an Error instead.
//
//go:noinline
func (r *Request) Drop(path string) {
	if slices.Contains(r.drops, path) || len(r.drops) > mostDrops {
		return
	}
	if len(r.drops) == mostDrops {
		path = moreDrops
	}
	r.drops = append(r.drops, path)
}

// DropAt is Drop for a path that is dear to make: it is only made to be named.
//
//go:noinline
func (r *Request) DropAt(path func() string) {
	if len(r.drops) < mostDrops {
		r.Drop(path())
	} else {
		r.Drop(moreDrops)
	}
}

// Drops are what was dropped, in order; the last of very many is only "...".
func (r *Request) Drops() []string { return r.drops }

// A Message is one turn or a part of one.
type Message struct {
	Role  Role
	Parts []Part
	Name  Text          // of the speaker
	At    rawjson.Value // where it stood
}

// A PartKind is what a part of a message is.
type PartKind uint8

// Kinds of parts.
const (
	TextPart       PartKind = iota // Text
	ImagePart                      // Media
	DocumentPart                   // Media, Title
	AudioPart                      // Media
	VideoPart                      // Media
	ThinkingPart                   // Text, Signature
	RedactedPart                   // Text: thinking that only the provider can read
	ToolCallPart                   // ID, Name, Arguments
	ToolResultPart                 // ID, Name if known, Result, IsError
	RefusalPart                    // Text
	ServerPart                     // Raw: a call or result of a tool that the provider runs itself. Its type tells whose; who does not know it leaves it out
)

// A Part is one piece of a message's content.
type Part struct {
	Kind      PartKind
	Text      Text
	Signature Text // of thinking, as the provider gave it
	Media     Media
	Title     Text
	Context   Text // what a document is about

	ID        Text
	Name      Text
	Arguments Text // a JSON document within a JSON string, as OpenAI spells it; or nil if Input is set
	Input     Raw  // the arguments as a JSON object, as Anthropic and Gemini spell them; or nil if Arguments is set
	Result    []Part
	IsError   bool

	CacheControl Raw  // an Anthropic cache hint, kept as it is
	Citations    Raw  // true for a document that may be cited, or an array of what a text cites, in Anthropic's form
	Detail       Text // how closely an image is looked at
	Raw          Raw

	// At is where the part stood; its path is made on demand, for errors and drops.
	At rawjson.Value
}

// Media is a file in a message: exactly one of Data, URL and FileID is set.
type Media struct {
	Type   Text // "image/png"; may be empty with URL and FileID
	Data   Text // base64
	URL    Text
	FileID Text
	Plain  bool // Data is plain text instead of base64
}

// OnWeb reports whether a URL is one that anybody can fetch, unlike those of buckets.
func (m *Media) OnWeb() bool { return bytes.HasPrefix(m.URL, []byte("http")) }

// A Tool is a function that the model may call.
type Tool struct {
	Name, Description Text
	Parameters        Raw // JSON Schema; nil for none
	Strict            bool
	CacheControl      Raw
	At                rawjson.Value // where it stood
}

// NoParameters is the schema of a function that takes nothing.
const NoParameters = `{"type":"object","properties":{}}`

// Takes are the parameters, or NoParameters where there are none, or an empty schema,
// which says so little that APIs refuse it.
func (t *Tool) Takes() Raw {
	raw := t.Parameters
	if len(raw) == 0 || string(raw) == "null" || raw[0] == '{' && len(bytes.TrimSpace(raw[1:len(raw)-1])) == 0 {
		return Raw(NoParameters)
	}
	return raw
}

// A ServerTool is a tool that the provider runs itself, in its own spelling.
type ServerTool struct {
	Type, Name Text
	Raw        Raw
	At         rawjson.Value // where it stood
}

// A ChoiceKind says whether tools have to be called.
type ChoiceKind uint8

// Choices.
const (
	ChoiceUnset ChoiceKind = iota
	ChoiceAuto
	ChoiceNone
	ChoiceRequired
	ChoiceTool // the one called Name
)

// A ToolChoice is a choice of tools.
type ToolChoice struct {
	Kind ChoiceKind
	Name Text
}

// A FormatKind is the form that the answer has to have.
type FormatKind uint8

// Formats.
const (
	FormatText FormatKind = iota
	FormatJSON            // any JSON object
	FormatSchema
)

// A Format is the form of the answer. Schema, Name and Strict belong to FormatSchema.
type Format struct {
	Kind              FormatKind
	Name, Description Text
	Schema            Raw
	Strict            bool
}
