package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/builtin"
	guards "github.com/postern-gateway/postern/plugin/guard/builtin"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

const hash = "d0509993080b879314d385486721354d89ca61361193450775c8bbf78f421239"

const (
	edKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" // of RFC 8037
	edJWK = `{"kty":"OKP","crv":"Ed25519","x":"` + edKey + `"}`
)

func read(document string) (*config.Plan, error) {
	env := map[string]string{"OPENAI_API_KEY": "sk-secret", "BAD_KEY": "sk-\nsecret", "AWS_ID": "id", "AWS_SECRET": "secret", "AWS_TOKEN": "token"}
	return config.Read([]byte(document), config.Parts{
		Providers:   builtin.Providers(),
		Guards:      guards.Types(),
		Environment: func(name string) string { return env[name] },
	})
}

// provider is a good one, with more members.
func provider(more string) string {
	return `{"providers":[{"name":"openai","type":"openai","cluster":"c","keys":[{"env":"OPENAI_API_KEY"}]` + more + `}]`
}

// bedrock is a provider whose requests are signed.
func bedrock(key string) string {
	return `{"providers":[{"name":"a","type":"bedrock","cluster":"c","options":{"region":"us-east-1"},"keys":[` + key + `]}]`
}

func TestKeysOfSeveralVariables(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		key, want string
		signs     bool
	}{
		{`{"envs":["AWS_ID","AWS_SECRET","AWS_TOKEN"]}`, "id:secret:token", true},
		{`{"envs":["AWS_ID","AWS_SECRET","NOWHERE"]}`, "id:secret", true},
		{`{"value":"id:secret"}`, "id:secret", true},
		{`{"env":"OPENAI_API_KEY"}`, "sk-secret", false},
	} {
		plan, err := read(bedrock(tt.key) + "}")
		if err != nil {
			t.Errorf("%s: %v", tt.key, err)
			continue
		}
		p := plan.Providers[0]
		if k := p.Keys[0]; k.Value.Reveal() != tt.want || k.Signs != tt.signs || k.Signs == (k.Headers != nil) {
			t.Errorf("%s: got %q, which signs: %v, with %d headers, want %q and %v", tt.key, k.Value.Reveal(), k.Signs, len(k.Headers), tt.want, tt.signs)
		}
		if want := "bedrock-runtime.us-east-1.amazonaws.com"; p.Host != want {
			t.Errorf("%s: got host %q, want %q", tt.key, p.Host, want)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, document string
		want           []string // parts of the error, one for each thing that is wrong
	}{
		{"nothing", ``, []string{"unexpected end of the document"}},
		{"no object", `[]`, []string{"want an object"}},
		{"no providers", `{}`, []string{"providers: missing"}},
		{"unknown key with a suggestion", `{"provider":[]}`, []string{`provider: unknown key (did you mean "providers"?)`, "providers: missing"}},
		{"the same key twice", `{"role":"gateway","role":"gateway"}`, []string{"role"}},
		{"unknown role", provider("") + `,"role":"sidecar"}`, []string{"role: want"}},
		{"unknown type", `{"providers":[{"name":"a","type":"opena","cluster":"c","keys":[{"value":"k"}]}]}`, []string{`providers[0].type: want`, `did you mean "openai"`}},
		{"unknown option", provider(`,"options":{"organisation":"x"}`) + "}", []string{`providers[0].options.organisation: unknown key (did you mean "organization"?)`}},
		{"meaning of nothing", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"meaning":{}}]}`, []string{"models[0].meaning: no branch has examples"}},
		{"meaning by words of a provider", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"meaning":{"provider":"openai"},"when":[{"examples":["a"],"targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].meaning: by words nobody is asked"}},
		{"meaning by embeddings of nobody", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"meaning":{"by":"embeddings"},"when":[{"examples":["a"],"targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].meaning.provider: missing", "models[0].meaning.model: missing"}},
		{"meaning by a provider that is not there", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"meaning":{"by":"model","provider":"opena","model":"x"},"when":[{"name":"a","examples":["a"],"targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].meaning.provider: no provider is called"}},
		{"a branch without a name that a model is asked about", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"meaning":{"by":"model","provider":"openai","model":"x"},"when":[{"examples":["a"],"targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].when: a branch that a model is asked about needs a name"}},
		{"two branches of one name", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"meaning":{"by":"model","provider":"openai","model":"x"},"when":[{"name":"a","about":"x","targets":[{"provider":"openai"}]},{"name":"A","about":"y","targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].when: a branch that a model is asked about needs a name"}},
		{"a threshold of a model", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"meaning":{"by":"model","provider":"openai","model":"x","threshold":0.5},"when":[{"name":"a","about":"x","targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].meaning: a model says yes or no"}},
		{"a branch that only says what it is about", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"when":[{"name":"a","about":"x","targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].when: a branch says what it is about"}},
		{"an empty example", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"when":[{"examples":["a"," "],"targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].when[0].examples[1]: want a text"}},
		{"a mirror of nobody", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"mirror":{}}]}`, []string{"models[0].mirror.provider: missing"}},
		{"a mirror of too much", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"mirror":{"provider":"openai","percent":101,"concurrent":0}}]}`, []string{"models[0].mirror.percent: want 0 to 100", "models[0].mirror.concurrent: want 1 to 64"}},
		{"a mirror with clients' keys", `{"providers":[{"name":"a","type":"openai","cluster":"c","keys":[{"passthrough":true}]}],"models":[{"name":"m","targets":[{"provider":"a"}],"mirror":{"provider":"a"}}]}`, []string{"models[0].mirror.provider: this provider gets its clients' own keys"}},
		{"meaning by vectors of a provider that makes none", `{"providers":[{"name":"a","type":"anthropic","cluster":"c","keys":[{"value":"k"}]}],"models":[{"name":"m","targets":[{"provider":"a"}],"meaning":{"by":"embeddings","provider":"a","model":"x"},"when":[{"examples":["a"],"targets":[{"provider":"a"}]}]}]}`, []string{"models[0].meaning.provider: this provider has none that could be asked"}},
		{"too many examples", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"when":[{"examples":["a"` + strings.Repeat(`,"a"`, 200) + `],"targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].when[0].examples: want at most 200 texts"}},
		{"examples that are too large", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"when":[{"examples":["` + strings.Repeat("a", 2048) + `"` + strings.Repeat(`,"`+strings.Repeat("b", 2048)+`"`, 32) + `],"targets":[{"provider":"openai"}]}]}]}`, []string{"models[0].meaning: want at most 64 KiB of examples"}},
		{"name with a slash", strings.Replace(provider("")+"}", `"name":"openai"`, `"name":"a/b"`, 1), []string{"providers[0].name: must not contain"}},
		{"name that is taken", `{"providers":[{"name":"a","type":"openai","cluster":"c","keys":[{"value":"k"}]},{"name":"a","type":"openai","cluster":"c","keys":[{"value":"k"}]}]}`, []string{"providers[1].name: another provider"}},
		{"no keys", `{"providers":[{"name":"a","type":"openai","cluster":"c"}]}`, []string{"providers[0].keys: missing"}},
		{"two sources of one key", `{"providers":[{"name":"a","type":"openai","cluster":"c","keys":[{"env":"OPENAI_API_KEY","value":"sk-inline"}]}]}`, []string{"providers[0].keys[0]: want exactly one of"}},
		{"environment variable that is not set", `{"providers":[{"name":"a","type":"openai","cluster":"c","keys":[{"env":"NOWHERE"}]}]}`, []string{"providers[0].keys[0].env: the Wasm VM has no such environment variable"}},
		{"key that cannot be a header", `{"providers":[{"name":"a","type":"openai","cluster":"c","keys":[{"env":"BAD_KEY"}]}]}`, []string{"providers[0].keys[0]: the key has characters"}},
		{"variables of one key of which one is not set", bedrock(`{"envs":["AWS_ID","NOWHERE","AWS_TOKEN"]}`) + "}", []string{"providers[0].keys[0].envs[1]: the Wasm VM has no such environment variable"}},
		{"variables of one key, the only two of which are not set", bedrock(`{"envs":["NOWHERE","NOWHERE"]}`) + "}", []string{"providers[0].keys[0].envs[0]: the Wasm VM"}},
		{"one variable as a list", bedrock(`{"envs":["AWS_ID"]}`) + "}", []string{"providers[0].keys[0].envs: want at least two names"}},
		{"an access key without its secret", bedrock(`{"envs":["AWS_ID","NOWHERE"]}`) + "}", []string{"providers[0].keys[0].envs[1]: the Wasm VM"}},
		{"an access key of too many parts", bedrock(`{"value":"sk-a:b:c:d"}`) + "}", []string{"providers[0].keys[0]: want an access key's id"}},
		{"an access key without a region", `{"providers":[{"name":"a","type":"bedrock","cluster":"c","host":"h","keys":[{"value":"sk-a:b"}]}]}`, []string{"providers[0].keys[0]: an access key signs for a region: options.region is missing"}},
		{"an access key where bodies cannot be had", `{"hold_headers":"never",` + bedrock(`{"value":"sk-a:b"}`)[1:] + "}", []string{"providers[0].keys[0]: a key that signs requests needs their bodies"}},
		{"several errors at once", `{"providers":[{"name":"","type":"openai","cluster":7,"keys":[{"value":"k","weight":0}]}],"bounds":{"request":"1TB","request_time":"soon"}}`,
			[]string{"providers[0].name: must not be empty", "providers[0].cluster: want a string", "providers[0].keys[0].weight: want 1 to", "bounds.request:", "bounds.request_time:"}},
		{"target without a provider", provider("") + `,"models":[{"name":"m","targets":[{"provider":"opena"}]}]}`, []string{`models[0].targets[0].provider: no provider is called "opena" (did you mean "openai"?)`}},
		{"model without targets", provider("") + `,"models":[{"name":"m"}]}`, []string{"models[0].targets: missing"}},
		{"causes of a fallback that are none", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai"}],"retry":{"attempts":1,"on":[true]},"fallback":[{"provider":"openai","on":[200,"3xx","rate_limit",429,"5xx"]}]}]}`,
			[]string{"models[0].retry.on[0]: want", "models[0].fallback[0].on[0]: want 400 to 599, got 200", "models[0].fallback[0].on[1]: want one of", `did you mean "rate_limited"`}},
		{"a cluster that the plugin does not use", provider("") + `,"models":[{"name":"m","cluster":"c","targets":[{"provider":"openai","cluster":"d"}]}]}`, []string{"models[0].cluster: goes with mechanism: native", "models[0].targets[0].cluster: goes with mechanism: native"}},
		{"a native group without a cluster", provider("") + `,"models":[{"name":"m","mechanism":"native","targets":[{"provider":"openai","cluster":"d"},{"provider":"openai"}]}]}`, []string{"models[0].targets[1].cluster: is required with mechanism: native"}},
		{"what the proxy decides", provider("") + `,"models":[{"name":"m","mechanism":"native","cluster":"c","strategy":"priority","targets":[{"provider":"openai","weight":3}],"retry":{"backoff":"1s","on":["guard"]},"fallback":[{"provider":"openai","on":["timeout"]}],"continue":{}}]}`,
			[]string{"models[0].strategy: needs a cluster for each target", "models[0].targets[0].weight: needs a cluster of the target's own", "models[0].retry.backoff: goes with mechanism: plugin", "models[0].retry.on: guard goes with mechanism: plugin", "models[0].continue: goes with mechanism: plugin", "models[0].fallback[0].on: goes with mechanism: plugin"}},
		{"a redirect without clusters", provider("") + `,"models":[{"name":"m","mechanism":"redirect","cluster":"c","targets":[{"provider":"openai"}],"retry":{"backoff":"1s"},"fallback":[{"provider":"openai"}]},{"name":"n","targets":[{"provider":"openai"}],"fallback":[{"provider":"openai","cluster":"c"}]}]}`,
			[]string{"models[0].cluster: goes with mechanism: native", "models[0].targets[0].cluster: is required with mechanism: redirect", "models[0].retry.backoff: goes with mechanism: plugin", "models[0].fallback[0].cluster: is required with mechanism: redirect", "models[1].fallback[0].cluster: goes with mechanism: redirect"}},
		{"a redirect where bodies cannot be had", `{"hold_headers":"never",` + provider("")[1:] + `,"models":[{"name":"m","mechanism":"redirect","targets":[{"provider":"openai","cluster":"c"}]}]}`, []string{"models[0].mechanism: redirect needs the bodies"}},
		{"a native group where bodies cannot be had", `{"hold_headers":"never",` + provider("")[1:] + `,"models":[{"name":"m","mechanism":"native","cluster":"c","targets":[{"provider":"openai"}]}]}`, []string{"models[0].mechanism: native needs the bodies"}},
		{"an attempt that is more", `{"role":"attempt","hold_headers":"always","provider":[]}`, []string{"hold_headers: does not go with role: attempt", "provider: does not go with role: attempt"}},
		{"weights that add up to nothing", provider("") + `,"models":[{"name":"m","targets":[{"provider":"openai","weight":0},{"provider":"openai","weight":0}]}]}`, []string{"models[0].targets: want"}},
		{"guards with mistakes", provider("") + `,"guards":[{"type":"pi"},{"type":"pii","entities":["EMAIL"],"action":"hash","keep":9,"terms":[{"entity":"x","words":["a"]},{"entity":"OWN","words":["b"],"patterns":["a*"]}]}]}`,
			[]string{`guards[0].type: want one of "pii"`, "guards[1].entities[0]: want one of", "guards[1].keep: want 0 to 8", "guards[1].terms[0].entity: want capitals", "guards[1].terms[1].words[0]: want 2 to 128", "guards[1].terms[1].patterns[0]: matches the empty string", "guards[1].hash_key_env: missing"}},
		{"guards where bodies cannot be had", `{"hold_headers":"never",` + provider("")[1:] + `,"guards":[{"type":"pii"}]}`, []string{"guards: want a proxy that holds headers"}},
		{"consumer without keys", provider("") + `,"consumers":[{"name":"web"}]}`, []string{"consumers[0].keys: missing"}},
		{"hash that is none", provider("") + `,"consumers":[{"name":"web","keys":[{"sha256":"xyz"}]}]}`, []string{"consumers[0].keys[0].sha256: want 64 hexadecimal digits"}},
		{"key of two consumers", provider("") + `,"consumers":[{"name":"a","keys":[{"sha256":"` + hash + `"}]},{"name":"b","keys":[{"sha256":"` + hash + `"}]}]}`, []string{"consumers[1].keys[0].sha256: another consumer has this key"}},
		{"end of a key that is no time", provider("") + `,"consumers":[{"name":"web","keys":[{"sha256":"` + hash + `","expires":"tomorrow"}]}]}`, []string{"consumers[0].keys[0].expires: want a time such as"}},
		{"consumers who cannot prove who they are", provider("") + `,"consumers":[{"name":"web"}],"identity":{}}`, []string{"identity: there is no method by which"}},
		{"order that leaves a method out", provider("") + `,"identity":{"order":["trusted"],"trusted":{"header":"x"},"signed_keys":{"public_keys":["` + edKey + `"]}}}`, []string{"identity.order: leaves out key"}},
		{"order that names what is not there", provider("") + `,"identity":{"order":["trusted","jwt"],"trusted":{"header":"x"}}}`, []string{"identity.order: names jwt"}},
		{"order that names one twice", provider("") + `,"identity":{"order":["trusted","trusted"],"trusted":{"header":"x"}}}`, []string{"identity.order[1]: is there before"}},
		{"public key that is none", provider("") + `,"identity":{"signed_keys":{"public_keys":["sk-x","` + edKey + `"]}}}`, []string{"identity.signed_keys.public_keys[0]: "}},
		{"no public key", provider("") + `,"identity":{"signed_keys":{}}}`, []string{"identity.signed_keys.public_keys: missing"}},
		{"issuer of nothing", provider("") + `,"identity":{"jwt":[{}]}}`, []string{"identity.jwt[0].issuer: missing", "identity.jwt[0].audiences: missing", `identity.jwt[0]: want exactly one of "jwks", "keys" and "secret", got none`}},
		{"issuer of two sets", provider("") + `,"identity":{"jwt":[{"issuer":"i","audiences":["a"],"jwks":{"cluster":"c","host":"h","path":"/"},"keys":[` + edJWK + `]}]}}`, []string{`identity.jwt[0]: want exactly one of`}},
		{"issuer for nobody", provider("") + `,"identity":{"jwt":[{"issuer":"i","audiences":[],"keys":[` + edJWK + `]}]}}`, []string{"identity.jwt[0].audiences: want at least one"}},
		{"issuer with a private key", provider("") + `,"identity":{"jwt":[{"issuer":"i","audiences":["a"],"keys":[` + edJWK[:len(edJWK)-1] + `,"d":"sk-d"}]}]}}`, []string{"identity.jwt[0].keys[0]: it is a private key"}},
		{"issuer with a secret among its keys", provider("") + `,"identity":{"jwt":[{"issuer":"i","audiences":["a"],"keys":[{"kty":"oct","k":"sk-k"}]}]}}`, []string{"identity.jwt[0].keys[0]: want a public key"}},
		{"issuer with a short secret", provider("") + `,"identity":{"jwt":[{"issuer":"i","audiences":["a"],"secret":{"value":"sk-short"}}]}}`, []string{"identity.jwt[0].secret: want a secret of at least 32 bytes"}},
		{"issuer with a secret that is not set", provider("") + `,"identity":{"jwt":[{"issuer":"i","audiences":["a"],"secret":{"env":"NOWHERE"}}]}}`, []string{"identity.jwt[0].secret.env: the Wasm VM"}},
		{"public keys and an algorithm of secrets", provider("") + `,"identity":{"jwt":[{"issuer":"i","audiences":["a"],"algorithms":["EdDSA","HS256"],"keys":[` + edJWK + `]}]}}`, []string{"identity.jwt[0].algorithms[1]: is not one of public keys"}},
		{"algorithm none", provider("") + `,"identity":{"jwt":[{"issuer":"i","audiences":["a"],"algorithms":["none"],"keys":[` + edJWK + `]}]}}`, []string{"identity.jwt[0].algorithms[0]: want"}},
		{"consumers without a name's claim", provider("") + `,"identity":{"jwt":[{"issuer":"i","audiences":["a"],"keys":[` + edJWK + `],"claims":{"consumer":""}}]}}`, []string{"identity.jwt[0].claims.consumer: must not be empty"}},
		{"certificates of two kinds", provider("") + `,"identity":{"client_certificate":{"rules":[{"uri":"a","dns":"b","name":"c"}]}}}`, []string{"identity.client_certificate.rules[0]: want exactly one of"}},
		{"certificates with two stars", provider("") + `,"identity":{"client_certificate":{"rules":[{"uri":"a*b*","name":"c"}]}}}`, []string{"identity.client_certificate.rules[0]: want at most one *"}},
		{"a star that stands for nothing", provider("") + `,"identity":{"client_certificate":{"rules":[{"uri":"a","name":"c*"}]}}}`, []string{"identity.client_certificate.rules[0].name: a * stands for"}},
		{"the word of two", provider("") + `,"identity":{"trusted":{"header":"a","property":["b"]}}}`, []string{"identity.trusted: want exactly one of"}},
		{"a header that is read already", provider("") + `,"identity":{"trusted":{"header":"a","tenant_header":"A"}}}`, []string{"identity.trusted.tenant_header: is read already"}},
		{"a header that has keys", provider("") + `,"identity":{"trusted":{"header":"Authorization"}}}`, []string{"identity.trusted.header: "}},
		{"consumer's name that is taken", provider("") + `,"consumers":[{"name":"a","keys":[{"sha256":"` + hash + `"}]},{"name":"a","keys":[{"sha256":"` + strings.Replace(hash, "d0", "d1", 1) + `"}]}]}`, []string{"consumers[1].name: another consumer"}},
		{"host with a port", provider("") + `,"match":[{"hosts":["a:8080"]}]}`, []string{"match[0].hosts[0]: want a host name"}},
		{"prefix without a slash", provider("") + `,"match":[{"prefix":"llm"}]}`, []string{"match[0].prefix: want a path"}},
		{"header that nobody may set", provider("") + `,"client_headers":{"narrow":["skip-everything"]}}`, []string{"client_headers.narrow[0]: want"}},
		{"signal that nobody gives", provider("") + `,"signals":{"headers":["consumers"]}}`, []string{`signals.headers[0]: want`, `did you mean "consumer"`}},
		{"header of what is known at the end", provider("") + `,"signals":{"headers":["tokens"]}}`, []string{`signals.headers[0]: want`}},
		{"signals that are no lists", provider("") + `,"signals":{"headers":"tier","propertys":[]}}`, []string{`signals.headers: want a list`, `signals.propertys: unknown key (did you mean "properties"?)`}},
		{"cache of a scope that there is not", provider("") + `,"cache":{"scope":"user"}}`, []string{"cache.scope: want"}},
		{"cache by what is no part of a key", provider("") + `,"cache":{"key":["user","model","header:"]}}`, []string{"cache.key[1]: want user", "cache.key[2]: want user"}},
		{"cache rule without a time", provider("") + `,"cache":{"models":[{"models":["m"]}]}}`, []string{"cache.models[0].ttl: missing"}},
		{"cache of a branch where there is none", provider("") + `,"models":[{"name":"m","when":[{"cache":{"ttl":"1m"},"targets":[{"provider":"openai"}]}],"targets":[{"provider":"openai"}]}]}`, []string{"models[0].when[0].cache: nothing is kept"}},
		{"cache of a branch with mistakes", provider("") + `,"cache":{},"models":[{"name":"m","when":[{"cache":{"ttl":"400d","scope":"shared"},"targets":[{"provider":"openai"}]}],"cache":{},"targets":[{"provider":"openai"}]}]}`,
			[]string{"models[0].when[0].cache.ttl: want 0s to", "models[0].when[0].cache.scope: unknown key", "models[0].cache: unknown key"}},
		{"cache in a store that there is not", provider("") + `,"cache":{"store":{"memcached":{}}}}`, []string{"cache.store.memcached: unknown key"}},
		{"cache in a Redis that is nowhere", provider("") + `,"cache":{"store":{"redis":{}}}}`, []string{"cache.store.redis.cluster: missing"}},
		{"cache in a Redis with all kinds of mistakes", provider("") + `,"cache":{"store":{"redis":{"cluster":"r","protocol":"resp","deadline":"1m","max_value":1,"prefix":"a\n","token":{"env":"BAD_KEY"},"secret":{}}}}}`,
			[]string{"redis.protocol: want", "redis.deadline: want", "redis.max_value: want", "redis.prefix: has characters", "redis.token: has characters", "redis.secret: want exactly one of"}},
		{"cache in a Redis whose token is nowhere", provider("") + `,"cache":{"store":{"redis":{"cluster":"r","token":{"env":"NOWHERE"}}}}}`, []string{"cache.store.redis.token.env: "}},
		{"cache of similar questions with all kinds of mistakes", provider("") + `,"cache":{"similar":{"threshold":0.5,"turns":0,"max_bytes":"1KiB","mode":"on","by":"words"}}}`,
			[]string{"cache.similar.threshold: want", "cache.similar.turns: want", "cache.similar.max_bytes: want", "cache.similar.mode: want", "cache.similar.by: unknown key"}},
		{"cache of similar questions that is switched", provider("") + `,"cache":{"similar":true}}`, []string{"cache.similar: want"}},
		{"cache of too little", provider("") + `,"cache":{"ttl":"400d","max_answer":1,"store":{"memory":{"max_bytes":"1KiB"}}}}`, []string{"cache.ttl: want", "cache.max_answer: want", "cache.store.memory.max_bytes: want"}},
		{"privileged header that there is not", provider("") + `,"consumers":[{"name":"a","privileged":["cost"],"keys":[{"sha256":"` + hash + `"}]}]}`, []string{"consumers[0].privileged[0]: want"}},
		{"admin at the root", provider("") + `,"admin":{"prefix":"/","keys":[{"sha256":"` + hash + `"}]}}`, []string{"admin.prefix: want a path"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := read(tt.document)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to contain %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "sk-") {
				t.Errorf("the error shows a secret: %q", err)
			}
		})
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	plan, err := read(provider("") + `,"signals":{"headers":["tier","operation"],"properties":["cost_micro_usd","consumer","output_tokens"]}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Signals{
		Headers:    []config.Signal{{Fact: config.FactTier, Name: "x-postern-tier"}, {Fact: config.FactOperation, Name: "x-postern-operation"}},
		Properties: []config.Signal{{Fact: config.FactConsumer, Name: "postern_consumer"}},
		Amounts:    []config.Signal{{Fact: config.FactCost, Name: "postern_cost_micro_usd"}, {Fact: config.FactOutputTokens, Name: "postern_output_tokens"}},
	}
	if !reflect.DeepEqual(plan.Signals, want) {
		t.Errorf("got %+v, want %+v", plan.Signals, want)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	plan, err := read(provider(`,"host":"llm.example.com"`) + `,
		"match":[{"hosts":["AI.example.com","*.llm.example.com"],"prefix":"/ai/"}],
		"models":[
			{"name":"gpt-*-mini","targets":[{"provider":"openai","model":"small"}]},
			{"name":"gpt-4o-mini","targets":[{"provider":"openai","model":"never reached"}]},
			{"name":"gpt-4o","targets":[{"provider":"openai","weight":3},{"provider":"openai","model":"b","weight":1}]},
			{"name":"*","targets":[{"provider":"openai","model":"rest"}]}],
		"consumers":[{"name":"web","tenant":"acme","tier":"free","models":["gpt-*"],"keys":[{"sha256":"` + hash + `"}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"gpt-4o-mini": "small", "gpt-4o": "", "anything": "rest", "": "rest"} {
		if m, ok := plan.Models.Find(name); !ok || m.Targets[0].Model != want {
			t.Errorf("model %q: got %v, want the one whose first target is %q", name, m, want)
		}
	}
	m, _ := plan.Models.Find("gpt-4o")
	if g, _ := m.Branch(nil, 0); len(g.Targets) != 2 || g.Pick.Targets[0].Weight != 3 || g.Pick.Targets[1].Weight != 1 || g.Targets[1].Model != "b" {
		t.Errorf("got the targets %v, want two with the weights 3 and 1", g.Pick.Targets)
	}
	for host, want := range map[string]bool{"ai.example.com": true, "x.llm.example.com": true, "llm.example.com": false, "example.com": false} {
		if got := plan.Match[0].Host(host); got != want {
			t.Errorf("host %q: got %v, want %v", host, got, want)
		}
	}
	if plan.Match[0].Prefix != "/ai" {
		t.Errorf("got prefix %q, want /ai", plan.Match[0].Prefix)
	}
	if c, p := plan.Identity.Keys.Find([32]byte{}, 0); p == nil {
		t.Errorf("got consumer %v for a key that nobody has", c)
	}
	if key := plan.Providers[0].Keys[0]; len(key.Headers) != 1 || key.Headers[0].Value != "Bearer sk-secret" {
		t.Errorf("got key headers of %d, want one", len(key.Headers))
	}
}

// TestCacheThatIsOff keeps nothing, and what it says is checked all the same.
func TestCacheThatIsOff(t *testing.T) {
	t.Parallel()
	for document, want := range map[string][2]bool{
		`{}`:                          {true, false},
		`{"mode":"shadow"}`:           {true, false},
		`{"mode":"off"}`:              {false, false},
		`{"similar":{}}`:              {true, true},
		`{"similar":{"mode":"off"}}`:  {true, false},
		`{"mode":"off","similar":{}}`: {false, false},
	} {
		plan, err := read(provider("") + `,"cache":` + document + `}`)
		if err != nil {
			t.Fatalf("%s: %v", document, err)
		}
		if got := [2]bool{plan.Cache != nil, plan.Cache != nil && plan.Cache.Similar != nil}; got != want {
			t.Errorf("%s: equal and similar: got %v, want %v", document, got, want)
		}
	}
	if _, err := read(provider("") + `,"cache":{"mode":"off","ttl":1}}`); err == nil {
		t.Error("a mistake in a cache that is off: got no error")
	}
}

// TestLimitsThatAreOff limit nothing, and what they say is checked all the same.
func TestLimitsThatAreOff(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]int{"enforce": 2, "shadow": 2, "off": 0} {
		plan, err := read(provider("") + `,"limits":[{"key":["model"],"requests":1,"per":"1m","mode":"` + mode + `"}],"budgets":[{"name":"b","key":["tenant"],"usd":1,"per":"1m","mode":"` + mode + `"}]}`)
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		if got := len(plan.Limits.Rules); got != want || plan.Limits.Any != (want > 0) {
			t.Errorf("%s: got %d rules, any: %v; want %d", mode, got, plan.Limits.Any, want)
		}
	}
	if _, err := read(provider("") + `,"limits":[{"requests":1,"per":"1y","mode":"off"}]}`); err == nil {
		t.Error("a mistake in a limit that is off: got no error")
	}
}

func TestGlobs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, name string
		want          bool
	}{
		{"gpt-4o", "gpt-4o", true}, {"gpt-4o", "gpt-4o-mini", false},
		{"*", "", true}, {"*", "x", true},
		{"a*", "a", true}, {"a*", "ba", false}, {"*a", "ba", true}, {"*a", "ab", false},
		{"a*a", "a", false}, {"a*a", "aa", true}, {"a*b*c", "axbyc", true}, {"a*b*c", "acb", false},
		{"*b*", "abc", true}, {"*b*b*", "abc", false}, {"**", "x", true}, {"a*bc", "abcbc", true},
	} {
		plan, err := read(provider("") + `,"models":[{"name":"` + tt.pattern + `","targets":[{"provider":"openai"}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if _, got := plan.Models.Find(tt.name); got != tt.want {
			t.Errorf("%q against %q: got %v, want %v", tt.pattern, tt.name, got, tt.want)
		}
	}
}

// FuzzRead: no document makes reading panic, and what is accepted can be used.
func FuzzRead(f *testing.F) {
	f.Add(provider("") + "}")
	f.Add(provider("") + `,"models":[{"name":"a*","targets":[{"provider":"openai"}]}],"consumers":[{"name":"x","keys":[{"sha256":"` + hash + `"}]}]}`)
	f.Add(provider("") + `,"identity":{"order":["jwt","key"],"jwt":[{"issuer":"i","audiences":["a"],"keys":[` + edJWK + `],"claims":{"tags":"a.b"}}],"signed_keys":{"public_keys":["` + edKey + `"],"revoked":["x"]}}}`)
	f.Fuzz(func(t *testing.T, document string) {
		plan, err := read(document)
		if err != nil {
			return
		}
		if len(plan.Providers) == 0 || len(plan.Match) == 0 {
			t.Errorf("accepted %q without providers or match", document)
		}
		if m, ok := plan.Models.Find("gpt-4o"); ok && len(m.Groups[len(m.Groups)-1].Targets) == 0 {
			t.Errorf("accepted %q with a model without targets", document)
		}
	})
}

func must(t *testing.T, document string) *config.Plan {
	t.Helper()
	plan, err := read(document)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestNativeGroups(t *testing.T) {
	t.Parallel()
	plan := must(t, provider("")+`,"models":[
		{"name":"one","mechanism":"native","cluster":"c","targets":[{"provider":"openai","model":"a"}],"fallback":[{"provider":"openai","model":"b"},{"provider":"openai","model":"c"}]},
		{"name":"each","mechanism":"native","strategy":"priority","retry":{"attempts":4},"targets":[{"provider":"openai","model":"a","cluster":"a","weight":3},{"provider":"openai","model":"b","cluster":"b"}]}]}`)
	var groups []*config.Group
	for m := range plan.EachModel {
		groups = append(groups, m.Groups...)
	}
	if g := groups[0]; !g.Native || g.Picks || g.Cluster != "c" || g.Retry.Attempts != 2 {
		t.Errorf("got %+v, want a group of one cluster with two retries", g)
	}
	if g := groups[1]; !g.Native || !g.Picks || g.Targets[1].Cluster != "b" || g.Retry.Attempts != 4 {
		t.Errorf("got %+v, want a group that picks among clusters, with four retries", g)
	}
	if plan := must(t, `{"role":"attempt"}`); plan.Role != config.Attempt || len(plan.Providers) > 0 {
		t.Errorf("got %+v, want an attempt", plan)
	}
}
