package custom_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/custom"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

const document = `{"a":{"b":["x",{"c":1},null]},"l":[{"k":"t","v":"1"},{"k":"u","v":"2","w":{"x":true}},{"k":"t","v":"3"}],"n":null,"type":"delta","0":"zero"}`

func TestPaths(t *testing.T) {
	t.Parallel()
	var doc rawjson.Doc
	if err := doc.Parse([]byte(document)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path string
		want string // values with blanks between; "-" for what is no path
	}{
		{"", ""},
		{"a.b[0]", `"x"`},
		{"$.a.b[1].c", `1`},
		{"a.b[-2].c", `1`},
		{"a.b[-1]", ""},
		{"a.b[-9]", ""},
		{"a.b[9]", ""},
		{"a.b[*]", `"x" {"c":1}`},
		{"a[*]", ""},
		{"a.b.c", ""},
		{"n", ""},
		{"n|a.b[0]", `"x"`},
		{" n | z | a.b[1].c ", `1`},
		{"l[*].v", `"1" "2" "3"`},
		{"l[k=t].v", `"1" "3"`},
		{"l[k!=t].v", `"2"`},
		{"l[w.x=true].v", `"2"`},
		{"l[w.x!=true].v", `"1" "3"`},
		{"l[w=null].v", `"1" "3"`},
		{"l[k=t][0]", ""},
		{"[type=delta].l[0].v", `"1"`},
		{"[type=other].l[0].v", ""},
		{"[@event=say].type", `"delta"`},
		{"[@event!=say].type", ""},
		{"0", `"zero"`},
		{"$", document},
		{"$[type=delta]", document},
		{"a..b", "-"},
		{"a.", "-"},
		{".a", "-"},
		{"a b", "-"},
		{"a[", "-"},
		{"a[]", "-"},
		{"a[x]", "-"},
		{"a[=x]", "-"},
		{"a[!=x]", "-"},
		{"a[b c=x]", "-"},
		{"a[b..c=x]", "-"},
		{"a[0]b", "-"},
		{"a|", "-"},
		{"|a", "-"},
		{"$a", "-"},
		{"a$", "-"},
		{`a["b"]`, "-"},
		{strings.Repeat("a.", 32) + "a", "-"},
	} {
		got, ok := custom.Follow(tt.path, "say", doc.Root())
		if want := tt.want != "-"; ok != want || want && strings.Join(got, " ") != tt.want {
			t.Errorf("%q: got %q, %v, want %s", tt.path, got, ok, tt.want)
		}
	}
}

