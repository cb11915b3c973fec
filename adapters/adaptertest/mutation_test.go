package adaptertest_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// richRequests have nearly all that the dialects have, in a few requests each.
var richRequests = map[string][]string{
	"openai": {
		`{"model":"gpt-5","messages":[{"role":"system","name":"s","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]},
		{"role":"user","content":[{"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},{"type":"image_url","image_url":{"url":"https://example.com/a.png"}},{"type":"file","file":{"filename":"f","file_data":"data:application/pdf;base64,JVBERi0="}}]},
		{"role":"assistant","content":"c","refusal":null,"reasoning_content":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"s","index":0},{"type":"reasoning.encrypted","data":"e","index":1}],"tool_calls":[{"id":"call_1","type":"function","function":{"name":"w","arguments":"{\"x\":1}"}}]},
		{"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"d"},{"type":"image_url","image_url":{"url":"https://example.com/b.png"}}]},{"role":"user","content":"e"}],
		"tools":[{"type":"function","function":{"name":"w","description":"d","parameters":{"type":"object","properties":{"x":{"type":"integer","minimum":1,"enum":[1,2]}},"required":["x"],"additionalProperties":false},"strict":true},"cache_control":{"type":"ephemeral"}}],
		"tool_choice":{"type":"function","function":{"name":"w"}},"parallel_tool_calls":false,"max_completion_tokens":30000,"temperature":0.5,"top_p":0.9,"n":1,"seed":1,"user":"u","stream":true,"stream_options":{"include_usage":true},
		"reasoning_effort":"low","service_tier":"auto","metadata":{"a":"b"},"store":true,"logit_bias":{},"frequency_penalty":0,"presence_penalty":0,"prompt_cache_key":"k","safety_identifier":"i","verbosity":"low","prediction":{"type":"content","content":"x"},"modalities":["text"],"top_k":1,"min_p":0.1,"zzz":{"a":[1]}}`,
		`{"model":"m","stop":["a","b"],"messages":[{"role":"user","content":"json"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"},{"role":"assistant","content":[{"type":"refusal","refusal":"no"}],"thinking_blocks":[{"type":"thinking","thinking":"t","signature":"s"}]},{"role":"user","content":"x"}],
		"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":true,"schema":{"type":"object","properties":{"a":{"anyOf":[{"type":"string","format":"date"},{"$ref":"#/$defs/b"}]}},"$defs":{"b":{"type":"array","items":{"type":"number"},"minItems":1}},"required":["a"],"additionalProperties":false}}},
		"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"a"}}]}},"reasoning":{"effort":"low","max_tokens":2000,"summary":"auto","enabled":true},"thinking":{"type":"enabled","budget_tokens":2000}}`,
	},
	"anthropic": {
		`{"model":"claude-sonnet-4-5","max_tokens":30000,"system":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}],"messages":[
		{"role":"user","content":[{"type":"text","text":"b"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="},"title":"t","context":"c","citations":{"enabled":true}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"}},{"type":"document","source":{"type":"content","content":[{"type":"text","text":"y"}]}},{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"z"}]}]},
		{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"e"},{"type":"text","text":"c","citations":[{"type":"char_location","cited_text":"x","document_index":0}]},{"type":"server_tool_use","id":"srv","name":"web_search","input":{}},{"type":"web_search_tool_result","tool_use_id":"srv","content":[]},{"type":"tool_use","id":"toolu_1","name":"w","input":{"x":1}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":[{"type":"text","text":"d"},{"type":"image","source":{"type":"url","url":"https://example.com/b.png"}}],"cache_control":{"type":"ephemeral"}},{"type":"text","text":"e"}]}],
		"tools":[{"name":"w","description":"d","input_schema":{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"],"additionalProperties":false},"strict":true,"cache_control":{"type":"ephemeral"},"input_examples":[{"x":1}]}],"tool_choice":{"type":"tool","name":"w","disable_parallel_tool_use":true},
		"stop_sequences":["a"],"temperature":0.5,"top_p":0.9,"top_k":5,"metadata":{"user_id":"u"},"service_tier":"auto","stream":true,"thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"},"context_management":{"edits":[]}}`,
		`{"model":"claude-opus-4-5","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"mid_conv_system","content":[{"type":"text","text":"b"}]}]},{"role":"system","content":"c"},{"role":"assistant","content":"d"}],"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}},"thinking":{"type":"adaptive"}}`,
	},
}

// others are what stands in the place of each value.
var others = []string{`null`, `true`, `false`, `1`, `0`, `-1`, `1.5`, `1e400`, `99999999999999999999`, `"x"`, `""`, `" "`, `"\u0000"`, `[]`, `{}`, `[null]`, `[[]]`, `[{}]`, `["x"]`, `{"type":"text"}`, `{"":{}}`}

