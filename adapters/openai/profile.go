package openai

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rank"
)

// A Profile says how a service of this format differs from OpenAI's own. The zero
// Profile is a service that takes all that is in the format.
type Profile struct {
	Base   string            // path before /chat/completions
	Apart  string            // path before /responses and /embeddings, where it is another
	Ops    Ops               // what it takes in the format; 0: all but responses
	Header string            // that carries the key as it is; empty: authorization, as a bearer
	More   []adapters.Header // that every request has

	// OpenAI: its models are OpenAI's own, and so differ as those do. Prefix is what
	// stands before their names.
	OpenAI bool
	Prefix string
	Known  func(name string) (model string) // the model that a name stands for; nil: itself

	Usage   UsageWay
	Effort  EffortWay
	Efforts string // of reasoning_effort, that it knows; empty: all
	Stops   int    // sequences that it takes at most; 0: 4

	// Lacks are members that it refuses or passes over, with blanks between them. What
	// the answer depends on is refused before it gets there, anything else is left out
	// and reported; members of requests for embeddings begin with "embeddings.". Beside
	// names of members there are "developer", the role, which becomes system;
	// "json_schema" and "json_object", the formats; "messages[].name"; "messages[].content"
	// that is null; "tools[].function.strict"; and "embeddings.float", the encoding, which
	// is the usual one.
	Lacks string

	// Takes, if it is not empty, are all the members of a request for chat that it takes
	// beside model, messages and stream: it lacks any other.
	Takes string

	// Also are members that it takes beside OpenAI's own: top_k, min_p.
	Also string

	// Renames are members with another name: "seed=random_seed max_completion_tokens=max_tokens".
	Renames string

	// Adds are members, as JSON, of translated requests for chat: "reasoning_split":true.
	Adds string

	// Thoughts is the member of an assistant's message in which it wants its thinking
	// back; empty: it does not.
	Thoughts string

	// Tags: some of its models write their thinking into their text, between <think> and
	// </think>.
	Tags bool

	// Marks: requests for chat are marked, but for what Adds and the effort add.
	Marks bool

	// Ranks is the form of its rerankers, where it is not the clients' own.
	Ranks *rank.Form

	own bool // it is OpenAI
}

// Ops are operations that a service takes in this format.
type Ops uint16

// What a service takes.
const (
	Chat Ops = 1 << iota
	Completions
	Embeddings
	Responses
	Models
	Rerank // in the form that Cohere and Jina have
	Moderations
	Images
	ImageEdits
	Speech
	Transcriptions
	Translations
	Files
	Batches

	AllOps = 1<<iota - 1
)

// A UsageWay is how a stream reports its usage.
type UsageWay uint8

// Ways of usage.
const (
	UsageAsked  UsageWay = iota // if stream_options.include_usage asks for it
	UsageAlways                 // without being asked; stream_options is not sent
	UsageNever                  // not at all, so it is estimated
)

// An EffortWay is how a service is told how much to think.
type EffortWay uint8

// Ways of effort.
const (
	EffortField      EffortWay = iota // "reasoning_effort":"low"
	EffortOrOff                       // the same, but "thinking":{"type":"disabled"} for none
	ThinkingType                      // "thinking":{"type":"enabled"}
	ThinkingAdaptive                  // "thinking":{"type":"adaptive"}
	EnableThinking                    // "enable_thinking":true
	ThinkingBudget                    // "enable_thinking":true,"thinking_budget":2048
	ReasoningObject                   // "reasoning":{"effort":"low"}
	NoEffort                          // it cannot be told
)

// An Adapter speaks this format with the deviations of a Profile. Its strings are
// ready: a request makes none. A provider that differs in more embeds one.
type Adapter struct {
	p                     Profile
	lacks, takes, renames []string
	also                  []string
	paths                 [adapters.NumOperations]string // by operation; empty: not taken
	other                 family                         // of models that are not OpenAI's own
}

var (
	_ adapters.Translator = (*Adapter)(nil)
	_ adapters.Amender    = (*Adapter)(nil)
)

