package openai_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

type chatReply struct {
	Choices []choice
	Usage   *usage
}

// A choice is one of a whole answer, or of a chunk.
type choice struct {
	Index        int
	FinishReason string `json:"finish_reason"`
	Message      message
	Delta        message
	Logprobs     *struct {
		Content []struct {
			Token string
			Top   []any `json:"top_logprobs"`
		}
	}
}

type message struct {
	Content, Refusal *string
	ToolCalls        []toolCall `json:"tool_calls"`
}

type toolCall struct {
	Index    int
	ID, Type string
	Function struct{ Name, Arguments string }
}

type usage struct {
	Prompt        int `json:"prompt_tokens"`
	Completion    int `json:"completion_tokens"`
	Total         int `json:"total_tokens"`
	PromptDetails struct {
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		Reasoning int `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
}

// conversations are chat requests without their first brace and model.
func conversations() map[string]string {
	user := func(s string) string { return `"messages":[{"role":"user","content":` + quote(s) + `}]` }
	return map[string]string{
		"a text":             user("hello"),
		"two choices":        user("hello") + `,"n":2`,
		"log probabilities":  user("hello") + `,"logprobs":true,"top_logprobs":2`,
		"a limit":            user("hello") + `,"max_completion_tokens":3`,
		"a stop sequence":    user("hello there") + `,"stop":[" there"]`,
		"a tool call":        user(`call get with {"a":1}`) + `,` + tool,
		"parallel calls":     user(`call get with {"a":1} and call get with {"a":2}`) + `,` + tool,
		"one call at a time": user(`call get with {"a":1} and call get with {"a":2}`) + `,"parallel_tool_calls":false,` + tool,
		"a forced call":      user("hello") + `,"tool_choice":{"type":"function","function":{"name":"get"}},` + tool,
		"a required call":    user("hello") + `,"tool_choice":"required",` + tool,
		"a cut call":         user(`call get with {"a":1}`) + `,"max_completion_tokens":11,` + tool,
		"no call wanted":     user(`call get with {"a":1}`) + `,"tool_choice":"none",` + tool,
		"tool results":       `"messages":[` + asked + `,{"role":"tool","tool_call_id":"call_2","content":"two"},{"role":"tool","tool_call_id":"call_1","content":"one"}]`,
		"a schema":           user("hello") + `,"response_format":{"type":"json_schema","json_schema":{"name":"f","strict":true,"schema":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}}}`,
		"any JSON":           user("json please") + `,"response_format":{"type":"json_object"}`,
		"a refusal":          user("x [[mock:refuse]]"),
		"a filter":           user("x [[mock:filter]]"),
		"an empty text":      user("x [[mock:text=]]"),
		"a hundred chunks":   user("x [[mock:chunks=100]]"),
		"an image":           `"messages":[{"role":"user","content":[{"type":"text","text":"what?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,` + tinyPNG + `"}}]}]`,
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s) // of a string
	return string(b)
}

// want is what each conversation's first choice says, and its finish reason.
func want() map[string][2]string {
	return map[string][2]string{
		"a text":             {`You said: "hello".`, "stop"},
		"two choices":        {`You said: "hello".`, "stop"},
		"log probabilities":  {`You said: "hello".`, "stop"},
		"a limit":            {"You said:", "length"},
		"a stop sequence":    {`You said: "hello`, "stop"},
		"a tool call":        {`get {"a":1}`, "tool_calls"},
		"parallel calls":     {`get {"a":1} get {"a":2}`, "tool_calls"},
		"one call at a time": {`get {"a":1}`, "tool_calls"},
		"a forced call":      {`get {"a":1}`, "stop"},
		"a required call":    {`get {"a":1}`, "tool_calls"},
		"a cut call":         {`get {"`, "length"},
		"no call wanted":     {`You said: "call get with {"a":1}".`, "stop"},
		"tool results":       {`The tools answered: get says "two". get says "one".`, "stop"},
		"a schema":           {`{"a":1}`, "stop"},
		"any JSON":           {`{"you_said":"json please"}`, "stop"},
		"a refusal":          {"I'm sorry, but I can't help with that.", "stop"},
		"a filter":           {`You said: "x".`, "content_filter"},
		"an empty text":      {"", "stop"},
		"a hundred chunks":   {hundred(), "stop"},
		"an image":           {`You said: "what?". I see image/png of 68 bytes, 1 x 1 pixels.`, "stop"},
	}
}

// hundred is the echo of "x", seven tokens long, repeated to a hundred tokens.
func hundred() string {
	return strings.Repeat(`You said: "x". `, 14) + "You said"
}