// mutants are all documents that have one value of b replaced, and b without each of its
// members and elements.
func mutants(t testing.TB, b []byte, try func([]byte)) (n int) {
	t.Helper()
	doc := rawjson.Doc{LoneSurrogates: true}
	if err := doc.Parse(b); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	var patch rawjson.Patch
	made := func() {
		try(patch.Apply(nil, &doc))
		patch.Reset()
		n++
	}
	var walk func(v rawjson.Value)
	walk = func(v rawjson.Value) {
		for _, o := range others {
			start, end := v.Span()
			try(slices.Concat(b[:start], []byte(o), b[end:]))
			n++
		}
		for k, m := range v.Fields() {
			patch.DeleteField(v, k.Str())
			made()
			walk(m)
		}
		for i, e := range v.Elems() {
			patch.DeleteElem(v, i)
			made()
			walk(e)
		}
	}
	walk(doc.Root())
	return n
}

// refusedWell checks an error that a client would see.
func refusedWell(t *testing.T, s *adaptertest.Suite, in []byte, e *chat.Error) {
	t.Helper()
	if e.Status != 400 || e.Kind != chat.InvalidRequest || e.Message == "" {
		t.Errorf("%s: got %+v, want 400 and what is wrong", in, e)
	}
	if _, err := adaptertest.Value(s.Dialect.Error(nil, e)); err != nil {
		t.Errorf("%s: error object: %v", in, err)
	}
}

// wantMutantsSound wants each mutant of a request translated into JSON, or refused with
// its place, and some of both.
func wantMutantsSound(t *testing.T, s *adaptertest.Suite, request string) {
	t.Helper()
	if _, _, e := s.Translate([]byte(request)); e != nil {
		t.Fatalf("the request itself is refused: %s", e.Message)
	}
	refused := 0
	n := mutants(t, []byte(request), func(in []byte) {
		out, drops, e := s.Translate(in)
		if e != nil {
			refused++
			refusedWell(t, s, in, e)
			if e.Param == "" && len(in) > 30 {
				t.Errorf("%s: got an error without a parameter: %s", in, e.Message)
			}
			return
		}
		if _, err := adaptertest.Value(out); err != nil {
			t.Errorf("%s: got %s: %v", in, out, err)
		}
		for _, d := range drops {
			if d == "" {
				t.Errorf("%s: got a drop without a name", in)
			}
		}
	})
	if refused == 0 || refused == n {
		t.Errorf("got %d of %d refused, want some", refused, n)
	}
	t.Logf("%d mutants, %d of them refused", n, refused)
}

func TestMutatedRequests(t *testing.T) {
	t.Parallel()
	for pair, s := range suites(t) {
		for _, request := range richRequests[s.Dialect.Name] {
			t.Run(pair, func(t *testing.T) {
				t.Parallel()
				wantMutantsSound(t, &s, request)
			})
		}
	}
}

func TestTruncatedRequests(t *testing.T) {
	t.Parallel()
	for pair, s := range suites(t) {
		t.Run(pair, func(t *testing.T) {
			t.Parallel()
			for _, request := range richRequests[s.Dialect.Name] {
				for end := range len(request) {
					in := []byte(request[:end])
					out, _, e := s.Translate(in)
					if e == nil {
						t.Fatalf("%s: got %s, want an error", in, out)
					}
					refusedWell(t, &s, in, e)
				}
			}
		})
	}
}

