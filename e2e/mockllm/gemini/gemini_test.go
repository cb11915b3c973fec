package gemini_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/internal/mocktest"
)

const (
	flash   = "/v1beta/models/gemini-2.5-flash:generateContent"
	newest  = "/v1beta/models/gemini-3.8-flash:generateContent"
	stream  = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
	hi      = `{"role":"user","parts":[{"text":"hi"}]}`
	tool    = `"tools":[{"functionDeclarations":[{"name":"get","parametersJsonSchema":{"type":"object","properties":{"a":{"type":"integer"}}}}]}]`
	called  = `{"role":"model","parts":[{"functionCall":{"name":"get","args":{"a":1}}}]}`
	result  = `{"role":"user","parts":[{"functionResponse":{"name":"get","response":{"output":"one"}}}]}`
	tinyPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)

// contents is a request with these contents and more.
func contents(list string, more ...string) string {
	return `{"contents":[` + list + `]` + strings.Join(append([]string{""}, more...), ",") + `}`
}

func user(s string) string {
	b, _ := json.Marshal(s) // of a string
	return `{"role":"user","parts":[{"text":` + string(b) + `}]}`
}

func config(s string) string { return contents(hi, `"generationConfig":{`+s+`}`) }

func do(c *mocktest.Client, path, body string) mocktest.Reply {
	return c.Do("POST", path, body, "Authorization", "", "X-Goog-Api-Key", "AIza-mock")
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "gemini", mockllm.Options{})
	for _, tt := range []struct{ name, path, body, message string }{
		{"no JSON", flash, `{`, "Invalid JSON payload received."},
		{"no contents", flash, `{}`, "* GenerateContentRequest.contents: contents is not specified"},
		{"empty contents", flash, `{"contents":[]}`, "GenerateContentRequest.contents: must not be empty"},
		{"an unknown field", flash, contents(hi, `"messages":[]`), `Unknown name "messages": Cannot find field.`},
		{"an unknown field of a part", flash, contents(`{"parts":[{"type":"text","text":"x"}]}`), `Unknown name "type" at 'contents[0].parts[0]': Cannot find field.`},
		{"a field of another type", flash, config(`"topK":"x"`), `Invalid value at 'generation_config.top_k' (TYPE_INT32), "x"`},
		{"a seed of 64 bits", flash, config(`"seed":3000000000`), "GenerateContentRequest.generation_config.seed"},
		{"a parameter that is none", flash + "?beta=true", contents(hi), `Unknown name "beta": Cannot find field.`},
		{"an unknown role", flash, contents(`{"role":"assistant","parts":[{"text":"x"}]}`), "Please use a valid role: user, model."},
		{"no parts", flash, contents(`{"role":"user","parts":[]}`), "contents.parts must not be empty"},
		{"a part that is nothing", flash, contents(`{"role":"user","parts":[{}]}`), "must have one initialized field"},
		{"a part that is two things", flash, contents(`{"role":"model","parts":[{"text":"x","functionCall":{"name":"f"}}]}`), "is already set"},
		{"an empty text", flash, contents(user("")), "Model input cannot be empty"},
		{"an image that is none", flash, contents(`{"parts":[{"inlineData":{"mimeType":"image/png","data":"aGVsbG8="}}]}`), "Unable to process input image"},
		{"a GIF", flash, contents(`{"parts":[{"inlineData":{"mimeType":"image/gif","data":"R0lGODlh"}}]}`), "Unsupported MIME type: image/gif"},
		{"bad base64", flash, contents(`{"parts":[{"inlineData":{"mimeType":"image/png","data":"*"}}]}`), "Base64 decoding failed"},
		{"a file by plain HTTP", flash, contents(`{"parts":[{"fileData":{"fileUri":"http://x/a.png"}}]}`), "Invalid or unsupported file uri"},
		{"a response without a call", flash, contents(hi + "," + result), "function response turn comes immediately after a function call turn"},
		{"a call without a response", flash, contents(hi + "," + called), "number of function response parts is equal to the number of function call parts"},
		{"a text where a response should be", flash, contents(hi + "," + called + "," + hi), "number of function response parts is equal"},
		{"a text beside a response", flash, contents(hi + "," + called + "," + strings.Replace(result, `"parts":[`, `"parts":[{"text":"x"},`, 1)), "not mixed with other parts"},
		{"a response of another name", flash, contents(hi + "," + called + "," + strings.Replace(result, `"get"`, `"put"`, 1)), "does not match any function call"},
		{"a call first", flash, contents(called + "," + result), "function call turn comes immediately after a user turn"},
		{"a response without its id", newest, contents(hi + "," + strings.Replace(called, `"name"`, `"id":"a","name"`, 1) + "," + result), `missing an id`},
		{"a call without a signature", newest, contents(hi + "," + strings.Replace(called, `"name"`, `"id":"a","name"`, 1) + "," + strings.Replace(result, `"name"`, `"id":"a","name"`, 1)), "Function call is missing a thought_signature"},
		{"a signature of another", flash, contents(hi + "," + strings.Replace(called, `{"functionCall"`, `{"thoughtSignature":"c2ln","functionCall"`, 1) + "," + result), "Thought signature is not valid"},
		{"a final turn of the model", newest, contents(hi + `,{"role":"model","parts":[{"text":"x"}]}`), "Requests ending with a model turn are not supported."},
		{"a bad name of a function", flash, contents(hi, strings.Replace(tool, `"get"`, `"1st"`, 1)), "Invalid function name"},
		{"a keyword of JSON Schema in the API's own", flash, contents(hi, `"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","additionalProperties":false}}]}]`), `Unknown name "additionalProperties" at 'tools[0].function_declarations[0].parameters'`},
		{"a keyword that is not enforced", flash, config(`"responseMimeType":"application/json","responseJsonSchema":{"type":"string","pattern":"x"}`), `unsupported keyword "pattern"`},
		{"a reference beside a description", flash, config(`"responseMimeType":"application/json","responseJsonSchema":{"type":"object","properties":{"a":{"$ref":"#/$defs/A","description":"x"}}}`), "$ref beside"},
		{"a schema without its type", flash, config(`"responseJsonSchema":{"type":"string"}`), "response_mime_type must be set"},
		{"JSON beside functions", flash, contents(hi, tool, `"generationConfig":{"responseMimeType":"application/json"}`), "Function calling with a response mime type: 'application/json' is unsupported"},
		{"a mode that is none", flash, contents(hi, tool, `"toolConfig":{"functionCallingConfig":{"mode":"required"}}`), "(TYPE_ENUM)"},
		{"a choice that is not declared", flash, contents(hi, tool, `"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["put"]}}`), "not declared"},
		{"a penalty", flash, config(`"presencePenalty":0.5`), "Penalty is not enabled"},
		{"two candidates of a newer model", newest, config(`"candidateCount":2`), "Multiple candidates is not enabled"},
		{"six stop sequences", flash, config(`"stopSequences":["1","2","3","4","5","6"]`), "stop_sequences"},
		{"budget and level", newest, config(`"thinkingConfig":{"thinkingBudget":1,"thinkingLevel":"LOW"}`), "only set only one"},
		{"a level of an older model", flash, config(`"thinkingConfig":{"thinkingLevel":"LOW"}`), "Thinking level is not supported"},
		{"a level that the model has not", newest, config(`"thinkingConfig":{"thinkingLevel":"MINIMAL"}`), "Thinking level MINIMAL is not supported for this model."},
		{"a budget beyond the model's", flash, config(`"thinkingConfig":{"thinkingBudget":32768}`), "The thinking budget 32768 is invalid"},
		{"no thinking where it is always on", "/v1beta/models/gemini-2.5-pro:generateContent", config(`"thinkingConfig":{"thinkingBudget":0}`), "only works in thinking mode"},
		{"nothing to count", "/v1beta/models/gemini-2.5-flash:countTokens", `{}`, "contents is not specified"},
		{"nothing to embed", "/v1beta/models/gemini-embedding-001:embedContent", `{"content":{"parts":[{"text":""}]}}`, "contents is not specified"},
		{"a batch of another model", "/v1beta/models/gemini-embedding-001:batchEmbedContents", `{"requests":[{"model":"models/x","content":{"parts":[{"text":"a"}]}}]}`, "unexpected model name format"},
		{"a directive that is none", flash, contents(user("[[mock:latencey=1s]]")), "unknown mock directive"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			judge(t, do(c, tt.path, tt.body), 400, "INVALID_ARGUMENT", tt.message)
		})
	}
}

