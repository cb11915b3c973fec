package openai_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/grammar"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

const (
	responsesPath = "/v1/responses"
	flatTool      = `"tools":[{"type":"function","name":"get","parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}]`
)

type response struct {
	ID, Status string
	Output     []json.RawMessage
	Usage      struct {
		Input   int `json:"input_tokens"`
		Output  int `json:"output_tokens"`
		Details struct {
			Reasoning int `json:"reasoning_tokens"`
		} `json:"output_tokens_details"`
	}
}

// said joins the types of the output items with what they say.
func (r response) said(t *testing.T) string {
	t.Helper()
	var parts []string
	for _, raw := range r.Output {
		var o struct {
			Type, Name, Arguments string
			Content               []struct{ Text, Refusal string }
			Summary               []any
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			t.Fatal(err)
		}
		part := o.Type + strings.Repeat("+summary", len(o.Summary))
		if o.Name != "" {
			part += " " + o.Name + " " + o.Arguments
		}
		for _, c := range o.Content {
			part += " " + c.Text + c.Refusal
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

func TestResponsesAnswers(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	for _, tt := range []struct{ name, body, want, status string }{
		{"a text", `"model":"gpt-4o","input":"hello"`, `message You said: "hello".`, "completed"},
		{"items", `"model":"gpt-4o","instructions":"be kind","input":[{"role":"user","content":[{"type":"input_text","text":"hello"}]}]`, `message You said: "hello".`, "completed"},
		{"a limit", `"model":"gpt-4o","input":"` + strings.Repeat("word ", 30) + `","max_output_tokens":16`, "", "incomplete"},
		{"parallel calls", `"model":"gpt-4o","input":"call get with {\"a\":1} and call get with {\"a\":2}",` + flatTool, `function_call get {"a":1}; function_call get {"a":2}`, "completed"},
		{"tool results", `"model":"gpt-4o","input":[{"role":"user","content":"x"},{"type":"function_call","call_id":"c1","name":"get","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"one"}]`, `message The tools answered: get says "one".`, "completed"},
		{"reasoning", `"model":"o3","input":"hello"`, `reasoning; message You said: "hello".`, "completed"},
		{"reasoning with a summary", `"model":"gpt-5","reasoning":{"effort":"low","summary":"auto"},"input":"hello"`, `reasoning+summary; message You said: "hello".`, "completed"},
		{"reasoning takes all", `"model":"gpt-5","input":"hello","max_output_tokens":20`, `reasoning`, "incomplete"},
		{"a schema", `"model":"gpt-4o","input":"hello","text":{"format":{"type":"json_schema","name":"f","schema":{"type":"object","properties":{"a":{"const":1}}}}}`, `message {"a":1}`, "completed"},
		{"a refusal", `"model":"gpt-4o","input":"hello [[mock:refuse]]"`, `message I'm sorry, but I can't help with that.`, "completed"},
		{"a filter", `"model":"gpt-4o","input":"hello [[mock:filter]]"`, `message You said: "hello".`, "incomplete"},
		{"an empty text", `"model":"gpt-4o","input":"hello [[mock:text=]]"`, `message `, "completed"},
		{"an image", `"model":"gpt-4o","input":[{"role":"user","content":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":"data:image/png;base64,` + tinyPNG + `"}]}]`, `message You said: "x". I see image/png of 68 bytes, 1 x 1 pixels.`, "completed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var whole response
			c.Do("POST", responsesPath, `{`+tt.body+`}`).Into(t, &whole)
			if got := whole.said(t); tt.want != "" && got != tt.want || whole.Status != tt.status {
				t.Errorf("got %q, %s, want %q, %s", got, whole.Status, tt.want, tt.status)
			}
			stream := c.Do("POST", responsesPath, `{"stream":true,`+tt.body+`}`).Body
			if err := grammar.OpenAIResponses([]byte(stream)); err != nil {
				t.Fatalf("stream: %v\n%s", err, stream)
			}
			events, err := grammar.Events([]byte(stream))
			if err != nil {
				t.Fatal(err)
			}
			var last struct{ Response response }
			if err := json.Unmarshal([]byte(events[len(events)-1].Data), &last); err != nil {
				t.Fatal(err)
			}
			if got := last.Response; got.said(t) != whole.said(t) || got.Usage != whole.Usage {
				t.Errorf("stream says %q with %+v, whole answer %q with %+v", got.said(t), got.Usage, whole.said(t), whole.Usage)
			}
		})
	}
}

func TestResponsesGoOn(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "openai", mockllm.Options{})
	ask := func(body string) (r response) {
		reply := c.Do("POST", responsesPath, body)
		if reply.Status != 200 {
			t.Fatalf("got %d: %s", reply.Status, reply.Body)
		}
		reply.Into(t, &r)
		return r
	}
	first := ask(`{"model":"gpt-5","include":["reasoning.encrypted_content"],"input":"call get with {\"a\":1}",` + flatTool + `}`)
	var call struct {
		ID     string
		CallID string `json:"call_id"`
	}
	if err := json.Unmarshal(first.Output[1], &call); err != nil {
		t.Fatal(err)
	}
	output := `{"type":"function_call_output","call_id":"` + call.CallID + `","output":"seven"}`
	const want = `reasoning; message The tools answered: get says "seven".`
	byID := ask(`{"model":"gpt-5","previous_response_id":"` + first.ID + `","input":[` + output + `],` + flatTool + `}`)
	if got := byID.said(t); got != want {
		t.Errorf("after previous_response_id: got %q, want %q", got, want)
	}
	byItems := ask(`{"model":"gpt-5","input":[{"role":"user","content":"call get with {\"a\":1}"},` + string(first.Output[0]) + `,` + string(first.Output[1]) + `,` + output + `],` + flatTool + `}`)
	if got := byItems.said(t); got != want {
		t.Errorf("after the items themselves: got %q, want %q", got, want)
	}
	byReference := ask(`{"model":"gpt-5","input":[{"role":"user","content":"call get with {\"a\":1}"},{"type":"item_reference","id":"` + call.ID + `"},` + output + `],` + flatTool + `}`)
	if got := byReference.said(t); got != want {
		t.Errorf("after a reference: got %q, want %q", got, want)
	}
	forgotten := ask(`{"model":"gpt-4o","store":false,"input":"x"}`)
	if got := c.Do("POST", responsesPath, `{"model":"gpt-4o","previous_response_id":"`+forgotten.ID+`","input":"x"}`); got.Status != 400 {
		t.Errorf("a response that was not stored: got %d, want 400", got.Status)
	}
}
