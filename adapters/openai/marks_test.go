package openai_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/openai"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// What is marked is what a reader finds, also in a request that is used again.
func TestMarks(t *testing.T) {
	t.Parallel()
	a := openai.New(openai.Profile{Marks: true})
	var r chat.Request
	for _, in := range []string{
		`{"model":"m","stream":true,"max_tokens":9,"temperature":0.5,"stop":["a","b"],"new\"one":{"x":[1]},"user":"u","messages":[
			{"role":"system","content":"S"},{"role":"user","name":"N","content":[{"type":"text","text":"A"},{"type":"image_url","image_url":{"url":"https://example.com/i.png"}}]},
			{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
			{"role":"tool","tool_call_id":"c","content":"R"},{"role":"assistant","content":"T","refusal":"No"}],
			"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"tool_choice":"auto","response_format":{"type":"json_object"}}`,
		`{"model":"m","messages":[{"role":"user","content":"A"}]}`,
	} {
		var asked, sent rawjson.Doc
		if err := asked.Parse([]byte(in)); err != nil {
			t.Fatal(err)
		}
		r.Reset()
		if e := dialect.OpenAI().Reader.ReadRequest(asked.Root(), &r); e != nil {
			t.Fatal(e)
		}
		const before = "before "
		p, e := a.AppendRequest([]byte(before), &r)
		if e != nil {
			t.Fatal(e)
		}
		if err := sent.Parse(p[len(before):]); err != nil {
			t.Fatal(err)
		}
		members := sent.Root().Members()
		for _, m := range r.Marks.Members[:len(r.Marks.Members)-1] { // but for the end
			if !members.Next() || !members.Key.Is(m.Name) || string(members.Value.Raw()) != string(p[m.Start:m.End]) {
				t.Errorf("%s: got %s, want %s", m.Name, p[m.Start:m.End], members.Value.Raw())
			}
		}
		messages := sent.Root().Get("messages").Items()
		for _, m := range r.Marks.Messages {
			if !messages.Next() || !messages.Value.Get("role").Is(m.Name) || string(messages.Value.Raw()) != string(p[m.Start:m.End]) ||
				string(messages.Value.Get("content").Raw()) != string(p[m.Content:m.Rest]) {
				t.Errorf("%s: got %s with %s, want %s", m.Name, p[m.Start:m.End], p[m.Content:m.Rest], messages.Value.Raw())
			}
		}
		if members.Next() || messages.Next() {
			t.Errorf("%s: got %d members and %d messages, want more", in, len(r.Marks.Members)-1, len(r.Marks.Messages))
		}
	}
}