// judge wants an error of the documented form.
func judge(t *testing.T, got mocktest.Reply, code int, status, message string) {
	t.Helper()
	var body struct {
		Error struct {
			Code            int
			Message, Status string
			Details         []map[string]any
		}
	}
	got.Into(t, &body)
	if e := body.Error; got.Status != code || e.Code != code || !strings.HasPrefix(e.Status, status) || !strings.Contains(e.Message, message) {
		t.Errorf("got %d %+v, want %d %s %q", got.Status, e, code, status, message)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "gemini", mockllm.Options{})
	judge(t, c.Do("POST", flash, contents(hi), "Authorization", ""), 403, "PERMISSION_DENIED", "unregistered callers")
	judge(t, c.Do("POST", flash, contents(hi), "Authorization", "", "X-Goog-Api-Key", "AIza-other"), 400, "INVALID_ARGUMENT", "API key not valid")
	judge(t, do(c, "/v1beta/models/gpt-4o:generateContent", contents(hi)), 404, "NOT_FOUND", "models/gpt-4o is not found")
	judge(t, do(c, "/v1beta/models/gemini-2.5-flash:chat", contents(hi)), 404, "NOT_FOUND", "")
	quota := do(c, flash, contents(user("[[mock:status=429;retry-after=7]]")))
	judge(t, quota, 429, "RESOURCE_EXHAUSTED", "quota")
	if !strings.Contains(quota.Body, `"retryDelay":"7s"`) || quota.Header.Get("Retry-After") != "" {
		t.Errorf("got %s and header %q, want the delay in the body alone", quota.Body, quota.Header.Get("Retry-After"))
	}
	if list := do(c, stream, `{}`); !strings.HasPrefix(list.Body, `[{"error"`) {
		t.Errorf("got %s, want the error in a list where the stream is one", list.Body)
	}
	if key := c.Do("POST", flash+"?key=AIza-mock", contents(hi), "Authorization", ""); key.Status != 200 {
		t.Errorf("got %d for the key in the query, want 200", key.Status)
	}
}

