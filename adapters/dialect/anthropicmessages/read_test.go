package anthropicmessages_test

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

const head = `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"A"}]`

func TestReadRequestRefuses(t *testing.T) {
	t.Parallel()
	content := func(block string) string {
		return `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"A"},{"role":"user","content":[{"type":"text","text":"x"},` + block + `]}]}`
	}
	for _, tt := range []struct{ name, in, param, message string }{
		{"no object", `[]`, "", "want an object, got array"},
		{"no model", `{"max_tokens":1,"messages":[{"role":"user","content":"A"}]}`, "model", "model: field required: a string"},
		{"model that is no string", `{"model":5,"max_tokens":1,"messages":[]}`, "model", "model: want a string, got number"},
		{"no max_tokens", `{"model":"m","messages":[{"role":"user","content":"A"}]}`, "max_tokens", "max_tokens: field required: a whole number from 1"},
		{"max_tokens of nothing", `{"model":"m","max_tokens":0,"messages":[]}`, "max_tokens", "max_tokens: want a whole number from 1, got number"},
		{"max_tokens beyond all bounds", `{"model":"m","max_tokens":1e99,"messages":[]}`, "max_tokens", "max_tokens: want a whole number from 1, got number"},
		{"max_tokens that is null", `{"model":"m","max_tokens":null,"messages":[]}`, "max_tokens", "max_tokens: want a whole number from 1, got null"},
		{"no messages", `{"model":"m","max_tokens":1}`, "messages", "messages: field required: an array"},
		{"messages that are none", `{"model":"m","max_tokens":1,"messages":[]}`, "messages", "messages: at least one message is required"},
		{"messages that are null", `{"model":"m","max_tokens":1,"messages":null}`, "messages", "messages: want an array of messages, got null"},
		{"message that is a string", `{"model":"m","max_tokens":1,"messages":["A"]}`, "messages[0]", "messages.0: want a message, an object, got string"},
		{"role that is unknown", `{"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"A"}]}`, "messages[0].role", "messages.0.role: want user, assistant or system"},
		{"message without content", `{"model":"m","max_tokens":1,"messages":[{"role":"user"}]}`, "messages[0].content", "messages.0.content: field required: a string or an array of blocks"},
		{"content that is a number", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":5}]}`, "messages[0].content", "messages.0.content: want a string or an array of blocks, got number"},
		{"block that is a string", content(`"x"`), "messages[1].content[1]", "messages.1.content.1: want a block, an object, got string"},
		{"block without a type", content(`{"text":"x"}`), "messages[1].content[1].type", "messages.1.content.1.type: want a string, got nothing"},
		{"text that is a number", content(`{"type":"text","text":5}`), "messages[1].content[1].text", "messages.1.content.1.text: want a string, got number"},
		{"image without a source", content(`{"type":"image"}`), "messages[1].content[1].source", "messages.1.content.1.source: want an object, got nothing"},
		{"image whose media type is a number", content(`{"type":"image","source":{"type":"base64","media_type":5,"data":""}}`), "messages[1].content[1].source.media_type", "messages.1.content.1.source.media_type: want a string, got number"},
		{"image from nowhere", content(`{"type":"image","source":{"type":"ftp"}}`), "messages[1].content[1].source.type", "messages.1.content.1.source.type: want base64, url or file, and for documents also text or content"},
		{"call whose input is a string", content(`{"type":"tool_use","id":"a","name":"f","input":"{}"}`), "messages[1].content[1].input", "messages.1.content.1.input: want an object, got string"},
		{"result without an id", content(`{"type":"tool_result","content":"x"}`), "messages[1].content[1].tool_use_id", "messages.1.content.1.tool_use_id: want a string, got nothing"},
		{"block in a result that cannot be there", content(`{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_use"}]}`), "messages[1].content[1].content[0].type", "messages.1.content.1.content.0.type: want text, image, document or search_result in a tool's result"},
		{"is_error that is a string", content(`{"type":"tool_result","tool_use_id":"a","is_error":"no"}`), "messages[1].content[1].is_error", "messages.1.content.1.is_error: want a boolean, got string"},
		{"system that is a number", head + `,"system":5}`, "system", "system: want a string or an array of blocks, got number"},
		{"temperature that is a string", head + `,"temperature":"hot"}`, "temperature", "temperature: want a number, got string"},
		{"stream that is a string", head + `,"stream":"yes"}`, "stream", "stream: want a boolean, got string"},
		{"stop sequence that is a number", head + `,"stop_sequences":["a",5]}`, "stop_sequences[1]", "stop_sequences.1: want a string, got number"},
		{"tools that are an object", head + `,"tools":{}}`, "tools", "tools: want an array of tools, got object"},
		{"tool without a name", head + `,"tools":[{"input_schema":{}}]}`, "tools[0].name", "tools.0.name: field required: a string"},
		{"tool without a schema", head + `,"tools":[{"name":"f"}]}`, "tools[0].input_schema", "tools.0.input_schema: field required: an object"},
		{"tool choice that is a string", head + `,"tool_choice":"auto"}`, "tool_choice", "tool_choice: want an object, got string"},
		{"tool choice that is unknown", head + `,"tool_choice":{"type":"some"}}`, "tool_choice.type", "tool_choice.type: want auto, any, tool or none"},
		{"named tool choice without a name", head + `,"tool_choice":{"type":"tool"}}`, "tool_choice.name", "tool_choice.name: field required: a string"},
		{"thinking without a budget", head + `,"thinking":{"type":"enabled"}}`, "thinking.budget_tokens", "thinking.budget_tokens: want a whole number from 1024"},
		{"thinking of an unknown type", head + `,"thinking":{"type":"hard"}}`, "thinking.type", "thinking.type: want enabled, adaptive, between_tools or disabled"},
		{"effort that is unknown", head + `,"output_config":{"effort":"some"}}`, "output_config.effort", "output_config.effort: want low, medium, high, xhigh or max, got string"},
		{"format of an unknown type", head + `,"output_config":{"format":{"type":"xml"}}}`, "output_config.format.type", "output_config.format.type: want json_schema"},
		{"format without a schema", head + `,"output_config":{"format":{"type":"json_schema"}}}`, "output_config.format.schema", "output_config.format.schema: want a JSON Schema, an object"},
		{"user that is a number", head + `,"metadata":{"user_id":5}}`, "metadata.user_id", "metadata.user_id: want a string, got number"},
	} {
		var doc rawjson.Doc
		if err := doc.Parse([]byte(tt.in)); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		var r chat.Request
		e := (anthropicmessages.Reader{}).ReadRequest(doc.Root(), &r)
		if e == nil {
			t.Errorf("%s: got no error, want %q", tt.name, tt.message)
			continue
		}
		if e.Status != 400 || e.Kind != chat.InvalidRequest || e.Param != tt.param || e.Message != tt.message {
			t.Errorf("%s: got %d %q %q, want 400 %q %q", tt.name, e.Status, e.Param, e.Message, tt.param, tt.message)
		}
	}
}

func TestReadRequestKeepsSystemBlocksInPlace(t *testing.T) {
	t.Parallel()
	const in = `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text","text":"A"},{"type":"mid_conv_system","content":[{"type":"text","text":"S"}]},{"type":"text","text":"B"}]}]}`
	var doc rawjson.Doc
	if err := doc.Parse([]byte(in)); err != nil {
		t.Fatal(err)
	}
	var r chat.Request
	if e := (anthropicmessages.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
		t.Fatal(e.Message)
	}
	var got []string
	for _, m := range r.Messages {
		for _, p := range m.Parts {
			got = append(got, string("SUAT"[m.Role])+string(p.Text))
		}
	}
	if got, want := strings.Join(got, " "), "UA SS UB"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCountTokens(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     int64
	}{
		{"a word", `{"model":"m","messages":[{"role":"user","content":"Hello"}]}`, 8},
		{"system prompt and turns", `{"model":"m","system":"Be brief","messages":[{"role":"user","content":"Hello"},{"role":"assistant","content":"Hello"},{"role":"user","content":"Hello"}]}`, 24},
		{"image", `{"model":"m","messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}]}]}`, 772},
		{"thinking that only its provider reads", `{"model":"m","messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"` + strings.Repeat("x", 9999) + `"}]}]}`, 7},
	} {
		var doc rawjson.Doc
		if err := doc.Parse([]byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		var r chat.Request
		if got, e := anthropicmessages.CountTokens(doc.Root(), &r); e != nil || got != tt.want {
			t.Errorf("%s: got %d and error %v, want %d", tt.name, got, e, tt.want)
		}
	}
	var doc rawjson.Doc
	if err := doc.Parse([]byte(`{"messages":5}`)); err != nil {
		t.Fatal(err)
	}
	if _, e := anthropicmessages.CountTokens(doc.Root(), new(chat.Request)); e == nil {
		t.Error("wrong types: got no error, want one")
	}
}

// Deep nesting, huge numbers and odd characters are read or refused, never more.
func TestReadRequestOfHostileInput(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"deep schema":  head + `,"tools":[{"name":"f","input_schema":` + strings.Repeat(`{"a":`, 400) + `{}` + strings.Repeat(`}`, 400) + `}]}`,
		"deep extra":   head + `,"x":` + strings.Repeat(`[`, 500) + strings.Repeat(`]`, 500) + `}`,
		"NUL":          `{"model":"m\u0000","max_tokens":1,"messages":[{"role":"user","content":"\u0000"}]}`,
		"many members": head + `,"x":{` + strings.TrimSuffix(strings.Repeat(`"a":1,`, 1), ",") + `}}`,
		"huge number":  head + `,"temperature":` + strings.Repeat("9", 5000) + `}`,
		"30 MB image":  `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + strings.Repeat("A", 30<<20) + `"}}]}]}`,
	} {
		var doc rawjson.Doc
		if err := doc.Parse([]byte(in)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var r chat.Request
		if e := (anthropicmessages.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
			t.Errorf("%s: got %s, want it read", name, e.Message)
			continue
		}
		r.Model = "claude-haiku-4-5"
		if _, e := provider(t).AppendRequest(nil, &r); (e != nil) != (name == "huge number") {
			t.Errorf("%s: got %v, want an error only for the number", name, e)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, r := range roundTrips {
		f.Add([]byte(r.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc rawjson.Doc
		if doc.Parse(in) != nil {
			return
		}
		var r chat.Request
		if e := (anthropicmessages.Reader{}).ReadRequest(doc.Root(), &r); e != nil && (e.Status != 400 || e.Message == "") {
			t.Fatalf("got %+v, want status 400 and a message", e)
		}
		r.Reset()
		if n, e := anthropicmessages.CountTokens(doc.Root(), &r); e == nil && n <= 0 {
			t.Fatalf("got %d tokens, want some", n)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	var doc rawjson.Doc
	var r chat.Request
	for _, bb := range []int{0, 18} {
		b.Run(roundTrips[bb].name, func(b *testing.B) {
			in := []byte(roundTrips[bb].in)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				if err := doc.Parse(in); err != nil {
					b.Fatal(err)
				}
				if e := (anthropicmessages.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
					b.Fatal(e.Message)
				}
			}
		})
	}
}

// The texts with counts of package chat, each as one message: OpenAI counts seven tokens
// around it.
func TestCountTokensIsNearTheTrueCount(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../../chat/testdata/estimate.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var off []float64
	for line := range strings.Lines(string(file)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		want, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		var doc rawjson.Doc
		if err := doc.Parse([]byte(`{"model":"m","messages":[{"role":"user","content":` + f[2] + `}]}`)); err != nil {
			t.Fatal(err)
		}
		got, e := anthropicmessages.CountTokens(doc.Root(), new(chat.Request))
		if e != nil {
			t.Fatal(e.Message)
		}
		off = append(off, math.Abs(float64(got)/(want+7)-1))
	}
	slices.Sort(off)
	median, most := off[len(off)/2], off[len(off)*9/10]
	t.Logf("%d texts: median error %.1f %%, 90th percentile %.1f %%", len(off), 100*median, 100*most)
	if median > 0.10 || most > 0.25 {
		t.Errorf("got errors of %.2f in the median and %.2f in the 90th percentile, want at most 0.10 and 0.25", median, most)
	}
}