// New makes an adapter of a profile.
func New(p Profile) *Adapter {
	if p.Ops == 0 {
		p.Ops = Chat | Completions | Embeddings | Models
	}
	if p.Stops == 0 {
		p.Stops = mostStops
	}
	a := &Adapter{p: p, lacks: strings.Fields(p.Lacks), takes: strings.Fields(p.Takes), also: strings.Fields(p.Also),
		renames: strings.Fields(p.Renames), other: unknown}
	for i := range operations {
		o := &operations[i]
		base := p.Base
		if p.Apart != "" && (o.op == Responses || o.op == Embeddings) {
			base = p.Apart
		}
		if p.Ops&o.op != 0 {
			a.paths[o.at] = base + o.path
		}
	}
	if p.Efforts != "" {
		a.other.efforts = 0
		for i, name := range chat.EffortNames {
			if name != "" && slices.Contains(strings.Fields(p.Efforts), name) {
				a.other.efforts |= 1 << i
			}
		}
	}
	return a
}

// operations are all, with their paths behind the base.
var operations = [...]struct {
	op   Ops
	at   adapters.Operation
	path string
}{
	{Chat, adapters.Chat, "/chat/completions"},
	{Completions, adapters.Completions, "/completions"},
	{Embeddings, adapters.Embeddings, "/embeddings"},
	{Responses, adapters.Responses, "/responses"},
	{Models, adapters.Models, "/models"},
	{Rerank, adapters.Rerank, "/rerank"},
	{Moderations, adapters.Moderations, "/moderations"},
	{Images, adapters.Images, "/images/generations"},
	{ImageEdits, adapters.ImageEdits, "/images/edits"},
	{Speech, adapters.Speech, "/audio/speech"},
	{Transcriptions, adapters.Transcriptions, "/audio/transcriptions"},
	{Translations, adapters.Translations, "/audio/translations"},
	{Files, adapters.Files, "/files"},
	{Batches, adapters.Batches, "/batches"},
}

// family is what is known of a model.
func (a *Adapter) family(model string) *family {
	if a.p.Known != nil {
		model = a.p.Known(model)
	}
	if a.p.OpenAI {
		if f := find(strings.TrimPrefix(model, a.p.Prefix)); f != &unknown {
			return f
		}
	}
	return &a.other
}

// named is what a member of a chat request is called here; false if the service takes
// none.
func (a *Adapter) named(key string) (string, bool) {
	for _, r := range a.renames {
		if from, to, _ := strings.Cut(r, "="); from == key {
			return to, true
		}
	}
	return key, !a.lacking(key)
}

func (a *Adapter) lacking(key string) bool {
	return slices.Contains(a.lacks, key) ||
		len(a.takes) > 0 && !strings.HasPrefix(key, embeddingsPrefix) && !slices.Contains(a.takes, key) && !slices.Contains(a.also, key)
}

// weighty are members without which the answer would be another: they are refused
// instead of left out.
var weighty = [...]string{"n", "stop", "tools", "tool_choice", "functions", "function_call", "response_format", "json_schema",
	"logprobs", "top_logprobs", "logit_bias", "modalities", "audio", "web_search_options", "suffix", "best_of", "echo",
	"embeddings.dimensions", "embeddings.encoding_format"}

func isWeighty(key string) bool { return slices.Contains(weighty[:], key) }

// embeddingsPrefix tells members of requests for embeddings from those of chat.
const embeddingsPrefix = "embeddings."

// Names in Lacks that are of no member at the top.
const (
	nameOfMessages = "messages[].name"
	strictTools    = "tools[].function.strict"
	noDeveloper    = "developer"
	noSchema       = "json_schema"
	noFloat        = "embeddings.float"
	noJSON         = "json_object"
	noNull         = "messages[].content"
)

// listed reports whether a name is in Lacks, for those that are no members.
//
//go:noinline
func (a *Adapter) listed(name string) bool { return slices.Contains(a.lacks, name) }

// lackError says that the service lacks what is at path.
func lackError(path string) *chat.Error {
	return &chat.Error{Status: 400, Kind: chat.InvalidRequest, Code: "unsupported_value", Param: path,
		Message: path + ": this provider does not take it"}
}
