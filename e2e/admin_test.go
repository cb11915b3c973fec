package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/envoy"
)

const adminKey = "client-operator"

// adminConfig names a model that no other listener has, so that its counters are this
// test's alone: plugins of one module share them.
func adminConfig() string {
	return `{"providers":[{"name":"openai","type":"openai","cluster":"mock-openai","keys":[{"value":"` + mockKey("openai") + `"}]},
		{"name":"anthropic","type":"anthropic","cluster":"mock-anthropic","keys":[{"value":"` + mockKey("anthropic") + `"}]}],
		"models":[{"name":"counted","targets":[{"provider":"openai","model":"gpt-4o"}]},{"name":"counted-claude","targets":[{"provider":"anthropic","model":"claude-haiku-4-5"}]}],
		"admin":{"prefix":"/operator","keys":[{"sha256":"` + hash(adminKey) + `"}]}}`
}

// administration adds the listener with an admin endpoint.
func (s *suite) administration(add func(string, envoy.Listener) error) ([]any, error) {
	return nil, add("admin", envoy.Listener{Filters: filters(adminConfig(), false)})
}

// administer gets a page of the admin endpoint.
func (s *suite) administer(t *testing.T, path, key string, page any) int {
	t.Helper()
	r, err := http.NewRequest("GET", s.url("admin")+"/operator"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(page); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return resp.StatusCode
}

func TestAdminEndpoint(t *testing.T) {
	t.Parallel()
	s := start(t)
	var health struct{ Status string }
	if status := s.administer(t, "/health", adminKey, &health); status != 200 || health.Status != "ok" {
		t.Errorf("health: got %d %+v, want 200 and ok", status, health)
	}
	var version struct{ Version, Commit, Go, Configuration string }
	if status := s.administer(t, "/version", adminKey, &version); status != 200 || version.Configuration != digestOf(adminConfig()) {
		t.Errorf("version: got %d %+v, want 200 and the digest %s", status, version, digestOf(adminConfig()))
	}
	if version.Version == "" || version.Commit == "" || !strings.HasPrefix(version.Go, "go1.") {
		t.Errorf("version: got %+v, want a version, a commit and the Go release", version)
	}
	var refusal struct{ Error struct{ Code string } }
	if status := s.administer(t, "/counters", "client-nobody", &refusal); status != 401 || refusal.Error.Code != "invalid_api_key" {
		t.Errorf("counters with another key: got %d %+v, want 401", status, refusal)
	}
}

// TestAdminCountersAreTheProxys sends some traffic and compares the endpoint's
// counters with those that Envoy itself shows.
func TestAdminCountersAreTheProxys(t *testing.T) {
	t.Parallel()
	s := start(t)
	base := s.url("admin") + "/v1/"
	chat := strings.NewReplacer("gpt-4o", "counted")
	const rounds = 3
	for range rounds {
		post(t, base+"chat/completions", chat.Replace(ask("Hi")))
		post(t, base+"chat/completions", chat.Replace(askStream("Hi")))
		post(t, base+"chat/completions", chat.Replace(ask("[[mock:status=429]]")))
		post(t, base+"messages", `{"model":"counted-claude","max_tokens":100,"messages":[{"role":"user","content":"Hi"}]}`, "anthropic-version", "2023-06-01")
	}
	const good = "postern.requests;operation=chat;provider=openai;model=counted;status=200"
	counters := map[string]int64{}
	eventually(t, "all requests are counted", func() bool {
		s.administer(t, "/counters", adminKey, &counters)
		return counters[good] == 2*rounds
	})
	for _, name := range []string{
		"postern.requests;operation=chat;provider=openai;model=counted;status=429",
		"postern.requests;operation=chat;provider=anthropic;model=counted-claude;status=200",
	} {
		if counters[name] != rounds {
			t.Errorf("%s: got %d, want %d", name, counters[name], rounds)
		}
	}
	stats, err := readStats(s.envoy)
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range counters {
		if !strings.Contains(name, "model=counted") {
			continue // others count there too, between the two looks
		}
		if got := stats["wasmcustom."+name]; got != n {
			t.Errorf("%s: the endpoint says %d, Envoy says %d", name, n, got)
		}
	}
	histograms, err := s.envoy.Ask("/stats?filter=gen_ai.client")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"token.usage", "operation.duration_ms", "operation.time_to_first_chunk_ms"} {
		if want := "gen_ai.client." + name + ";operation=chat;provider=openai;model=counted"; !strings.Contains(histograms, want) {
			t.Errorf("Envoy's stats lack %s", want)
		}
	}
	for name := range stats {
		if own, ok := strings.CutPrefix(name, "wasmcustom.postern."); ok && strings.Contains(name, "model=counted") {
			if _, ok := counters["postern."+own]; !ok {
				t.Errorf("the endpoint lacks %s", name)
			}
		}
	}
}
