package main

import (
	"strings"
	"testing"
)

func TestRoute(t *testing.T) {
	t.Parallel()
	config := write(t, "postern.json", `{"providers":[
		{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"POSTERN_TEST_UNSET"}]},
		{"name":"claude","type":"anthropic","cluster":"anthropic","keys":[{"env":"POSTERN_TEST_UNSET"}]}],
		"models":[{"name":"auto","when":[{"name":"free","tiers":["free"],"targets":[{"provider":"openai","model":"gpt-4o-mini"}]},
			{"name":"beta","headers":[{"name":"x-beta"}],"targets":[{"provider":"openai","model":"gpt-5"}]}],
			"targets":[{"provider":"openai","model":"gpt-4o"}],"fallback":[{"provider":"claude","model":"claude-sonnet-4-5","on":["overloaded",429,"5xx"]}],"continue":{}},
			{"name":"words","when":[{"name":"parcels","examples":["is my parcel late"],"targets":[{"provider":"openai","model":"gpt-4o-mini"}]}],"targets":[{"provider":"openai","model":"gpt-4o"}]},
			{"name":"asked","meaning":{"by":"model","provider":"claude","model":"claude-haiku-4-5"},"when":[{"name":"parcels","examples":["is my parcel late"],"targets":[{"provider":"openai","model":"gpt-4o-mini"}]}],"targets":[{"provider":"openai","model":"gpt-4o"}]}],
		"tiers":[{"name":"free"}],
		"consumers":[{"name":"guest","tier":"free","keys":[{"sha256":"2e939aaa99993d0921b3ae39bf380806feaca3a4340d4b376ab387d974745542"}]},
			{"name":"web","models":["other"],"keys":[{"sha256":"d0509993080b879314d385486721354d89ca61361193450775c8bbf78f421239"}]}]}`)
	const request = `{"model":"auto","messages":[{"role":"user","content":"Hi"}]}`
	for _, tt := range []struct {
		name, in string
		args     []string
		status   int
		out, err string
	}{
		{name: "a chat", in: request, out: "target: openai: gpt-4o, weight 1\nfallback: claude: claude-sonnet-4-5 on overloaded, 5xx, 429\ngoes on with streams that break off: 1\n"},
		{name: "of a tier", in: request, args: []string{"--consumer", "guest"}, out: "branch: free\nstrategy: weighted\ntarget: openai: gpt-4o-mini"},
		{name: "with a header", in: request, args: []string{"--header", "X-Beta: 1"}, out: "branch: beta"},
		{name: "about something by words", in: strings.NewReplacer("auto", "words", "Hi", "my parcel?").Replace(request), out: "about: parcels 0."},
		{name: "about something that would be asked", in: strings.Replace(request, "auto", "asked", 1), out: "about: would be asked of claude: claude-haiku-4-5: parcels or none; what follows is for none\n"},
		{name: "of a provider's path", in: request, args: []string{"--path", "/claude/v1/chat/completions"}, status: failed, err: "404 model_not_found"},
		{name: "of nobody", in: request, args: []string{"--consumer", "nobody"}, status: failed, err: `no consumer is called "nobody"`},
		{name: "of one who may not", in: request, args: []string{"--consumer", "web"}, status: failed, err: "403 model_not_allowed"},
		{name: "of a model that is not there", in: strings.Replace(request, "auto", "auti", 1), status: failed, err: "does not exist here"},
		{name: "another path", in: request, args: []string{"--path", "/health"}, status: failed, err: "not one of a request to a model"},
		{name: "a header without a value", in: request, args: []string{"--header", "x"}, status: misuse, err: "want NAME:VALUE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := execute(tt.in, append([]string{"route", "--config", config, "-"}, tt.args...)...)
			if got.status != tt.status || !strings.Contains(got.out, tt.out) || !strings.Contains(got.err, tt.err) {
				t.Errorf("got %+v, want %d with %q and %q", got, tt.status, tt.out, tt.err)
			}
		})
	}
}
