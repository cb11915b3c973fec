package bedrock_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/bedrock"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

func TestPaths(t *testing.T) {
	t.Parallel()
	p := adapter(t, `{}`).(adapters.Translator)
	for _, tt := range []struct {
		model  string
		stream bool
		want   string
	}{
		{"anthropic.claude-sonnet-4-5-20250929-v1:0", false, "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse"},
		{"us.amazon.nova-pro-v1:0", true, "/model/us.amazon.nova-pro-v1%3A0/converse-stream"},
		{"arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc", false, "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc/converse"},
		{"..", false, "/model/%2E%2E/converse"},
		{"a?b#c é", false, "/model/a%3Fb%23c%20%C3%A9/converse"},
	} {
		if got := p.ChatPath(tt.model, tt.stream); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.model, got, tt.want)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		`{}`:                        "",
		`{"region":"eu-central-1"}`: "bedrock-runtime.eu-central-1.amazonaws.com",
		`{"region":"cn-north-1"}`:   "bedrock-runtime.cn-north-1.amazonaws.com.cn",
	} {
		if got := adapter(t, options).(adapters.Located).Host(); got != want {
			t.Errorf("%s: got %q, want %q", options, got, want)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	a := adapter(t, `{"region":"us-east-1"}`)
	if got := a.Credential(secret.New("ABSKabc=")); len(got) != 1 || got[0] != (adapters.Header{Name: "authorization", Value: "Bearer ABSKabc="}) {
		t.Errorf("got %v, want a bearer token", got)
	}
	if got := a.Credential(secret.New("AKID:secret")); got != nil {
		t.Errorf("got %v for an access key, want no header", got)
	}
	for _, tt := range []struct {
		name, options, key, err string
		headers                 int
	}{
		{"access key", `{"region":"us-east-1"}`, "AKID:secret", "", 2},
		{"session", `{"region":"us-east-1"}`, "AKID:secret:token", "", 3},
		{"no region", `{}`, "AKID:secret", "options.region", 0},
		{"no secret", `{"region":"us-east-1"}`, "AKID:", "joined by colons", 0},
		{"no id", `{"region":"us-east-1"}`, ":secret", "joined by colons", 0},
		{"token that is empty", `{"region":"us-east-1"}`, "AKID:secret:", "joined by colons", 0},
		{"too many parts", `{"region":"us-east-1"}`, "AKID:secret:token:more", "joined by colons", 0},
		{"no colon", `{"region":"us-east-1"}`, "AKID", "joined by colons", 0},
	} {
		s := adapter(t, tt.options).(adapters.Signer)
		got, err := s.Sign(secret.New(tt.key), &adapters.Outgoing{Method: "POST", Host: "h", Path: "/"}, 0)
		switch {
		case len(got) != tt.headers, (err != nil) != (tt.err != ""):
			t.Errorf("%s: got %d headers, %v, want %d, %q", tt.name, len(got), err, tt.headers, tt.err)
		case err != nil && (!strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "AKID")):
			t.Errorf("%s: got %v, want %q and nothing of the key", tt.name, err, tt.err)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ options, want string }{
		{`{"region":"US east"}`, "region: want a region"},
		{`{"guardrail":{"version":"1"}}`, "guardrail.id"},
		{`{"guardrails":{}}`, "unknown key"},
	} {
		err := strict.Decode([]byte(tt.options), func(o *strict.Object) {
			if _, err := bedrock.Provider().Options(o); err != nil {
				o.Fail("", err.Error())
			}
		})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.options, err, tt.want)
		}
	}
}

func TestGuardrail(t *testing.T) {
	t.Parallel()
	var r chat.Request
	r.Begin(chat.User)
	r.Add(chat.Part{Text: chat.Text("Hi")})
	got, e := adapter(t, `{"guardrail":{"id":"gr-1"}}`).(adapters.Translator).AppendRequest(nil, &r)
	const want = `{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"guardrailConfig":{"guardrailIdentifier":"gr-1","guardrailVersion":"DRAFT"}}`
	if e != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, e, want)
	}
}
