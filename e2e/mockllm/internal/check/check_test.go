package check

import (
	"encoding/json"
	"strings"
	"testing"
)

func request() Shape {
	part := Tagged("type", "",
		Member{"text", []Field{Req("text", String(1, 8))}},
		Member{"image", []Field{Req("url", Text())}})
	return Object(
		Req("model", Text()),
		Req("messages", List(Object(
			Req("role", Enum("user", "assistant")),
			Nil("content", ByType(Choice{TString, Text()}, Choice{TArray, List(part, 1, 2)})),
		), 1, 3)),
		Nil("temperature", Number(0, 1)),
		Opt("n", Int(1, 4)),
		Opt("name", Name(4)),
		Opt("stream", Bool()),
		Opt("labels", Dict(Text())),
		Opt("kind", Tagged("type", "auto", Member{"auto", nil})),
	)
}

func TestShapes(t *testing.T) {
	t.Parallel()
	const ok = `"model":"m","messages":[{"role":"user","content":"x"}]`
	tests := []struct {
		name string
		in   string
		kind Kind
		path string // empty means no problem
	}{
		{"a good request", `{` + ok + `,"temperature":null,"n":4,"name":"a_-9","labels":{"a":"b"},"kind":{}}`, 0, ""},
		{"no object", `[]`, Type, "."},
		{"missing field", `{"messages":[]}`, Missing, "model"},
		{"unknown field", `{` + ok + `,"zzz":1}`, Unknown, "zzz"},
		{"unknown field deep inside", `{"model":"m","messages":[{"role":"user","x":1}]}`, Unknown, "messages.0.x"},
		{"empty list", `{"model":"m","messages":[]}`, TooShort, "messages"},
		{"long list", `{"model":"m","messages":[` + strings.Repeat(`{"role":"user"},`, 3) + `{"role":"user"}]}`, TooLong, "messages"},
		{"null where it is not allowed", `{` + ok + `,"n":null}`, Type, "n"},
		{"fraction for an integer", `{` + ok + `,"n":1.5}`, Type, "n"},
		{"integer too small", `{` + ok + `,"n":0}`, TooSmall, "n"},
		{"integer too large", `{` + ok + `,"n":5}`, TooLarge, "n"},
		{"huge integer", `{` + ok + `,"n":99999999999999999999}`, Type, "n"},
		{"number too large", `{` + ok + `,"temperature":1.1}`, TooLarge, "temperature"},
		{"number too small", `{` + ok + `,"temperature":-0.1}`, TooSmall, "temperature"},
		{"huge number", `{` + ok + `,"temperature":1e999}`, Type, "temperature"},
		{"string for a bool", `{` + ok + `,"stream":"yes"}`, Type, "stream"},
		{"name with a blank", `{` + ok + `,"name":"a b"}`, Pattern, "name"},
		{"name too long", `{` + ok + `,"name":"abcde"}`, TooLong, "name"},
		{"no such value", `{"model":"m","messages":[{"role":"tool"}]}`, BadValue, "messages.0.role"},
		{"no such tag", `{"model":"m","messages":[{"role":"user","content":[{"type":"sound"}]}]}`, Tag, "messages.0.content.0.type"},
		{"no tag", `{"model":"m","messages":[{"role":"user","content":[{}]}]}`, Missing, "messages.0.content.0.type"},
		{"field of another member", `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a","url":"u"}]}]}`, Unknown, "messages.0.content.0.text.url"},
		{"empty text in a part", `{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":""}]}]}`, TooShort, "messages.0.content.0.text.text"},
		{"number for string or list", `{"model":"m","messages":[{"role":"user","content":1}]}`, Type, "messages.0.content"},
		{"wrong value in a dictionary", `{` + ok + `,"labels":{"a":1}}`, Type, "labels.a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := json.NewDecoder(strings.NewReader(tt.in))
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			got := request()(nil, v)
			if tt.path == "" {
				if got != nil {
					t.Fatalf("got problem %d at %s, want none", got.Kind, got.Path.Dotted())
				}
				return
			}
			if got == nil || got.Kind != tt.kind || got.Path.Dotted() != strings.TrimPrefix(tt.path, ".") {
				t.Errorf("got %+v, want kind %d at %s", got, tt.kind, tt.path)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	p := Path{}.Key("messages").Item(1).Key("content").Item(0).Tagged("text").Key("text")
	if got, want := p.Dotted(), "messages.1.content.0.text.text"; got != want {
		t.Errorf("dotted: got %s, want %s", got, want)
	}
	if got, want := p.Bracketed(), "messages[1].content[0].text"; got != want {
		t.Errorf("bracketed: got %s, want %s", got, want)
	}
}