type reply struct {
	Candidates []struct {
		Content struct {
			Parts []struct {
				Text, ThoughtSignature string
				Thought                bool
				FunctionCall           *struct {
					ID, Name string
					Args     json.RawMessage
				}
			}
		}
		FinishReason string
		Index        int
	}
	PromptFeedback struct{ BlockReason string }
	UsageMetadata  struct{ PromptTokenCount, CandidatesTokenCount, ThoughtsTokenCount, TotalTokenCount int }
}

// said spells what a candidate says, without signatures and ids.
func (r reply) said() string {
	var out []string
	if r.PromptFeedback.BlockReason != "" {
		out = append(out, "blocked")
	}
	for _, c := range r.Candidates {
		for _, p := range c.Content.Parts {
			switch {
			case p.FunctionCall != nil:
				out = append(out, p.FunctionCall.Name+" "+string(p.FunctionCall.Args))
			case p.Thought:
				out = append(out, "thought")
			case p.Text != "":
				out = append(out, p.Text)
			}
		}
		if c.FinishReason != "" {
			out = append(out, c.FinishReason)
		}
	}
	return strings.Join(out, "; ")
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "gemini", mockllm.Options{})
	for _, tt := range []struct{ name, path, body, want string }{
		{"a text", flash, contents(user("hello")), `You said: "hello".; STOP`},
		{"a system instruction and two contents", flash, contents(user("one")+","+user("two"), `"systemInstruction":{"parts":[{"text":"be kind"}]}`), `You said: "two".; STOP`},
		{"an image", flash, contents(`{"parts":[{"text":"see"},{"inlineData":{"mimeType":"image/png","data":"` + tinyPNG + `"}}]}`), `You said: "see". I see image/png of 68 bytes, 1 x 1 pixels.; STOP`},
		{"a stop sequence, which has no reason of its own", flash, contents(user("hello there"), `"generationConfig":{"stopSequences":[" there"]}`), `You said: "hello; STOP`},
		{"tokens used up in thought", flash, contents(user("hello"), `"generationConfig":{"maxOutputTokens":5}`), `MAX_TOKENS`},
		{"thoughts", flash, contents(user("hello"), `"generationConfig":{"thinkingConfig":{"includeThoughts":true}}`), `thought; You said: "hello".; STOP`},
		{"parallel calls, which end with STOP", flash, contents(user(`call get with {"a":1} and call get with {"a":2}`), tool), `get {"a":1}; get {"a":2}; STOP`},
		{"a call that must be made", flash, contents(user("x"), tool, `"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`), `get {"a":1}; STOP`},
		{"no calls", flash, contents(user(`call get with {"a":1}`), tool, `"toolConfig":{"functionCallingConfig":{"mode":"NONE"}}`), `You said: "call get with {"a":1}".; STOP`},
		{"a result", flash, contents(user(`call get with {"a":1}`)+","+called+","+result, tool), `The tools answered: get says "one".; STOP`},
		{"a result and a text behind it", flash, contents(user(`call get with {"a":1}`)+","+called+","+result+","+user("well?"), tool), `The tools answered: get says "one".; STOP`},
		{"a failed result", flash, contents(user(`call get with {"a":1}`)+","+called+","+strings.Replace(result, "output", "error", 1), tool), `The tools answered: get failed with "one".; STOP`},
		{"JSON", flash, contents(user("hello"), `"generationConfig":{"responseMimeType":"application/json"}`), `{"you_said":"hello"}; STOP`},
		{"a schema of the API's own", flash, contents(user("hello"), `"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"a":{"type":"INTEGER"}}}}`), `{"a":1}; STOP`},
		{"two candidates", flash, contents(user("hello"), `"generationConfig":{"candidateCount":2}`), `You said: "hello".; STOP; You said: "hello". (choice 2); STOP`},
		{"a filter", flash, contents(user("hello [[mock:filter]]")), `You said: "hello".; SAFETY`},
		{"a prompt that is blocked", flash, contents(user("hello [[mock:refuse]]")), `blocked`},
		{"an older model goes on", flash, contents(user("hello") + `,{"role":"model","parts":[{"text":"I"}]}`), ` and so on, about "hello".; STOP`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var whole reply
			do(c, tt.path, tt.body).Into(t, &whole)
			if got := whole.said(); got != tt.want {
				t.Errorf("whole: got %s, want %s", got, tt.want)
			}
			streamed := joined(t, do(c, stream+"?alt=sse", tt.body))
			if streamed.UsageMetadata != whole.UsageMetadata {
				t.Errorf("usage: got %+v streamed, want %+v", streamed.UsageMetadata, whole.UsageMetadata)
			}
			if len(whole.Candidates) < 2 && flat(streamed.said()) != flat(tt.want) {
				t.Errorf("streamed: got %s, want %s", streamed.said(), tt.want)
			}
			var list []reply
			do(c, stream, tt.body).Into(t, &list)
			if u := whole.UsageMetadata; u.PromptTokenCount+u.CandidatesTokenCount+u.ThoughtsTokenCount != u.TotalTokenCount || list[len(list)-1].UsageMetadata != u {
				t.Errorf("got usage %+v whole and %+v in a list, want them alike and with their total", u, list[len(list)-1].UsageMetadata)
			}
		})
	}
}

