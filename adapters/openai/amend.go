package openai

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Amend makes a body of this format one that the service takes: members get the names
// that they have there, what it lacks is left out.
func (a *Adapter) Amend(c adapters.Call, request rawjson.Value, patch *rawjson.Patch) ([]string, *chat.Error) {
	m := amendment{a: a, request: request, patch: patch}
	if a.p.OpenAI && c.Op == adapters.Chat && c.Dialect == dialectName {
		m.ofHub()
	}
	if a.p.own || c.Dialect != dialectName {
		return m.drops, m.err
	}
	switch c.Op {
	case adapters.Chat, adapters.Completions:
	case adapters.Embeddings:
		m.prefix = embeddingsPrefix
	default: // of whose members nothing is known here
		return m.drops, m.err
	}
	for it := request.Members(); it.Next(); {
		k, v := it.Key, it.Value
		m.member(k.Str(), v)
	}
	if c.Op == adapters.Chat {
		m.messages()
		m.tools()
	}
	return m.drops, m.err
}

// An amendment is under way for one request.
type amendment struct {
	a       *Adapter
	request rawjson.Value
	patch   *rawjson.Patch
	prefix  string
	drops   []string
	err     *chat.Error
}

func (m *amendment) member(key string, v rawjson.Value) {
	switch key {
	case "model", "messages", "input", "prompt", "stream":
		return
	case "reasoning_effort":
		if m.prefix == "" && !m.a.lacking(key) {
			m.effort(v)
			return
		}
	case "encoding_format":
		if v.Is("float") && m.a.listed(noFloat) {
			m.patch.DeleteField(m.request, key)
			return
		}
	case "stream_options":
		if m.a.p.Usage != UsageAsked {
			m.patch.DeleteField(m.request, key)
			if m.a.p.Usage == UsageNever {
				m.drops = append(m.drops, key)
			}
			return
		}
	case "response_format":
		kind := v.Get("type")
		if kind.Is("json_schema") && m.a.listed(noSchema) || kind.Is("json_object") && m.a.listed(noJSON) {
			m.fail(key)
			return
		}
	}
	name, ok := m.a.named(m.prefix + key)
	if ok {
		if name = strings.TrimPrefix(name, m.prefix); name != key {
			m.rename(key, name, v)
		}
		return
	}
	m.patch.DeleteField(m.request, key)
	switch {
	case idle(key, v):
	case isWeighty(m.prefix + key):
		m.fail(key)
	default:
		m.drops = append(m.drops, key)
	}
}

// rename moves a value to the name that the service knows. One that is there under that
// name already holds.
func (m *amendment) rename(from, to string, v rawjson.Value) {
	m.patch.DeleteField(m.request, from)
	if !m.request.Get(to).Exists() {
		m.patch.SetField(m.request, to, v.Raw())
	}
}

func (m *amendment) fail(path string) {
	if m.err == nil {
		m.err = lackError(path)
	}
}

func (m *amendment) messages() {
	developer, name := m.a.listed(noDeveloper), m.a.listed(nameOfMessages)
	if !developer && !name {
		return
	}
	named := false
	for it := m.request.Get("messages").Items(); it.Next(); {
		message := it.Value
		if role := message.Get("role"); developer && role.Is("developer") {
			m.patch.Replace(role, []byte(`"system"`))
		}
		if name && message.Get("name").Exists() {
			m.patch.DeleteField(message, "name")
			named = true
		}
	}
	if named {
		m.drops = append(m.drops, nameOfMessages)
	}
}

func (m *amendment) tools() {
	if !m.a.listed(strictTools) {
		return
	}
	dropped := false
	for it := m.request.Get("tools").Items(); it.Next(); {
		t := it.Value
		f := t.Get("function")
		if v := f.Get("strict"); v.Exists() {
			m.patch.DeleteField(f, "strict")
			on, _ := v.Bool()
			dropped = dropped || on
		}
	}
	if dropped {
		m.drops = append(m.drops, strictTools)
	}
}

// effort says reasoning_effort as the service wants to hear it.
func (m *amendment) effort(v rawjson.Value) {
	const key = "reasoning_effort"
	way, asked := m.a.p.Effort, chat.EffortUnset
	for i, name := range chat.EffortNames {
		if name != "" && v.Is(name) {
			asked = chat.Effort(i)
		}
	}
	switch {
	case asked == chat.EffortUnset && v.IsNull() && way != EffortField:
		m.patch.DeleteField(m.request, key)
	case asked == chat.EffortUnset, m.a.p.OpenAI: // the service itself refuses what is wrong
	case way.field(asked):
		given := m.a.other.nearest(asked)
		if given != asked {
			m.drops = append(m.drops, key)
			m.patch.Replace(v, []byte(`"`+chat.EffortNames[given]+`"`))
		}
	default:
		m.patch.DeleteField(m.request, key)
		member, value, exact := way.say(asked, 0)
		if !exact {
			m.drops = append(m.drops, key)
		}
		if member == "" || m.request.Get(member).Exists() {
			return
		}
		if way == ThinkingBudget && m.request.Get("thinking_budget").Exists() {
			value = "true" // the client has said the budget itself
		}
		m.patch.SetField(m.request, member, []byte(value))
	}
}

// idle reports whether a member says only what would be so without it.
func idle(key string, v rawjson.Value) bool {
	if v.IsNull() {
		return true
	}
	number := func(usual float64) bool {
		n, ok := v.Float64()
		return ok && n == usual
	}
	switch key {
	case "n", "best_of", "temperature", "top_p":
		return number(1)
	case "frequency_penalty", "presence_penalty", "top_logprobs":
		return number(0)
	case "logprobs", "store", "echo":
		on, ok := v.Bool()
		return ok && !on
	case "parallel_tool_calls":
		on, _ := v.Bool()
		return on
	case "tools", "functions", "stop", "logit_bias":
		return (v.Kind() == rawjson.Array || v.Kind() == rawjson.Object) && v.Len() == 0
	case "response_format":
		return v.Get("type").Is("text")
	case "tool_choice", "function_call", "service_tier":
		return v.Is("auto")
	case "encoding_format":
		return v.Is("float")
	case "modalities":
		return v.Len() == 1 && v.At(0).Is("text")
	}
	return false
}
