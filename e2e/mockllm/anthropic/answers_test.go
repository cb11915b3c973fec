package anthropic_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

type reply struct {
	Content      []json.RawMessage
	StopReason   string  `json:"stop_reason"`
	StopSequence *string `json:"stop_sequence"`
	Usage        usage
}

type usage struct {
	Input     int `json:"input_tokens"`
	CacheRead int `json:"cache_read_input_tokens"`
	CacheNew  int `json:"cache_creation_input_tokens"`
	Created   struct {
		FiveMinutes int `json:"ephemeral_5m_input_tokens"`
		OneHour     int `json:"ephemeral_1h_input_tokens"`
	} `json:"cache_creation"`
	Output int `json:"output_tokens"`
}

type block struct {
	Type, Text, Thinking, Signature, Data, Name, ID string
	Input                                           json.RawMessage
	Citations                                       []struct {
		Cited string `json:"cited_text"`
	}
}

// said joins the types of the blocks with what they say.
func said(t *testing.T, content []json.RawMessage) string {
	t.Helper()
	var parts []string
	for _, raw := range content {
		var b block
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		part := b.Type
		switch b.Type {
		case "text":
			part += " " + b.Text
			for _, c := range b.Citations {
				part += " [" + c.Cited + "]"
			}
		case "tool_use", "server_tool_use":
			part += " " + b.Name + " " + string(b.Input)
		case "thinking":
			if b.Signature == "" {
				t.Error("a thinking block has no signature")
			}
			if b.Thinking == "" {
				part += " omitted"
			}
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// join puts the blocks of a stream together, and its stop reason and usage.
func join(t *testing.T, stream string) reply {
	t.Helper()
	events, err := grammar.Events([]byte(stream))
	if err != nil {
		t.Fatal(err)
	}
	var out reply
	var at map[string]any
	var partial string
	for _, e := range events {
		var v struct {
			Type    string
			Message reply
			Block   map[string]any `json:"content_block"`
			Delta   map[string]any
			Usage   *struct {
				Output int `json:"output_tokens"`
			}
		}
		if err := json.Unmarshal([]byte(e.Data), &v); err != nil {
			t.Fatal(err)
		}
		switch v.Type {
		case "message_start":
			out.Usage = v.Message.Usage
		case "content_block_start":
			at, partial = v.Block, ""
		case "content_block_delta":
			for key, value := range v.Delta {
				s, _ := value.(string)
				switch key {
				case "text", "thinking", "signature":
					old, _ := at[key].(string)
					at[key] = old + s
				case "partial_json":
					partial += s
				case "citation":
					list, _ := at["citations"].([]any)
					at["citations"] = append(list, value)
				}
			}
		case "content_block_stop":
			if json.Valid([]byte(partial)) {
				at["input"] = json.RawMessage(partial)
			}
			b, err := json.Marshal(at)
			if err != nil {
				t.Fatal(err)
			}
			out.Content = append(out.Content, b)
		case "message_delta":
			out.StopReason, _ = v.Delta["stop_reason"].(string)
			if s, ok := v.Delta["stop_sequence"].(string); ok {
				out.StopSequence = &s
			}
			out.Usage.Output = v.Usage.Output
		}
	}
	return out
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "anthropic", mockllm.Options{})
	user := func(s string) string {
		b, _ := json.Marshal(s) // of a string
		return `"messages":[{"role":"user","content":` + string(b) + `}]`
	}
	const document = `{"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"The sky is blue."},"citations":{"enabled":true}}`
	for _, tt := range []struct{ name, body, want, reason string }{
		{"a text", sonnet + user("hello"), `text You said: "hello".`, "end_turn"},
		{"blocks and a system prompt", sonnet + `"system":[{"type":"text","text":"be kind"}],"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]}]`, `text You said: "hello".`, "end_turn"},
		{"two user messages", sonnet + `"messages":[{"role":"user","content":"one"},{"role":"user","content":"two"}]`, `text You said: "two".`, "end_turn"},
		{"a limit", `"model":"claude-sonnet-4-5","max_tokens":3,` + user("hello"), "text You said:", "max_tokens"},
		{"no tokens at all", `"model":"claude-sonnet-4-5","max_tokens":0,` + user("hello"), "", "max_tokens"},
		{"a stop sequence", sonnet + user("hello there") + `,"stop_sequences":["nothing"," there"]`, `text You said: "hello`, "stop_sequence"},
		{"a prefill", sonnet + `"messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"I think"}]`, `text  and so on, about "hello".`, "end_turn"},
		{"a tool call", sonnet + user(`call get with {"a":1}`) + `,` + tool, `tool_use get {"a":1}`, "tool_use"},
		{"parallel calls", sonnet + user(`call get with {"a":1} and call get with {"a":2}`) + `,` + tool, `tool_use get {"a":1}; tool_use get {"a":2}`, "tool_use"},
		{"one call at a time", sonnet + user(`call get with {"a":1} and call get with {"a":2}`) + `,"tool_choice":{"type":"auto","disable_parallel_tool_use":true},` + tool, `tool_use get {"a":1}`, "tool_use"},
		{"any call", sonnet + user("hello") + `,"tool_choice":{"type":"any"},` + tool, `tool_use get {"a":1}`, "tool_use"},
		{"a forced call", sonnet + user("hello") + `,"tool_choice":{"type":"tool","name":"get"},` + tool, `tool_use get {"a":1}`, "tool_use"},
		{"no call wanted", sonnet + user("call get") + `,"tool_choice":{"type":"none"},` + tool, `text You said: "call get".`, "end_turn"},
		{"a cut call", `"model":"claude-sonnet-4-5","max_tokens":11,` + user(`call get with {"a":1}`) + `,` + tool, `tool_use get {}`, "max_tokens"},
		{"tool results", sonnet + `"messages":[` + asked + `,{"role":"user","content":[` + result2 + `,` + result1 + `,{"type":"text","text":"well?"}]}]`, `text The tools answered: get says "two". get says "one".`, "end_turn"},
		{"a failed tool", sonnet + `"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"get","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","is_error":true,"content":"no net"}]}]`, `text The tools answered: get failed with "no net".`, "end_turn"},
		{"an image in a result", sonnet + `"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"get","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"look"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + tinyPNG + `"}}]}]}]`, `text The tools answered: get says "look". I see image/png of 68 bytes, 1 x 1 pixels.`, "end_turn"},
		{"thinking", sonnet + user("hello") + `,"thinking":{"type":"enabled","budget_tokens":1024}`, `thinking; text You said: "hello".`, "end_turn"},
		{"thinking and a call", sonnet + user("call get") + `,"thinking":{"type":"enabled","budget_tokens":1024},` + tool, `thinking; tool_use get {"a":1}`, "tool_use"},
		{"adaptive thinking", opus + user("hello") + `,"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}`, `thinking; text You said: "hello".`, "end_turn"},
		{"thinking that is not shown", opus + user("hello") + `,"thinking":{"type":"adaptive","display":"omitted"}`, `thinking omitted; text You said: "hello".`, "end_turn"},
		{"redacted thinking", opus + user("hello [[mock:redact]]") + `,"thinking":{"type":"adaptive"}`, `redacted_thinking; text You said: "hello".`, "end_turn"},
		{"thinking takes all", `"model":"claude-opus-4-8","max_tokens":50,` + user("hello") + `,"thinking":{"type":"adaptive"}`, `thinking`, "max_tokens"},
		{"a schema", sonnet + user("hello") + `,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"integer","minimum":3}},"required":["a"],"additionalProperties":false}}}`, `text {"a":3}`, "end_turn"},
		{"citations", sonnet + `"messages":[{"role":"user","content":[` + document + `,{"type":"text","text":"colour?"}]}]`, `text You said: "colour?". I see a text document.; text  Document 0 says: The sky is blue. [The sky is blue.]`, "end_turn"},
		{"a search on the server", sonnet + user("search for cats") + `,"tools":[{"type":"web_search_20250305","name":"web_search"}]`, `server_tool_use web_search {"query":"cats"}; web_search_tool_result; text You said: "search for cats".`, "end_turn"},
		{"a refusal", sonnet + user("x [[mock:refuse]]"), "", "refusal"},
		{"an image", sonnet + `"messages":[` + image("image/png", tinyPNG) + `]`, `text You said: "". I see image/png of 68 bytes, 1 x 1 pixels.`, "end_turn"},
		{"a hundred chunks", sonnet + user("x [[mock:chunks=100]]"), "text " + strings.Repeat(`You said: "x". `, 14) + "You said", "end_turn"},
		{"a system message in mid-conversation", opus + `"messages":[{"role":"user","content":"hello"},{"role":"system","content":"be kind"}]`, `text You said: "hello".`, "end_turn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := c.Do("POST", path, `{`+tt.body+`}`)
			var whole reply
			got.Into(t, &whole)
			if s := said(t, whole.Content); got.Status != 200 || s != tt.want || whole.StopReason != tt.reason {
				t.Fatalf("got %d %q, %s, want %q, %s\n%s", got.Status, s, whole.StopReason, tt.want, tt.reason, got.Body)
			}
			for _, extra := range []string{"", "[[mock:delta-usage]]"} {
				body := tt.body
				if extra != "" {
					body = strings.Replace(body, "hello", extra+"hello", 1)
				}
				stream := c.Do("POST", path, `{"stream":true,`+body+`}`).Body
				if err := grammar.Anthropic([]byte(stream)); err != nil {
					t.Fatalf("stream: %v\n%s", err, stream)
				}
				last := stream[strings.LastIndex(stream, `{"type":"message_delta"`):]
				if again := strings.Contains(last, `"input_tokens"`); again != (body != tt.body) {
					t.Errorf("message_delta repeats the input tokens: %v: %s", again, last)
				}
				joined := join(t, stream)
				if s := said(t, joined.Content); s != tt.want || joined.StopReason != tt.reason || joined.Usage.Output != whole.Usage.Output {
					t.Errorf("stream says %q, %s, %d tokens; want %q, %s, %d", s, joined.StopReason, joined.Usage.Output, tt.want, tt.reason, whole.Usage.Output)
				}
			}
		})
	}
}

func TestThinkingComesBack(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "anthropic", mockllm.Options{})
	for _, tt := range []struct{ name, head string }{
		{"with a budget", sonnet + `"thinking":{"type":"enabled","budget_tokens":1024},`},
		{"adaptive", opus + `"thinking":{"type":"adaptive"},`},
		{"not shown", opus + `"thinking":{"type":"adaptive","display":"omitted"},`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const ask = `{"role":"user","content":"call get with {\"a\":1} then call get with {\"a\":2}"}`
			history := ask
			var last reply
			for range 3 {
				got := c.Do("POST", path, `{`+tt.head+tool+`,"messages":[`+history+`]}`)
				last = reply{}
				got.Into(t, &last)
				if got.Status != 200 {
					t.Fatalf("got %d: %s\n%s", got.Status, got.Body, history)
				}
				content, err := json.Marshal(last.Content)
				if err != nil {
					t.Fatal(err)
				}
				history += `,{"role":"assistant","content":` + string(content) + `}`
				for _, raw := range last.Content {
					var b block
					if err := json.Unmarshal(raw, &b); err != nil {
						t.Fatal(err)
					}
					if b.Type == "tool_use" {
						history += `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"` + b.ID + `","content":"ok"}]}`
					}
				}
			}
			if s := said(t, last.Content); last.StopReason != "end_turn" || !strings.HasSuffix(s, `text The tools answered: get says "ok".`) {
				t.Errorf("got %q, %s after two rounds of calls", s, last.StopReason)
			}
			tampered := strings.Replace(history, `"thinking":"The user`, `"thinking":"A user`, 1)
			if tampered == history {
				return // nothing to tamper with where it is not shown
			}
			judge(t, c.Do("POST", path, `{`+tt.head+tool+`,"messages":[`+tampered+`,{"role":"user","content":"x"}]}`), 400, "invalid_request_error", "Invalid `signature` in `thinking` block")
		})
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "anthropic", mockllm.Options{})
	long := strings.Repeat("word ", 1500)
	ask := func(system, user string) usage {
		var r reply
		got := c.Do("POST", path, `{`+sonnet+`"system":[`+system+`],"messages":[{"role":"user","content":`+user+`}]}`)
		got.Into(t, &r)
		if got.Status != 200 {
			t.Fatalf("got %d: %s", got.Status, got.Body)
		}
		return r.Usage
	}
	plain := `{"type":"text","text":"` + long + `"}`
	hour := `{"type":"text","text":"` + long + `","cache_control":{"type":"ephemeral","ttl":"1h"}}`
	if u := ask(plain, `"a"`); u.CacheNew != 0 || u.CacheRead != 0 || u.Input < 1500 {
		t.Errorf("without a mark: got %+v", u)
	}
	total := ask(plain, `"a"`).Input
	first, second := ask(hour, `"a"`), ask(hour, `"a"`)
	if first.CacheNew < 1500 || first.CacheRead != 0 || first.Created.OneHour != first.CacheNew || first.Input+first.CacheNew != total {
		t.Errorf("the first time: got %+v of %d", first, total)
	}
	if second.CacheNew != 0 || second.CacheRead != first.CacheNew || second.Input != first.Input {
		t.Errorf("the second time: got %+v after %+v", second, first)
	}
	grown := ask(hour, `[{"type":"text","text":"`+long+`","cache_control":{"type":"ephemeral"}}]`)
	if grown.CacheRead != first.CacheNew || grown.CacheNew < 1500 || grown.Created.FiveMinutes != grown.CacheNew {
		t.Errorf("with a second mark: got %+v", grown)
	}
	if u := ask(`{"type":"text","text":"short","cache_control":{"type":"ephemeral"}}`, `"a"`); u.CacheNew != 0 {
		t.Errorf("a short prompt: got %+v, want nothing cached", u)
	}
	if e := c.Last(); e.Usage == nil || e.Usage.Input == 0 || e.Usage.Output == 0 {
		t.Errorf("the journal has no usage: %+v", e.Usage)
	}
}