// TestHostileRequests has requests that no client sends by accident. %s stands for the
// members that every request must have but its messages.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	messages := func(content string) string {
		return `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":` + content + `}]}`
	}
	image := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("\x89PNG"), 30<<20/4))
	for _, tt := range []struct {
		name, in string
		refused  bool
	}{
		{"nothing", ``, true},
		{"white space", " \n\t", true},
		{"no object", `[1]`, true},
		{"a string", `"x"`, true},
		{"byte order mark", "\ufeff" + messages(`"x"`), true},
		{"something behind the object", messages(`"x"`) + "{}", true},
		{"nesting of 10,000 arrays", messages(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)), true},
		{"nesting of 10,000 objects", messages(strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)), true},
		{"nesting of 10,000 in a member that nobody knows", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"z":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, true},
		{"NUL byte in a string", messages("\"a\x00b\""), true},
		{"NUL escaped in a string", messages(`"a\u0000b"`), false},
		{"invalid UTF-8", messages("\"a\xff\xfeb\""), true},
		{"character cut in two", messages("\"\xe2\x82\""), true},
		{"overlong NUL", messages("\"\xc0\x80\""), true},
		{"half of a surrogate pair", messages(`"\ud800"`), true},
		{"key twice", `{"model":"m","model":"n","max_tokens":9,"messages":[{"role":"user","content":"x"}]}`, true},
		{"key twice in two spellings", `{"model":"m","mod\u0065l":"n","max_tokens":9,"messages":[{"role":"user","content":"x"}]}`, true},
		{"key twice deep inside", messages(`[{"type":"text","text":"a","text":"b"}]`), true},
		{"limit beyond all integers", `{"model":"m","max_tokens":1e400,"messages":[{"role":"user","content":"x"}]}`, true},
		{"limit beyond 64 bits", `{"model":"m","max_tokens":99999999999999999999,"messages":[{"role":"user","content":"x"}]}`, true},
		{"limit that is a fraction", `{"model":"m","max_tokens":1.5,"messages":[{"role":"user","content":"x"}]}`, true},
		{"negative limit", `{"model":"m","max_tokens":-1,"messages":[{"role":"user","content":"x"}]}`, true},
		{"leading zero", `{"model":"m","max_tokens":007,"messages":[{"role":"user","content":"x"}]}`, true},
		{"not a number", `{"model":"m","max_tokens":NaN,"messages":[{"role":"user","content":"x"}]}`, true},
		{"empty model", `{"model":"","max_tokens":9,"messages":[{"role":"user","content":"x"}]}`, true},
		{"model with quotes and line ends", `{"model":"a\"b\n","max_tokens":9,"messages":[{"role":"user","content":"x"}]}`, false},
		{"no messages", `{"model":"m","max_tokens":9,"messages":[]}`, true},
		{"10,000 messages", `{"model":"m","max_tokens":9,"messages":[` + strings.Repeat(`{"role":"user","content":"x"},{"role":"assistant","content":"y"},`, 5_000) + `{"role":"user","content":"x"}]}`, false},
		{"member whose name is hostile", `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"\"],\n":1,"":2}`, false},
		{"very long string", messages(`"` + strings.Repeat("é\\n", 1<<20) + `"`), false},
	} {
		for pair, s := range suites(t) {
			t.Run(pair+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				out, _, e := s.Translate([]byte(tt.in))
				if (e != nil) != tt.refused {
					t.Fatalf("got error %+v, want one: %v", e, tt.refused)
				}
				if e != nil {
					refusedWell(t, &s, []byte(tt.name), e)
				} else if _, err := adaptertest.Value(out); err != nil {
					t.Errorf("got %.300s: %v", out, err)
				}
			})
		}
	}
	for pair, content := range map[string]string{
		"openai-to-anthropic": `[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + image + `"}}]`,
		"anthropic-to-openai": `[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + image + `"}}]`,
	} {
		t.Run(pair+"/image of 30 MB", func(t *testing.T) {
			s := suites(t)[pair]
			out, _, e := s.Translate([]byte(messages(content)))
			if e != nil || !bytes.Contains(out, []byte(image)) {
				t.Errorf("got %+v and %d bytes, want the image whole", e, len(out))
			}
		})
	}
}

// TestLargeRequests has requests of which each part is like many others. Time must not
// grow with their square, or this test takes minutes.
func TestLargeRequests(t *testing.T) {
	t.Parallel()
	const many = 20_000
	list := func(n int, format string) string {
		var out []string
		for i := range n {
			out = append(out, strings.ReplaceAll(format, "#", strconv.Itoa(i)))
		}
		return strings.Join(out, ",")
	}
	ask := `{"role":"user","content":"x"}`
	call := `{"role":"assistant","tool_calls":[%]},{"role":"tool","tool_call_id":"t","content":"x"}`
	for _, tt := range []struct{ name, dialect, messages, more string }{
		{"unknown members", "anthropic", ask, `,` + list(many, `"k#":1`)},
		{"unknown members of tools", "anthropic", ask, `,"tools":[` + list(many, `{"name":"t#","input_schema":{},"x":1}`) + `]`},
		{"thoughts", "anthropic", ask + `,{"role":"assistant","content":[` + list(many, `{"type":"thinking","thinking":"x","signature":""}`) + `,{"type":"text","text":"a"}]},` + ask, ""},
		{"blocks of the provider's own tools", "anthropic", ask + `,{"role":"assistant","content":[` + list(many, `{"type":"server_tool_use","id":"#"}`) + `,{"type":"text","text":"a"}]},` + ask, ""},
		{"calls in one turn", "anthropic", ask + `,{"role":"assistant","content":[` + list(many, `{"type":"tool_use","id":"t#","name":"f","input":{}}`) + `]},{"role":"user","content":[` + list(many, `{"type":"tool_result","tool_use_id":"t#"}`) + `]}`, ""},
		{"members of a schema", "anthropic", ask, `,"output_config":{"format":{"type":"json_schema","schema":{"type":"object","additionalProperties":false,"properties":{` + list(many, `"p#":{"type":"string","minLength":1}`) + `},"required":[` + list(many, `"p#"`) + `]}}}`},
		{"calls of one id", "openai", ask + "," + list(4_000, strings.Replace(call, "%", `{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}`, 1)), ""},
		{"names of speakers", "openai", list(16_000, `{"role":"user","name":"n#","content":"x"}`), ""},
		{"details of images", "openai", `{"role":"user","content":[` + list(16_000, `{"type":"image_url","image_url":{"url":"https://a","detail":"low"}}`) + `]}`, ""},
		{"bounds of a schema", "openai", ask, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","additionalProperties":false,"properties":{` + list(many, `"p#":{"type":"string","minLength":1}`) + `}}}}`},
	} {
		for pair, s := range suites(t) {
			if s.Dialect.Name != tt.dialect {
				continue
			}
			t.Run(pair+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				in := []byte(`{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[` + tt.messages + `]` + tt.more + `}`)
				out, drops, e := s.Translate(in)
				if e != nil {
					refusedWell(t, &s, []byte(tt.name), e)
				} else if _, err := adaptertest.Value(out); err != nil {
					t.Errorf("got %.300s: %v", out, err)
				}
				if len(drops) > 101 {
					t.Errorf("got %d drops by name, want a bounded list", len(drops))
				}
			})
		}
	}
}

