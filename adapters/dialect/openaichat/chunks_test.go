package openaichat_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
)

func TestReadRequestOfMistralsClients(t *testing.T) {
	t.Parallel()
	var r chat.Request
	e := read(t, `{"model":"m","random_seed":7,"tool_choice":"any","tools":[`+tool+`],"messages":[
		{"role":"user","content":[{"type":"text","text":"See"},
			{"type":"image_url","image_url":"data:image/png;base64,AAAA"},
			{"type":"document_url","document_url":"https://x.example/a.pdf","document_name":"a"},
			{"type":"file","file_id":"f"}]},
		{"role":"assistant","content":[
			{"type":"thinking","thinking":[{"type":"text","text":"Let "},{"type":"text","text":"me "},{"type":"text","text":"see"}],"signature":"s"},
			{"type":"text","text":"Well"}],
			"tool_calls":[{"id":"a","function":{"name":"w","arguments":{"b":"c"}}}]}]}`, &r)
	if e != nil {
		t.Fatal(e.Message)
	}
	user, assistant := r.Messages[0].Parts, r.Messages[1].Parts
	for _, tt := range []struct{ what, got, want string }{
		{"seed", string(r.Seed), "7"},
		{"image", string(user[1].Media.Type) + " " + string(user[1].Media.Data), "image/png AAAA"},
		{"document", string(user[2].Title) + " " + string(user[2].Media.URL), "a https://x.example/a.pdf"},
		{"file", string(user[3].Media.FileID), "f"},
		{"thoughts", string(assistant[0].Text), "Let me see"},
		{"signature", string(assistant[0].Signature), "mistral:s"},
		{"text", string(assistant[1].Text), "Well"},
		{"arguments", string(assistant[2].Arguments), `{\"b\":\"c\"}`},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, tt.got, tt.want)
		}
	}
	if r.Choice.Kind != chat.ChoiceRequired || assistant[0].Kind != chat.ThinkingPart || len(r.Extra) > 0 {
		t.Errorf("got choice %d, kind %d, extra %v", r.Choice.Kind, assistant[0].Kind, r.Extra)
	}
	for _, bad := range []string{
		talk(`{"role":"user","content":[{"type":"document_url"}]}`),
		talk(`{"role":"assistant","content":[{"type":"thinking","thinking":{}}]}`),
		talk(`{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":1}]}]}`),
	} {
		if e := read(t, bad, &chat.Request{}); e == nil {
			t.Errorf("got no error for %s", bad)
		}
	}
}

// As Mistral's SDK wants answers: thinking in the content, calls whole, the usage with
// the reason for the end.
func TestAnswersInChunks(t *testing.T) {
	t.Parallel()
	w := openaichat.Writer{Chunks: true}
	parts := []chat.Part{
		{Kind: chat.ThinkingPart, Text: chat.Text("Let me"), Signature: chat.Text("mistral:s")},
		{Kind: chat.ThinkingPart, Signature: chat.Text("z")},
		{Kind: chat.RedactedPart, Text: chat.Text("r")},
		{Kind: chat.TextPart, Text: chat.Text("No")},
		{Kind: chat.RefusalPart, Text: chat.Text("!")},
		{Kind: chat.ToolCallPart, ID: chat.Text("a"), Name: chat.Text("w"), Arguments: chat.Text("{}")},
	}
	r := chat.Response{Choices: []chat.Choice{{Parts: parts, Finish: chat.FinishTools}, {Parts: parts[3:5], Finish: chat.FinishStop}}}
	whole := string(w.AppendResponse(nil, &r))
	for _, want := range []string{
		`"content":[{"type":"thinking","thinking":[{"type":"text","text":"Let me"}],"signature":"s"},{"type":"thinking","thinking":[],"signature":"foreign:z"},{"type":"text","text":"No"},{"type":"text","text":"!"}],"refusal":null,"annotations":[],"tool_calls":[{"id":"a"`,
		`"content":"No!","refusal":null,`,
	} {
		if !strings.Contains(whole, want) {
			t.Errorf("got %s, want in it %s", whole, want)
		}
	}
	e := w.NewEncoder()
	e.Reset(&chat.Request{Model: "m"})
	var got []byte
	for _, ev := range []chat.Event{
		{Kind: chat.Start, ID: chat.Text("i")},
		{Kind: chat.BlockStart, Block: chat.ThinkingPart},
		{Kind: chat.TextDelta, Block: chat.ThinkingPart, Text: chat.Text("Let")},
		{Kind: chat.SignatureDelta, Text: chat.Text("z")},
		{Kind: chat.BlockStop},
		{Kind: chat.BlockStart, Block: chat.RefusalPart, Index: 1},
		{Kind: chat.TextDelta, Block: chat.RefusalPart, Text: chat.Text("No")},
		{Kind: chat.BlockStop},
		{Kind: chat.BlockStart, Block: chat.ToolCallPart, Index: 2, ID: chat.Text("a"), Name: chat.Text("w")},
		{Kind: chat.TextDelta, Block: chat.ToolCallPart, Text: chat.Text(`{\"b\":`)},
		{Kind: chat.TextDelta, Block: chat.ToolCallPart, Text: chat.Text(`1}`)},
		{Kind: chat.BlockStop},
		{Kind: chat.BlockStart, Block: chat.ToolCallPart, Index: 3, ID: chat.Text("b"), Name: chat.Text("v")},
		{Kind: chat.BlockStop},
		{Kind: chat.FinishEvent, Finish: chat.FinishTools, Usage: chat.Usage{Input: 2, Output: 3}, Counted: true},
		{Kind: chat.End},
	} {
		got = e.Append(got, &ev)
	}
	for _, want := range []string{
		`"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Let"}]}]}`,
		`"delta":{"content":[{"type":"thinking","thinking":[],"signature":"foreign:z"}]}`,
		`"delta":{"content":"No"}`,
		`"delta":{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"w","arguments":"{\"b\":1}"}}]}`,
		`"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"v","arguments":"{}"}}]}`,
		`"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":2,"completion_tokens":3,`,
	} {
		if n := strings.Count(string(got), want); n != 1 {
			t.Errorf("got %s, want in it once %s", got, want)
		}
	}
	if n := strings.Count(string(got), `"tool_calls":[`); n != 2 || !strings.HasSuffix(string(got), "data: [DONE]\n\n") {
		t.Errorf("got %d chunks with calls: %s", n, got)
	}
}

// A signature of another provider's comes back as it was.
func TestForeignSignatureComesBack(t *testing.T) {
	t.Parallel()
	var r chat.Request
	if e := read(t, talk(`{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}],"signature":"foreign:z"}]}`), &r); e != nil {
		t.Fatal(e.Message)
	}
	if got := string(r.Messages[0].Parts[0].Signature); got != "z" {
		t.Errorf("got %q, want z", got)
	}
}
