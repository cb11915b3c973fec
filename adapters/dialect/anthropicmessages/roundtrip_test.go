package anthropicmessages_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
)

// provider is Anthropic's own adapter, which writes what this dialect has read.
func provider(t testing.TB) adapters.Translator {
	t.Helper()
	var tr adapters.Translator
	err := strict.Decode([]byte(`{}`), func(o *strict.Object) {
		a, err := anthropic.Provider().Options(o)
		if err != nil {
			t.Fatal(err)
		}
		tr = a.(adapters.Translator)
	})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// roundTrips are requests that come back as they were, but for the members whose loss
// has a reason.
var roundTrips = []struct {
	name, in string
	lost     map[string]string // JSON path and why
}{
	{"text", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":"Hi"}]}`, nil},
	{"blocks", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"text","text":"\u00e9 \"there\"\n"}]}]}`, nil},
	{"stream", `{"model":"claude-haiku-4-5","max_tokens":10,"stream":true,"messages":[{"role":"user","content":"Hi"}]}`, nil},
	{"system prompt", `{"model":"claude-haiku-4-5","max_tokens":10,"system":"Be brief","messages":[{"role":"user","content":"Hi"}]}`, nil},
	{"system prompt in blocks with cache hints", `{"model":"claude-haiku-4-5","max_tokens":10,"system":[{"type":"text","text":"A"},{"type":"text","text":"B","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[{"role":"user","content":"Hi"}]}`, nil},
	{"turns", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"role":"user","content":"C"}]}`, nil},
	{"answer to be continued", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":"A"},{"role":"assistant","content":"The answer is ("}]}`, nil},
	{"system message in mid-conversation", `{"model":"claude-opus-5","max_tokens":10,"messages":[{"role":"user","content":"A"},{"role":"system","content":"Be brief"},{"role":"assistant","content":"B"},{"role":"user","content":"C"},{"role":"system","content":[{"type":"text","text":"Still"}]}]}`, nil},
	{"sampling", `{"model":"claude-haiku-4-5","max_tokens":10,"temperature":0.50,"top_k":7,"stop_sequences":["END","\n\nHuman:"],"messages":[{"role":"user","content":"A"}]}`, nil},
	{"top_p alone", `{"model":"claude-haiku-4-5","max_tokens":10,"top_p":0.5,"messages":[{"role":"user","content":"A"}]}`, nil},
	{"user and tier", `{"model":"claude-haiku-4-5","max_tokens":10,"metadata":{"user_id":"u-1"},"service_tier":"standard_only","messages":[{"role":"user","content":"A"}]}`, nil},
	{"tools", `{"model":"claude-haiku-4-5","max_tokens":10,"tools":[{"name":"f","description":"d \"q\"","input_schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},"cache_control":{"type":"ephemeral"}},{"name":"g","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"A"}]}`, nil},
	{"strict tool", `{"model":"claude-haiku-4-5","max_tokens":10,"tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}],"messages":[{"role":"user","content":"A"}]}`, nil},
	{"tools of Anthropic's own", `{"model":"claude-haiku-4-5","max_tokens":10,"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":3},{"type":"bash_20250124","name":"bash"}],"messages":[{"role":"user","content":"A"}]}`, nil},
	{"tool choice: any, one at a time", `{"model":"claude-haiku-4-5","max_tokens":10,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true},"messages":[{"role":"user","content":"A"}]}`, nil},
	{"tool choice: named", `{"model":"claude-haiku-4-5","max_tokens":10,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"f"},"messages":[{"role":"user","content":"A"}]}`, nil},
	{"tool choice: none", `{"model":"claude-haiku-4-5","max_tokens":10,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"none"},"messages":[{"role":"user","content":"A"}]}`, nil},
	{"tool choice: auto", `{"model":"claude-haiku-4-5","max_tokens":10,"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true},"messages":[{"role":"user","content":"A"}]}`, nil},
	{"calls and results", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":"A"},{"role":"assistant","content":[{"type":"text","text":"Let me see"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":[1,2.50,"x"],"b":{}}},{"type":"tool_use","id":"toolu_2","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"1","cache_control":{"type":"ephemeral"}},{"type":"tool_result","tool_use_id":"toolu_2","is_error":true,"content":[{"type":"text","text":"no"},{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}]},{"type":"text","text":"And?"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}`, nil},
	{"result without content", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":"A"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}]}`, nil},
	{"images", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="},"cache_control":{"type":"ephemeral"}},{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},{"type":"image","source":{"type":"file","file_id":"file_011C"}},{"type":"text","text":"?"}]}]}`, nil},
	{"documents", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="},"title":"T","context":"C","citations":{"enabled":true}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"}},{"type":"document","source":{"type":"url","url":"https://example.com/a.pdf"}},{"type":"document","source":{"type":"file","file_id":"file_2"}},{"type":"text","text":"?"}]}]}`, nil},
	{"cited answer in the history", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":"A"},{"role":"assistant","content":[{"type":"text","text":"B","citations":[{"type":"char_location","cited_text":"x","document_index":0}]}]},{"role":"user","content":"C"}]}`, nil},
	{"thinking by budget through a loop of calls", `{"model":"claude-haiku-4-5","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"A"},{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"ZGF0YQ=="},{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"1"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}`, nil},
	{"adaptive thinking with an effort", `{"model":"claude-opus-5","max_tokens":9000,"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh"},"messages":[{"role":"user","content":"A"}]}`, nil},
	{"thinking that is omitted", `{"model":"claude-opus-5","max_tokens":9000,"thinking":{"type":"adaptive","display":"omitted"},"messages":[{"role":"user","content":"A"}]}`, nil},
	{"no thinking", `{"model":"claude-sonnet-5","max_tokens":9000,"thinking":{"type":"disabled"},"messages":[{"role":"user","content":"A"}]}`, nil},
	{"structured output", `{"model":"claude-opus-5","max_tokens":9000,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string","enum":["x"]},"b":{"$ref":"#/$defs/b"}},"required":["a","b"],"additionalProperties":false,"$defs":{"b":{"type":"array","items":{"type":"integer"},"minItems":1}}}}},"messages":[{"role":"user","content":"A"}]}`, nil},
	{"what only Anthropic has", `{"model":"claude-opus-5","max_tokens":9000,"container":"c1","inference_geo":"eu","cache_control":{"type":"ephemeral"},"context_management":{"edits":[]},"mcp_servers":[],"messages":[{"role":"user","content":"A"}]}`, nil},
	{"server tools in the history", `{"model":"claude-opus-5","max_tokens":9000,"messages":[{"role":"user","content":"A"},{"role":"assistant","content":[{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"x"}},{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]},{"type":"text","text":"B"}]},{"role":"user","content":"C"}],"tools":[{"type":"web_search_20250305","name":"web_search"}]}`, nil},
	{"nulls and the default type", `{"model":"claude-haiku-4-5","max_tokens":10,"system":null,"temperature":null,"tools":[{"type":"custom","name":"f","description":null,"input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"A"}]}`, nil},

	{"members of tools that are not known", `{"model":"claude-haiku-4-5","max_tokens":10,"tools":[{"name":"f","input_schema":{"type":"object"},"input_examples":[{}],"defer_loading":true}],"messages":[{"role":"user","content":"A"}]}`,
		map[string]string{"tools.0.input_examples": "no other API has them", "tools.0.defer_loading": "no other API has it"}},
	{"effort beside thinking that is off", `{"model":"claude-sonnet-5","max_tokens":9000,"thinking":{"type":"disabled"},"output_config":{"effort":"low"},"messages":[{"role":"user","content":"A"}]}`,
		map[string]string{"output_config": "elsewhere an effort turns thinking on"}},
	{"search result of the client", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":[{"type":"search_result","title":"T","source":"https://example.com","content":[{"type":"text","text":"x"}]},{"type":"text","text":"?"}]}]}`,
		map[string]string{"messages.0.content.0": "becomes a document with its text, title and source as context"}},
	{"document in pieces", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}},{"type":"text","text":"?"}]}]}`,
		map[string]string{"messages.0.content.0.source": "becomes plain text"}},
	{"blank texts", `{"model":"claude-haiku-4-5","max_tokens":10,"messages":[{"role":"user","content":[{"type":"text","text":" "},{"type":"text","text":"A"}]}]}`,
		map[string]string{"messages.0.content": "Anthropic refuses blank texts"}},
	{"thinking between tools only", `{"model":"claude-sonnet-5-5","max_tokens":9000,"thinking":{"type":"between_tools"},"messages":[{"role":"user","content":"A"}]}`,
		map[string]string{"thinking": "no other API has it: it becomes the least effort", "output_config": "the same"}},
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	if len(roundTrips) < 25 {
		t.Errorf("got %d requests, want at least 25", len(roundTrips))
	}
	for _, tt := range roundTrips {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var doc rawjson.Doc
			if err := doc.Parse([]byte(tt.in)); err != nil {
				t.Fatal(err)
			}
			var r chat.Request
			if e := (anthropicmessages.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
				t.Fatal(e.Message)
			}
			out, e := provider(t).AppendRequest(nil, &r)
			if e != nil {
				t.Fatal(e.Message)
			}
			var used []string
			for _, d := range differences("", normal(t, []byte(tt.in)), normal(t, out)) {
				if tt.lost[d] == "" {
					t.Errorf("%s differs, want it as it was\nin  %s\nout %s", d, tt.in, out)
				}
				used = append(used, d)
			}
			for path := range tt.lost {
				if !slices.Contains(used, path) {
					t.Errorf("%s is the same, want the reason for its loss removed", path)
				}
			}
		})
	}
}

// normal is a request in one of the spellings that mean the same: content in blocks, no
// nulls, and no type where it is the default.
func normal(t testing.TB, in []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(in, &v); err != nil {
		t.Fatal(err)
	}
	blocks(v, "system")
	for _, m := range v["messages"].([]any) {
		m := m.(map[string]any)
		blocks(m, "content")
		for _, b := range m["content"].([]any) {
			blocks(b.(map[string]any), "content")
		}
	}
	if tools, ok := v["tools"].([]any); ok {
		for _, tool := range tools {
			if tool := tool.(map[string]any); tool["type"] == "custom" {
				delete(tool, "type")
			}
		}
	}
	return withoutNulls(v).(map[string]any)
}

func blocks(v map[string]any, key string) {
	if s, ok := v[key].(string); ok {
		v[key] = []any{map[string]any{"type": "text", "text": s}}
	}
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, m := range v {
			if m == nil {
				delete(v, k)
			} else {
				v[k] = withoutNulls(m)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutNulls(v[i])
		}
	}
	return v
}

// differences are the paths where two documents differ.
func differences(path string, a, b any) []string {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	at := func(key string) string { return strings.TrimPrefix(path+"."+key, ".") }
	var out []string
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || x["type"] != y["type"] {
			return []string{path}
		}
		for k := range x {
			out = append(out, differences(at(k), x[k], y[k])...)
		}
		for k := range y {
			if _, ok := x[k]; !ok {
				out = append(out, at(k))
			}
		}
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return []string{path}
		}
		for i := range x {
			out = append(out, differences(at(fmt.Sprint(i)), x[i], y[i])...)
		}
	default:
		return []string{path}
	}
	return out
}