// flat takes out what separates parts: a stream has more of them.
func flat(s string) string { return strings.ReplaceAll(s, "; ", "") }

// joined puts the events of a stream together.
func joined(t *testing.T, r mocktest.Reply) reply {
	t.Helper()
	if r.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Fatalf("got %s %s, want a stream", r.Header.Get("Content-Type"), r.Body)
	}
	var out reply
	for _, event := range strings.Split(strings.TrimSuffix(r.Body, "\r\n\r\n"), "\r\n\r\n") {
		data, ok := strings.CutPrefix(event, "data: ")
		var one reply
		if err := json.Unmarshal([]byte(data), &one); err != nil || !ok {
			t.Fatalf("got the event %q, want JSON behind data and CRLF", event)
		}
		out.Candidates = append(out.Candidates, one.Candidates...)
		out.PromptFeedback, out.UsageMetadata = one.PromptFeedback, one.UsageMetadata
	}
	return out
}

// A newer model's call has an id and a signature, which it wants back.
func TestSignatures(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "gemini", mockllm.Options{})
	ask := user(`call get with {"a":1}`)
	var first reply
	do(c, newest, contents(ask, tool)).Into(t, &first)
	p := first.Candidates[0].Content.Parts[0]
	if p.FunctionCall == nil || p.FunctionCall.ID == "" || p.ThoughtSignature == "" {
		t.Fatalf("got %+v, want a call with an id and a signature", p)
	}
	for _, signature := range []string{p.ThoughtSignature, "skip_thought_signature_validator"} {
		loop := contents(ask+`,{"role":"model","parts":[{"functionCall":{"id":"`+p.FunctionCall.ID+`","name":"get","args":{"a":1}},"thoughtSignature":"`+signature+`"}]},`+
			strings.Replace(result, `"name"`, `"id":"`+p.FunctionCall.ID+`","name"`, 1), tool)
		var second reply
		do(c, newest, loop).Into(t, &second)
		if got, want := second.said(), `The tools answered: get says "one".; STOP`; got != want {
			t.Errorf("%s: got %s, want %s", signature, got, want)
		}
	}
}

