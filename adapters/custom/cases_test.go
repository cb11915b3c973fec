package custom_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/custom"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/strict"
)

// compiled is the provider with these options, in JSON.
func compiled(tb testing.TB, options string) adapters.Translator {
	tb.Helper()
	var a adapters.Adapter
	var err error
	if e := strict.Decode([]byte(options), func(o *strict.Object) { a, err = custom.Provider().Options(o) }); e != nil || err != nil {
		tb.Fatal(e, err)
	}
	return a.(adapters.Translator)
}

// documented are the options that docs/providers.md shows, by the provider's name.
func documented(tb testing.TB) map[string]string {
	tb.Helper()
	page, err := os.ReadFile("../../docs/providers.md")
	if err != nil {
		tb.Fatal(err)
	}
	all := map[string]string{"whole": whole, "plain": plain}
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(block, "type: custom") {
			continue
		}
		var config struct {
			Providers []struct {
				Name    string
				Options map[string]any
			}
		}
		if err := yaml.Unmarshal([]byte(block), &config); err != nil {
			tb.Fatal(err)
		}
		for _, p := range config.Providers {
			options, err := json.Marshal(p.Options)
			if err != nil {
				tb.Fatal(err)
			}
			all[p.Name] = string(options)
		}
	}
	if len(all) < 5 {
		tb.Fatalf("got %d configurations, want the three of the page and two", len(all))
	}
	return all
}

// whole is a server without streams, which takes one question and tells its thoughts
// between tags.
const whole = `{"path":"/ask","key_header":"x-api-key","think_tags":true,
	"request":{"question":"{{last}}","rules":"{{system|\"Be kind.\"}}","tools_as_text":"Tools: {{tools|[]}}","fixed":[1,"{{user}}",{"n":null}]},
	"response":{"text":"answers[*].text|answer","finish":"truncated","finish_words":{"true":"length"},"output_tokens":"used"},
	"stream":{"framing":"none"},
	"error":{"when":"[code!=0]","message":"msg","code":"code","words":{"17":"429 queue_full"}}}`

// plain takes OpenAI's messages and answers in server-sent events that only end.
const plain = `{"path":"/chat","extra_names":["repetition_penalty"],
	"request":{"m":"{{messages}}","t":"{{tools}}","choice":"{{tool_choice}}","one":"{{parallel_tool_calls}}","format":"{{response_format}}","penalty":"{{repetition_penalty}}","s":"{{stream}}"},
	"response":{"text":"text","tool_calls":"calls[*]","tool_call_name":"name","tool_call_arguments":"args"},
	"stream":{"end_at_close":true}}`

// suites are the pairs of a configuration and a client, by their folders.
func suites(tb testing.TB) map[string]adaptertest.Suite {
	tb.Helper()
	all := map[string]adaptertest.Suite{}
	for name, options := range documented(tb) {
		p := compiled(tb, options)
		all[name+"/openai"] = adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: p, Grammar: adaptertest.OpenAIChat}
		all[name+"/anthropic"] = adaptertest.Suite{Dialect: dialect.Anthropic(), Provider: p, Grammar: adaptertest.AnthropicMessages}
	}
	return all
}

func TestClients(t *testing.T) {
	t.Parallel()
	for dir, s := range suites(t) {
		if _, err := os.Stat("testdata/" + dir); err != nil {
			continue
		}
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			adaptertest.Run(t, s, os.DirFS("testdata"), dir)
		})
	}
}