func TestConfigurationsThatAreWrong(t *testing.T) {
	t.Parallel()
	const good = `"path":"/p","request":{"m":"{{messages}}"},"response":{"text":"t","finish":"f"}`
	for _, tt := range []struct{ name, options, want string }{
		{"nothing", `{}`, "path: missing\nrequest: missing\nresponse: missing\nresponse.text: missing"},
		{"an unknown name", `{"path":"/p","request":{"m":"{{messages}}","x":[{"y":"{{temprature}}"}]},"response":{"text":"t"}}`, `request.x[0].y: there is no name "temprature" here (did you mean "temperature"?)`},
		{"a name of another template", `{"path":"/p","request":{"m":"{{messages}}","x":"{{content}}"},"response":{"text":"t"}}`, `request.x: there is no name "content" here`},
		{"a path from a made name", `{"path":"/p","request":{"m":"{{messages[0]}}"},"response":{"text":"t"}}`, `request.m: there is no name "messages[0]" here (did you mean "messages"?)`},
		{"no end of a name", `{"path":"/p","request":{"m":"{{messages}}","x":"a{{user"},"response":{"text":"t"}}`, `request.x: want }} behind {{`},
		{"a default that is no JSON", `{"path":"/p","request":{"m":"{{messages}}","x":"{{max_tokens|many}}"},"response":{"text":"t"}}`, "request.x: want JSON behind the bar of a name"},
		{"no conversation", `{"path":"/p","request":{"m":"{{model}}"},"response":{"text":"t"}}`, "request: want {{messages}}, {{prompt}} or {{last}} in it, and {{last}} beside {{history}}, or nobody is asked anything"},
		{"a request that is no object", `{"path":"/p","request":"{{last}}","response":{"text":"t"}}`, "request: want an object"},
		{"a history alone", `{"path":"/p","request":{"m":"{{history}}"},"response":{"text":"t"}}`, "request: want {{messages}}, {{prompt}} or {{last}} in it, and {{last}} beside {{history}}, or nobody is asked anything"},
		{"a message without content", `{` + good + `,"messages":{"user":{"a":"{{role}}"}}}`, "messages.user: want {{content}} in it"},
		{"a path of requests", `{"path":"p","request":{"m":"{{messages}}"},"response":{"text":"t"}}`, "path: want a path that begins with a slash, with {model} once at most"},
		{"two models", `{"path":"/{model}/{model}","request":{"m":"{{messages}}"},"response":{"text":"t"}}`, "path: want a path that begins with a slash, with {model} once at most"},
		{"a path of answers", `{"path":"/p","request":{"m":"{{messages}}"},"response":{"text":"t..x"}}`, "response.text: want a path such as choices[0].text, items[*].text, items[type=text].text or a.b|c"},
		{"calls without a name", `{"path":"/p","request":{"m":"{{messages}}"},"response":{"text":"t","tool_calls":"c[*]"}}`, "response.tool_call_name: missing; tool_calls need it\nstream.tool_call_name: missing; tool_calls need it"},
		{"a finish", `{"path":"/p","request":{"m":"{{messages}}"},"response":{"text":"t","finish_words":{"x":"end"}}}`, `response.finish_words: "x": want stop, length, tool_calls or content_filter, got "end"`},
		{"lines that nothing ends", `{"path":"/p","request":{"m":"{{messages}}"},"response":{"text":"t"},"stream":{"framing":"ndjson"}}`, "stream.end: want end, end_data or end_at_close, or a path at finish, for a stream that was cut to be told"},
		{"a status", `{` + good + `,"error":{"words":{"x":"200","y":"429 slow"}}}`, `error.words: "x": want a status from 400 to 599 and perhaps a code, got "200"`},
		{"headers", `{` + good + `,"key_header":"Host","headers":{"x-postern-a":"b","x-b":"ü"}}`, `key_header: "Host": want the name of a header in lower case that is not the proxy's own, and printable characters` + "\n" +
			`headers: "x-postern-a": want the name of a header in lower case that is not the proxy's own, and printable characters` + "\n" +
			`headers: "x-b": want the name of a header in lower case that is not the proxy's own, and printable characters`},
		{"an unknown key", `{` + good + `,"respnse":1}`, `respnse: unknown key (did you mean "response"?)`},
	} {
		err := strict.Decode([]byte(tt.options), func(o *strict.Object) { _, _ = custom.Provider().Options(o) })
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestPathsOfRequestsAndKeys(t *testing.T) {
	t.Parallel()
	all := documented(t)
	for _, tt := range []struct {
		provider, model string
		stream          bool
		want            string
		header          adapters.Header
	}{
		{"generate", "m", false, "/generate", adapters.Header{Name: "authorization", Value: "Bearer k"}},
		{"generate", "m", true, "/generate_stream", adapters.Header{Name: "authorization", Value: "Bearer k"}},
		{"lines", "house/7b?", true, "/v2/models/house%2F7b%3F/chat", adapters.Header{Name: "x-house-token", Value: "k"}},
		{"lines", "..", true, "/v2/models/%2E%2E/chat", adapters.Header{Name: "x-house-token", Value: "k"}},
		{"agent", "m", false, "/agent/run?version=3", adapters.Header{Name: "authorization", Value: "Bearer k"}},
	} {
		a := compiled(t, all[tt.provider])
		if got := a.ChatPath(tt.model, tt.stream); got != tt.want {
			t.Errorf("%s: got path %s, want %s", tt.provider, got, tt.want)
		}
		if got := a.(adapters.Adapter).Credential(secret.New("k")); len(got) != 1 || got[0] != tt.header {
			t.Errorf("%s: got credential %v, want %v", tt.provider, got, tt.header)
		}
	}
	if got := compiled(t, all["agent"]).(adapters.Adapter).Defaults(); !slices.Equal(got, []adapters.Header{{Name: "x-team", Value: "search"}}) {
		t.Errorf("got headers %v", got)
	}
}

// A stream that only closes has to bring its finish where there is a place for one.
func TestStreamsThatOnlyClose(t *testing.T) {
	t.Parallel()
	const some = `"path":"/p","request":{"m":"{{messages}}"},"stream":{"end_at_close":true},"response":{"text":"t"`
	for _, tt := range []struct {
		name, options, in string
		want              adaptertest.Ending
	}{
		{"no finish", `{` + some + `}}`, "data: {\"t\":\"a\"}\n\n", adaptertest.Complete},
		{"no finish, and nothing", `{` + some + `}}`, "", adaptertest.Failed},
		{"half an event", `{` + some + `}}`, "data: {\"t\":\"a\"}\n\ndata: {\"t\":", adaptertest.Complete},
		{"a finish", `{` + some + `,"finish":"f"}}`, "data: {\"t\":\"a\"}\n\ndata: {\"f\":\"end\"}\n\n", adaptertest.Complete},
		{"a finish before the last text", `{` + some + `,"finish":"f"}}`, "data: {\"f\":\"end\"}\n\ndata: {\"t\":\"a\"}\n\n", adaptertest.Complete},
		{"a finish that is missing", `{` + some + `,"finish":"f"}}`, "data: {\"t\":\"a\",\"f\":null}\n\n", adaptertest.Failed},
		{"done", `{` + some + `,"finish":"f"}}`, "data: {\"t\":\"a\"}\n\ndata: [DONE]\n\n", adaptertest.Complete},
		{"what is no JSON", `{` + some + `}}`, "data: a\n\n", adaptertest.Failed},
	} {
		s := adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: compiled(t, tt.options), Grammar: adaptertest.OpenAIChat}
		got, err := s.Stream([]byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true}`), []byte(tt.in))
		if err != nil {
			t.Fatal(err)
		}
		ending, err := s.Grammar(got)
		if err != nil || ending != tt.want {
			t.Errorf("%s: got (%v, ending %d)\n%s, want ending %d", tt.name, err, ending, got, tt.want)
		}
		if want := strings.Contains(tt.in, `"t":"a"`); want != strings.Contains(string(got), `"content":"a"`) {
			t.Errorf("%s: got %s, want the text: %v", tt.name, got, want)
		}
	}
}

// Of calls that come in pieces a piece may be of nothing.
func TestAPieceOfNoCall(t *testing.T) {
	t.Parallel()
	s := adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: compiled(t, documented(t)["agent"]), Grammar: adaptertest.OpenAIChat}
	got, err := s.Stream([]byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true}`),
		[]byte("event: act\ndata: {}\n\nevent: done\ndata: {}\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	if ending, err := s.Grammar(got); err != nil || ending != adaptertest.Complete || strings.Contains(string(got), "tool_calls") {
		t.Errorf("got (%v, ending %d)\n%s, want an answer without calls", err, ending, got)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ template, want string }{
		{`{{max_tokens|7}}`, `7`},
		{`{{ max_tokens | 7 }}`, `7`},
		{`{{user|\"a}}b\"}}`, `"a}}b"`},
		{`{{metadata|{\"a\":{\"b\":[{}]}}}}`, `{"a":{"b":[{}]}}`},
		{`x{{metadata|{\"a\":{}}}}y{{user|\"z\"}}`, `"x{\"a\":{}}yz"`},
		{`a{{user|null}}`, `"anull"`},
		{`{}}`, `"{}}"`},
	} {
		s := adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: compiled(t, `{"path":"/p","request":{"p":"{{last}}","x":"`+tt.template+`"},"response":{"text":"t"}}`)}
		got, _, e := s.Translate([]byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}]}`))
		if want := `{"p":"Hi","x":` + tt.want + `}`; e != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", tt.template, got, e, want)
		}
	}
}

// A message whose template has a name that it does not say is not left out in silence.
func TestMessagesThatSayTooLittleAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ template, want string }{
		{`"request":{"p":"{{prompt}}"},"prompt":{"user":"{{name}}: {{content}}"}`, ""},
		{`"request":{"p":"{{prompt}}"},"prompt":{"user":"Of {{name}}: {{content}}"}`, ""},
		{`"request":{"p":"{{prompt}}"},"prompt":{"user":"{{name|\"some\"}}: {{content}} ","end":"{{role|1}}"}`, `{"p":"some: Hi 1"}`},
		{`"request":{"p":"{{messages}}"},"messages":{"user":"{{name}}: {{content}}"}`, ""},
		{`"request":{"p":"{{messages}}"},"messages":{"user":{"by":"{{name}}","as":"{{role}}","x":"{{role.x}}","says":"{{content}}"}}`, `{"p":[{"as":"user","says":"Hi"}]}`},
	} {
		s := adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: compiled(t, `{"path":"/p",`+tt.template+`,"response":{"text":"t"}}`)}
		got, _, e := s.Translate([]byte(`{"model":"m","messages":[{"role":"user","content":"Hi"}]}`))
		if string(got) != tt.want || (e == nil) != (tt.want != "") || e != nil && e.Code != "unsupported_value" {
			t.Errorf("%s: got %s, %+v, want %q", tt.template, got, e, tt.want)
		}
	}
}

// A prompt has no place for calls, whatever messages would have.
func TestCallsInAPromptAreRefused(t *testing.T) {
	t.Parallel()
	s := adaptertest.Suite{Dialect: dialect.OpenAI(), Provider: compiled(t, `{"path":"/p","request":{"p":"{{prompt}}"},"messages":{"user":"{{content}}","assistant":["{{content}}","{{tool_calls}}"],"tool":"{{content}}"},"response":{"text":"t"}}`)}
	_, _, e := s.Translate([]byte(`{"model":"m","messages":[{"role":"user","content":"Hi"},{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"x"}]}`))
	if e == nil || e.Code != "unsupported_value" {
		t.Errorf("got %+v, want it refused", e)
	}
}

// An answer in one piece is kept, but not without bound.
func TestAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	d := compiled(t, whole).NewDecoder()
	piece := []byte(strings.Repeat(" ", 1<<20))
	for i := range 20 {
		if err := d.Event(nil, piece, func(*chat.Event) {}); (err != nil) != (i == 16) {
			t.Fatalf("piece %d: got %v", i, err)
		}
	}
	if err := d.Close(func(*chat.Event) {}); err != nil {
		t.Errorf("got %v after the error, want nothing more", err)
	}
}
