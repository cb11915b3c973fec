package gateway

import (
	"bytes"
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/plugin/guard"
)

// A reader has the guards read the texts of a document, whichever dialect it is in. What
// is a text it knows by what is none: names, identifiers, what stands for one of a few
// words, and files.
type reader struct {
	s         *Stream
	direction guard.Direction
	edits     []rawjson.Edit
	scratch   []byte
	pipe      pipe
	events    *events // of the event that the document is; nil: it is a whole
	stored    bool    // it is one of many requests, in a file
}

// A where is what is known of where a value stands.
type where struct {
	schema  bool // within a tool's definition: only descriptions are texts
	fields  bool // its members are named by somebody else
	numbers bool // numbers are texts too
}

// value reads a value and all within it.
func (r *reader) value(v rawjson.Value, p guard.Part, at where) {
	switch v.Kind() {
	case rawjson.String:
		r.text(v, p, at)
	case rawjson.Number:
		if at.numbers && len(v.Raw()) >= 7 {
			r.text(v, p, at)
		}
	case rawjson.Array:
		for it := v.Items(); it.Next(); {
			r.value(it.Value, p, at)
		}
	case rawjson.Object:
		r.object(v, p, at)
	}
}

func (r *reader) object(v rawjson.Value, p guard.Part, at where) {
	file := false
	if !at.fields {
		t := traitsOf(v)
		file = t.isFile()
		if !at.schema {
			p = t.part(p)
		}
	}
	for it := v.Members(); it.Next(); {
		key := string(it.Key.Bytes())
		if at.fields {
			r.value(it.Value, p, at)
			continue
		}
		if at.schema {
			r.definition(key, it.Value, p)
			continue
		}
		if it.Value.Kind() == rawjson.String && (isName(key) || file && isData(key)) {
			continue
		}
		r.member(key, v, it.Value, p)
	}
}

// member reads what stands under a key that a dialect has given.
func (r *reader) member(key string, of, v rawjson.Value, p guard.Part) {
	at := where{}
	kind := keys.of(key)
	if kind&unreadKey != 0 {
		return
	}
	if kind&schemaKey != 0 {
		p.Kind, at.schema = guard.Definition, true
	}
	switch key {
	case "logprobs", "top_logprobs":
		if r.direction == guard.Response && v.Kind() == rawjson.Object { // they would spell it piece by piece
			start, end := v.Span()
			r.edits = append(r.edits, rawjson.Edit{Start: start, End: end, With: []byte("null")})
		}
		return
	case "system", "instructions", "systemInstruction", "system_instruction", "preamble":
		p.Role = guard.System
	case "format":
		at.schema = v.Kind() == rawjson.Object
	case "arguments", "partial_json":
		p.Kind, p.Role = guard.Arguments, guard.Assistant
		if v.Kind() != rawjson.String {
			at.fields, at.numbers = true, true
			p.Kind = guard.Text
		}
	case "input", "args":
		if v.Kind() == rawjson.Object && (key == "args" || of.Get("name").Exists()) {
			p.Role, at.fields, at.numbers = guard.Assistant, true, true
		}
	case "functionResponse", "toolResult", "function_response", "tool_results":
		p.Role = guard.Tool
	case "response", "json":
		at.fields = p.Role == guard.Tool && v.Kind() == rawjson.Object
	case "documents", "sources", "search_results":
		p.Kind = guard.Document
	case "reasoning", "reasoning_content", "thinking", "summary":
		p.Kind = guard.Reasoning
	case "refusal":
		p.Kind = guard.Refusal
	case "item": // of an evaluation
		at.fields = r.stored && v.Kind() == rawjson.Object
		at.numbers = at.fields
	case "variables", "metadata", "requestMetadata", "promptVariables":
		p.Kind, at.fields = guard.Variable, true
	}
	r.value(v, p, at)
}

// definition reads what stands under a key of a tool's definition or of a schema.
func (r *reader) definition(key string, v rawjson.Value, p guard.Part) {
	switch kind := v.Kind(); {
	case kind == rawjson.String && key != "description" && key != "title" && key != "default" && key != "instructions":
	case key == "enum" || key == "const" || key == "required" || key == "pattern":
	case key == "properties" || key == "$defs" || key == "definitions": // keys are names of fields
		for it := v.Members(); it.Next(); {
			r.value(it.Value, p, where{schema: true})
		}
	case key == "examples" || key == "default":
		r.value(v, p, where{fields: true})
	default:
		r.value(v, p, where{schema: true})
	}
}

// traits are what an object says of its texts. They are read in one go: to look for each
// alone takes longer than to read a short text.
type traits struct {
	role, kind rawjson.Value
	encoded    bool
}

func traitsOf(v rawjson.Value) (t traits) {
	for it := v.Members(); it.Next(); {
		t.note(it.Key.Bytes(), it.Value)
	}
	return t
}