func TestCountsAndEmbeds(t *testing.T) {
	t.Parallel()
	c := mocktest.Start(t, "gemini", mockllm.Options{})
	var count struct{ TotalTokens int }
	do(c, "/v1beta/models/gemini-2.5-flash:countTokens", contents(user("one two three"))).Into(t, &count)
	var whole struct{ TotalTokens int }
	do(c, "/v1beta/models/gemini-2.5-flash:countTokens", `{"generateContentRequest":`+contents(user("one two three"))+`}`).Into(t, &whole)
	if count.TotalTokens != 5 || whole.TotalTokens != 5 {
		t.Errorf("got %d and %d tokens, want 5", count.TotalTokens, whole.TotalTokens)
	}
	var one struct{ Embedding struct{ Values []float64 } }
	do(c, "/v1beta/models/gemini-embedding-001:embedContent", `{"content":{"parts":[{"text":"a"}]},"outputDimensionality":8}`).Into(t, &one)
	var many struct {
		Embeddings []struct{ Values []float64 }
	}
	do(c, "/v1beta/models/gemini-embedding-001:batchEmbedContents", `{"requests":[{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"a"}]},"outputDimensionality":8},{"model":"models/gemini-embedding-001","content":{"parts":[{"text":"b"}]}}]}`).Into(t, &many)
	if len(one.Embedding.Values) != 8 || len(many.Embeddings) != 2 || many.Embeddings[0].Values[0] != one.Embedding.Values[0] || len(many.Embeddings[1].Values) != 3072 {
		t.Errorf("got %d values and %d embeddings, want 8, and the same again beside one of 3072", len(one.Embedding.Values), len(many.Embeddings))
	}
	var models struct{ Models []struct{ Name string } }
	c.Do("GET", "/v1beta/models", "", "Authorization", "", "X-Goog-Api-Key", "AIza-mock").Into(t, &models)
	var model struct{ Name string }
	c.Do("GET", "/v1beta/models/gemini-2.5-flash", "", "Authorization", "", "X-Goog-Api-Key", "AIza-mock").Into(t, &model)
	if len(models.Models) == 0 || models.Models[1].Name != model.Name || model.Name != "models/gemini-2.5-flash" {
		t.Errorf("got %+v and %+v, want the list to have the model", models, model)
	}
}