// said joins what a choice says.
func (r chatReply) said(t *testing.T) string {
	t.Helper()
	if len(r.Choices) == 0 {
		t.Fatal("no choices")
	}
	m := r.Choices[0].Message
	var parts []string
	for _, s := range []*string{m.Content, m.Refusal} {
		if s != nil {
			parts = append(parts, *s)
		}
	}
	for _, c := range m.ToolCalls {
		if !strings.HasPrefix(c.ID, "call_") || c.Type != "function" {
			t.Errorf("tool call %+v has no id or type", c)
		}
		parts = append(parts, c.Function.Name+" "+c.Function.Arguments)
	}
	return strings.Join(parts, " ")
}

func TestChatAnswers(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	expected := want()
	for name, rest := range conversations() {
		t.Run(name, func(t *testing.T) {
			reply := c.Do("POST", chatPath, `{"model":"gpt-4o",`+rest+`}`)
			var whole chatReply
			reply.Into(t, &whole)
			if reply.Status != 200 {
				t.Fatalf("got %d: %s", reply.Status, reply.Body)
			}
			if got := [2]string{whole.said(t), whole.Choices[0].FinishReason}; got != expected[name] {
				t.Errorf("got %q, want %q", got, expected[name])
			}
			stream := c.Do("POST", chatPath, `{"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true},`+rest+`}`)
			if err := grammar.OpenAIChat([]byte(stream.Body)); err != nil {
				t.Fatalf("stream: %v\n%s", err, stream.Body)
			}
			joined := join(t, stream.Body)
			if got, want := joined.said(t), whole.said(t); got != want || joined.Choices[0].FinishReason != whole.Choices[0].FinishReason {
				t.Errorf("stream says %q, whole answer %q", got, want)
			}
			if joined.Usage == nil || *joined.Usage != *whole.Usage {
				t.Errorf("usage of stream: %+v, of whole answer: %+v", joined.Usage, whole.Usage)
			}
		})
	}
}

// join puts a stream together.
func join(t *testing.T, body string) chatReply {
	t.Helper()
	events, err := grammar.Events([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	out := chatReply{Choices: make([]choice, 2)}
	for _, e := range events {
		var c chatReply
		if e.Data == "[DONE]" {
			continue
		}
		if err := json.Unmarshal([]byte(e.Data), &c); err != nil {
			t.Fatal(err)
		}
		if c.Usage != nil {
			out.Usage = c.Usage
		}
		for _, choice := range c.Choices {
			to := &out.Choices[choice.Index]
			add(&to.Message.Content, choice.Delta.Content)
			add(&to.Message.Refusal, choice.Delta.Refusal)
			to.FinishReason += choice.FinishReason
			for _, call := range choice.Delta.ToolCalls {
				if call.Index == len(to.Message.ToolCalls) {
					to.Message.ToolCalls = append(to.Message.ToolCalls, toolCall{ID: call.ID, Type: call.Type})
				}
				at := &to.Message.ToolCalls[call.Index].Function
				at.Name, at.Arguments = at.Name+call.Function.Name, at.Arguments+call.Function.Arguments
			}
		}
	}
	return out
}

func add(to **string, s *string) {
	if s == nil || *s == "" && *to == nil {
		return
	}
	joined := *s
	if *to != nil {
		joined = **to + joined
	}
	*to = &joined
}

func TestChatDetails(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	ask := func(body string) (r chatReply) {
		c.Do("POST", chatPath, body).Into(t, &r)
		return r
	}
	if r := ask(`{"model":"gpt-4o",` + conversations()["two choices"] + `}`); len(r.Choices) != 2 || *r.Choices[1].Message.Content != `You said: "hello". (choice 2)` {
		t.Errorf("two choices: got %+v", r.Choices)
	}
	r := ask(`{"model":"gpt-4o",` + conversations()["log probabilities"] + `}`)
	if l := r.Choices[0].Logprobs; l == nil || len(l.Content) != r.Usage.Completion || len(l.Content[0].Top) != 2 || l.Content[0].Token != "You" {
		t.Errorf("log probabilities: got %+v", l)
	}
	for model, want := range map[string]int{"gpt-4o": 0, "o3": 128, "gpt-5": 128, "gpt-5.1": 0} {
		r := ask(`{"model":"` + model + `",` + hi + `}`)
		if got := r.Usage.CompletionDetails.Reasoning; got != want || r.Usage.Completion <= got {
			t.Errorf("%s: got %d reasoning tokens of %d, want %d and an answer", model, got, r.Usage.Completion, want)
		}
	}
	long := `{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat("word ", 2000) + `"}]}`
	first, second := ask(long), ask(long)
	if a, b := first.Usage.PromptDetails.Cached, second.Usage.PromptDetails.Cached; a != 0 || b < 1920 || b%128 != 0 || b > second.Usage.Prompt {
		t.Errorf("cached tokens: got %d, then %d of %d", a, b, second.Usage.Prompt)
	}
}

func TestStreamWithoutUsage(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	body := c.Do("POST", chatPath, `{"model":"gpt-4o","stream":true,`+hi+`}`).Body
	if strings.Contains(body, "usage") || grammar.OpenAIChat([]byte(body)) != nil {
		t.Errorf("usage comes unasked: %s", body)
	}
	body = c.Do("POST", chatPath, `{"model":"gpt-4o","stream":true,"stream_options":{"include_obfuscation":false},`+hi+`}`).Body
	if strings.Contains(body, "obfuscation") {
		t.Errorf("obfuscation comes although it was not wanted: %s", body)
	}
}

func TestEmbeddings(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	type reply struct {
		Data []struct {
			Index     int
			Embedding json.RawMessage
		}
		Usage struct {
			Prompt int `json:"prompt_tokens"`
		}
	}
	var floats, packed reply
	c.Do("POST", "/v1/embeddings", `{"model":"text-embedding-3-small","input":["a cat","a dog"],"dimensions":16}`).Into(t, &floats)
	c.Do("POST", "/v1/embeddings", `{"model":"text-embedding-3-small","input":["a cat","a dog"],"dimensions":16,"encoding_format":"base64"}`).Into(t, &packed)
	if len(floats.Data) != 2 || floats.Usage.Prompt != 4 || len(packed.Data) != 2 {
		t.Fatalf("got %+v", floats)
	}
	for i := range floats.Data {
		var numbers []float32
		var text string
		if err := json.Unmarshal(floats.Data[i].Embedding, &numbers); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(packed.Data[i].Embedding, &text); err != nil {
			t.Fatal(err)
		}
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(b) != 4*16 || len(numbers) != 16 || floats.Data[i].Index != i {
			t.Fatalf("embedding %d: %d numbers, %d bytes, %v", i, len(numbers), len(b), err)
		}
		for k, want := range numbers {
			if got := math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:])); got != want {
				t.Errorf("number %d of embedding %d: got %v, want %v", k, i, got, want)
			}
		}
	}
	for _, input := range []string{`[1,2,3]`, `[[1,2],[3]]`, `"a b c"`} {
		var r reply
		c.Do("POST", "/v1/embeddings", `{"model":"text-embedding-3-large","input":`+input+`}`).Into(t, &r)
		if r.Usage.Prompt != 3 {
			t.Errorf("tokens of %s: got %d, want 3", input, r.Usage.Prompt)
		}
	}
}