func TestMutatedAnswers(t *testing.T) {
	t.Parallel()
	for pair, s := range suites(t) {
		all, err := adaptertest.Load(os.DirFS("testdata"), pair)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(pair, func(t *testing.T) {
			t.Parallel()
			n := 0
			for i := range all {
				c := &all[i]
				if c.Answer == nil {
					continue
				}
				check := func(in []byte) {
					status, out := s.Answer(c.Answer.UpstreamStatus, in)
					if _, err := adaptertest.Value(out); err != nil || status < 200 || status > 599 {
						t.Errorf("%d %s: got %d %s: %v", c.Answer.UpstreamStatus, in, status, out, err)
					}
				}
				if _, err := adaptertest.Value(c.Answer.Upstream); err == nil {
					n += mutants(t, c.Answer.Upstream, check)
				}
				for end := range c.Answer.Upstream {
					check(c.Answer.Upstream[:end])
				}
				n += len(c.Answer.Upstream)
			}
			t.Logf("%d mutants", n)
		})
	}
}

// endsWell wants a client's stream that keeps to its grammar and ends, whatever the
// provider sent. Only the arguments of calls are the model's own.
func endsWell(s *adaptertest.Suite, out []byte) error {
	ending, err := s.Grammar(out)
	if err == nil && ending == adaptertest.Cut {
		return errors.New("the stream ends in neither its last event nor an error")
	}
	if errors.Is(err, adaptertest.ErrArguments) {
		return nil
	}
	return err
}

// newShape reports whether no event with the same members was seen before.
func newShape(event []byte, seen map[string]bool) bool {
	var shape strings.Builder
	var walk func(v rawjson.Value)
	walk = func(v rawjson.Value) {
		shape.WriteByte('0' + byte(v.Kind()))
		for k, m := range v.Fields() {
			shape.Write(k.Raw())
			if k.Is("type") {
				shape.Write(m.Raw())
			}
			walk(m)
		}
		for _, e := range v.Elems() {
			walk(e)
		}
	}
	doc := rawjson.Doc{LoneSurrogates: true}
	if doc.Parse(event) != nil {
		return false
	}
	walk(doc.Root())
	isNew := !seen[shape.String()]
	seen[shape.String()] = true
	return isNew
}

// TestMutatedStreams replaces each value of each event of the cases' streams.
func TestMutatedStreams(t *testing.T) {
	t.Parallel()
	for pair, s := range suites(t) {
		all, err := adaptertest.Load(os.DirFS("testdata"), pair)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(pair, func(t *testing.T) {
			t.Parallel()
			n := 0
			shapes := map[string]bool{} // of events that were mutated in this pair
			for i := range all {
				c := &all[i]
				if c.Stream == nil {
					continue
				}
				lines := bytes.SplitAfter(c.Stream.Upstream, []byte("\n"))
				for k, line := range lines {
					data, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("data: "))
					if !ok || !newShape(data, shapes) {
						continue
					}
					before, after := bytes.Join(lines[:k], nil), bytes.Join(lines[k+1:], nil)
					n += mutants(t, data, func(event []byte) {
						in := slices.Concat(before, []byte("data: "), event, []byte("\n"), after)
						out, err := s.Stream(c.Request, in)
						if err == nil {
							err = endsWell(&s, out)
						}
						if err != nil {
							t.Errorf("%s: %v\nevent %s\ngot\n%s", c.Name, err, event, out)
						}
					})
				}
			}
			t.Logf("%d mutants of %d forms of events", n, len(shapes))
		})
	}
}