func TestCountTokens(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "anthropic", mockllm.Options{})
	for _, body := range []string{
		hi,
		`"system":"be kind",` + hi,
		tool + `,"messages":[` + asked + `,{"role":"user","content":[` + result1 + `,` + result2 + `]}]`,
		`"messages":[` + image("image/png", tinyPNG) + `]`,
	} {
		var count struct {
			Input int `json:"input_tokens"`
		}
		var whole reply
		c.Do("POST", path+"/count_tokens", `{"model":"claude-sonnet-4-5",`+body+`}`).Into(t, &count)
		c.Do("POST", path, `{`+sonnet+body+`}`).Into(t, &whole)
		if count.Input == 0 || count.Input != whole.Usage.Input {
			t.Errorf("%s: counted %d, charged %d", body, count.Input, whole.Usage.Input)
		}
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "anthropic", mockllm.Options{Models: map[string][]string{"anthropic": {"my-model"}}})
	type page struct {
		Data    []struct{ ID string }
		FirstID string `json:"first_id"`
		LastID  string `json:"last_id"`
		HasMore bool   `json:"has_more"`
	}
	var seen []string
	for after := ""; ; {
		var p page
		c.Do("GET", "/v1/models?limit=5&after_id="+after, "").Into(t, &p)
		for _, m := range p.Data {
			seen = append(seen, m.ID)
		}
		if !p.HasMore {
			break
		}
		if len(p.Data) != 5 || p.FirstID != p.Data[0].ID || p.LastID != p.Data[4].ID {
			t.Fatalf("got page %+v", p)
		}
		after = p.LastID
	}
	if len(seen) != 13 || seen[0] != "claude-haiku-4-5" || seen[12] != "my-model" {
		t.Errorf("got %q", seen)
	}
	var before page
	c.Do("GET", "/v1/models?limit=2&before_id="+seen[5], "").Into(t, &before)
	if len(before.Data) != 2 || before.Data[0].ID != seen[3] || before.Data[1].ID != seen[4] {
		t.Errorf("before %s: got %+v", seen[5], before)
	}
	if got := c.Do("GET", "/v1/models/claude-sonnet-4-5-20250929", ""); got.Status != 200 || !strings.Contains(got.Body, `"id":"claude-sonnet-4-5-20250929"`) {
		t.Errorf("a dated model: got %d %s", got.Status, got.Body)
	}
}