// note takes a member.
func (t *traits) note(key []byte, v rawjson.Value) {
	switch string(key) {
	case "role":
		t.role = v
	case "type":
		t.kind = v
	case "media_type", "mimeType", "mime_type", "bytes", "file_data":
		t.encoded = true
	case "format":
		t.encoded = t.encoded || v.Kind() == rawjson.String
	}
}

// part is p as the object says.
func (t *traits) part(p guard.Part) guard.Part {
	if t.role.Kind() == rawjson.String {
		switch string(t.role.Bytes()) {
		case "system", "developer", "SYSTEM":
			p.Role = guard.System
		case "assistant", "model", "CHATBOT":
			p.Role = guard.Assistant
		case "tool", "function", "TOOL":
			p.Role = guard.Tool
		case "user", "USER":
			p.Role = guard.User
		}
	}
	if t.kind.Kind() == rawjson.String {
		switch kind := t.kind.Bytes(); {
		case bytes.HasSuffix(kind, []byte("tool_result")), bytes.HasSuffix(kind, []byte("_call_output")):
			p.Role = guard.Tool
		case string(kind) == "document" || string(kind) == "search_result":
			p.Kind = guard.Document
		case string(kind) == "thinking" || string(kind) == "reasoning":
			p.Kind = guard.Reasoning
		case string(kind) == "refusal":
			p.Kind = guard.Refusal
		}
	}
	return p
}

// isFile reports whether the object says that its data is encoded.
func (t *traits) isFile() bool {
	return !t.kind.Is("text") && (t.encoded || t.kind.Is("base64"))
}

func isData(key string) bool {
	switch key {
	case "data", "bytes", "file_data", "fileData":
		return true
	}
	return false
}

// A keyKind is what a key says of what stands under it, as bits.
type keyKind uint8

const (
	nameKey   keyKind = 1 << iota // a string that is none to be read: it says what something is, or which
	unreadKey                     // nothing in it is a text
	schemaKey                     // definitions of tools, or schemas
)

// isName reports whether a string under this key is none to be read.
func isName(key string) bool { return keys.of(key)&nameKey != 0 }

// keys are a table rather than a switch, which is several times as large as code, and not
// a map, whose hashes take longer than most texts.
var keys = keysOf([]string{
	"role type model id object name tool_call_id tool_use_id toolUseId call_id item_id response_id responseId previous_response_id conversation signature thoughtSignature thought_signature encrypted_content media_type mimeType mime_type detail service_tier finish_reason finishReason stop_reason stopReason system_fingerprint status file_id fileId fileUri file_uri b64_json bytes encoding_format voice size quality language reasoning_effort effort truncation truncate keep_alive input_type anthropic_version prompt_cache_key safety_identifier obfuscation modelVersion created_at container format stop_sequence tool_choice verbosity background redactedContent custom_id request_id input_file_id endpoint completion_window thinking_budget modelId guardrailIdentifier partner region",
	"stop stop_sequences stopSequences logit_bias include modalities embedding embeddings tool_choice toolChoice betas images safetySettings usage usageMetadata",
	"tools functions toolConfig tool_config response_format responseSchema responseJsonSchema output_config json_schema schema parameters input_schema",
})

// A keyTable finds what keys say, by their length and three of their characters.
type keyTable struct {
	names [512]string
	kinds [512]keyKind
}

func (t *keyTable) slot(key string) int {
	n := len(key)
	i := n*37 + int(key[0])*5 + int(key[n/2])*11 + int(key[n-1])*17
	for i &= 511; t.names[i] != key && t.names[i] != ""; {
		i = (i + 1) & 511
	}
	return i
}

func (t *keyTable) of(key string) keyKind {
	if key == "" {
		return 0
	}
	return t.kinds[t.slot(key)]
}

// keysOf are keys of each kind, in the kinds' order. A key can be of several.
func keysOf(lists []string) *keyTable {
	t := &keyTable{}
	for k, list := range lists {
		for _, name := range strings.Fields(list) {
			i := t.slot(name)
			t.names[i] = name
			t.kinds[i] |= 1 << k
		}
	}
	return t
}

// text has the guards read a string, or a number as what it is spelled.
func (r *reader) text(v rawjson.Value, p guard.Part, at where) {
	raw := v.Raw()
	number := raw[0] != '"'
	if !number {
		raw = raw[1 : len(raw)-1]
	}
	if len(raw) == 0 || bytes.HasPrefix(raw, []byte("data:")) && bytes.Contains(raw[:min(len(raw), 128)], []byte(";base64,")) {
		return
	}
	if bytes.IndexByte(raw, '\\') >= 0 {
		r.scratch = rawjson.AppendUnescaped(r.scratch[:0], raw)
		raw = r.scratch
	}
	p.Repeat = r.events != nil && r.events.repeats()
	r.s.openText(&r.pipe, r.direction, p)
	out := r.pipe.feed(raw, true)
	if r.s.guarding.failed != nil || !r.pipe.edited {
		return
	}
	start, end := v.Span()
	r.edits = append(r.edits, rawjson.Edit{Start: start, End: end, With: rawjson.AppendString(make([]byte, 0, len(out)+len(`""`)), out)})
}