func TestCompletions(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	const path = "/v1/completions"
	var r struct {
		Choices []struct {
			Text         string
			FinishReason string `json:"finish_reason"`
			Logprobs     *struct {
				TextOffset []int `json:"text_offset"`
			}
		}
		Usage usage
	}
	c.Do("POST", path, `{"model":"gpt-3.5-turbo-instruct","prompt":["a","b"],"echo":true,"max_tokens":3,"logprobs":1}`).Into(t, &r)
	if len(r.Choices) != 2 || r.Choices[1].Text != "bYou said:" || r.Choices[1].FinishReason != "length" || r.Usage.Completion != 6 || r.Choices[0].Logprobs.TextOffset[1] != 3 {
		t.Errorf("got %+v", r)
	}
	stream := c.Do("POST", path, `{"model":"gpt-3.5-turbo-instruct","prompt":"b","stream":true,"stream_options":{"include_usage":true}}`).Body
	events, err := grammar.Events([]byte(stream))
	if n := len(events); err != nil || n != 10 || events[n-1].Data != "[DONE]" || !strings.Contains(events[n-2].Data, `"choices":[],"usage":{"prompt_tokens":1,`) {
		t.Errorf("stream: %v: %s", err, stream)
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{Models: map[string][]string{"openai": {"my-model"}}})
	list := c.Do("GET", "/v1/models", "").Body
	if !strings.Contains(list, `{"id":"gpt-4o","object":"model"`) || !strings.Contains(list, `"id":"my-model"`) {
		t.Errorf("got %s", list)
	}
	for _, id := range []string{"gpt-4o-2024-11-20", "my-model"} {
		if got := c.Do("GET", "/v1/models/"+id, ""); got.Status != 200 || !strings.Contains(got.Body, `"id":"`+id+`"`) {
			t.Errorf("%s: got %d %s", id, got.Status, got.Body)
		}
	}
	if got := c.Do("POST", chatPath, `{"model":"my-model",`+hi+`}`); got.Status != 200 {
		t.Errorf("a model of the options: got %d %s", got.Status, got.Body)
	}
}
