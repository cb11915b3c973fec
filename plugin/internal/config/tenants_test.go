package config_test

import (
	"slices"
	"strings"
	"testing"
)

// key is a consumer's key, another one for each n.
func key(n string) string { return `"keys":[{"sha256":"` + n + hash[len(n):] + `"}]` }

const own = `"providers":[{"name":"openai","type":"openai","cluster":"t","keys":[{"value":"k"}]}]`

func TestSpaces(t *testing.T) {
	t.Parallel()
	plan, err := read(provider("") + `,
		"models":[{"name":"fast","targets":[{"provider":"openai"}]},{"name":"top","targets":[{"provider":"openai"}]}],
		"tenants":[
			{"name":"apart",` + own + `,"models":[{"name":"fast","targets":[{"provider":"openai"}]}],"consumers":[{"name":"web",` + key("1") + `}]},
			{"name":"both","tier":"free","shared":"yes",` + own + `,"models":[{"name":"fast","targets":[{"provider":"openai"}]}],"consumers":[{"name":"web",` + key("2") + `},{"name":"app","tier":"pro",` + key("3") + `}]},
			{"name":"guest"},
			{"name":"shut","shared":"no"}],
		"tiers":[{"name":"free","models":["fast"]},{"name":"pro"}],
		"consumers":[{"name":"web",` + key("4") + `},{"name":"late","tenant":"both",` + key("5") + `}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ tenant, models, provider string }{
		{"", "fast,top", "c"}, {"apart", "fast", "t"}, {"both", "fast,top", "t"}, {"guest", "fast,top", "c"}, {"shut", "", ""},
	} {
		s, ok := plan.Space(tt.tenant)
		if !ok {
			t.Fatalf("%q: got no space", tt.tenant)
		}
		cluster := ""
		if p, ok := s.Provider("openai"); ok {
			cluster = p.Cluster
		}
		if got := strings.Join(s.Names(), ","); got != tt.models || cluster != tt.provider {
			t.Errorf("%q: got %s at %q, want %s at %q", tt.tenant, got, cluster, tt.models, tt.provider)
		}
		if m := s.Find("fast", nil); m != nil && m.Targets[0].Provider.Cluster != tt.provider {
			t.Errorf("%q: got fast at %s, want %s", tt.tenant, m.Targets[0].Provider.Cluster, tt.provider)
		}
	}
	for _, tenant := range []string{"nobody", "APART", "apart ", "*"} {
		if _, ok := plan.Space(tenant); ok {
			t.Errorf("%q: got a space, want none", tenant)
		}
	}
	both, _ := plan.Space("both")
	for _, tt := range []struct {
		asked, want string
		ok          bool
	}{{"", "free", true}, {"pro", "pro", true}, {"gold", "gold", false}} {
		name, tier, ok := plan.Tier(tt.asked, both)
		if name != tt.want || ok != tt.ok || (tier != nil) != ok {
			t.Errorf("tier %q: got %s, %v, %v, want %s, %v", tt.asked, name, tier, ok, tt.want, tt.ok)
		}
	}
	var labels []string
	for p := range plan.EachProvider {
		labels = append(labels, p.Label())
	}
	if want := []string{"openai", "apart/openai", "both/openai"}; !slices.Equal(labels, want) {
		t.Errorf("got providers %v, want %v", labels, want)
	}
	if plan.Identity.Len() != 5 {
		t.Errorf("got %d consumers, want 5", plan.Identity.Len())
	}
}

func TestWhatIsRefusedOfTenantsAndRules(t *testing.T) {
	t.Parallel()
	rule := func(more string) string {
		return provider("") + `,"access":[{"name":"r","effect":"deny"` + more + `}]}`
	}
	for _, tt := range []struct {
		name, document string
		want           []string
	}{
		{"two tenants of one name", provider("") + `,"tenants":[{"name":"a"},{"name":"a"}]}`, []string{"tenants[1].name: another tenant"}},
		{"tenant without a name", provider("") + `,"tenants":[{}]}`, []string{"tenants[0].name: missing"}},
		{"another tenant's provider", provider("") + `,"tenants":[{"name":"a","providers":[{"name":"p","type":"openai","cluster":"c","keys":[{"value":"k"}]}]},{"name":"b","models":[{"name":"m","targets":[{"provider":"p"}]}]}]}`, []string{`tenants[1].models[0].targets[0].provider: no provider is called "p"`}},
		{"a tenant's provider at the top", provider("") + `,"models":[{"name":"m","targets":[{"provider":"p"}]}],"tenants":[{"name":"a","providers":[{"name":"p","type":"openai","cluster":"c","keys":[{"value":"k"}]}]}]}`, []string{`models[0].targets[0].provider: no provider is called "p"`}},
		{"two providers of one name in a tenant", provider("") + `,"tenants":[{"name":"a","providers":[{"name":"p","type":"openai","cluster":"c","keys":[{"value":"k"}]},{"name":"p","type":"openai","cluster":"c","keys":[{"value":"k"}]}]}]}`, []string{"tenants[0].providers[1].name: another provider"}},
		{"one key in two tenants", provider("") + `,"tenants":[{"name":"a","consumers":[{"name":"w",` + key("1") + `}]},{"name":"b","consumers":[{"name":"w",` + key("1") + `}]}]}`, []string{"tenants[1].consumers[0].keys[0].sha256: another consumer has this key"}},
		{"one name of a consumer twice in a tenant", provider("") + `,"tenants":[{"name":"a","consumers":[{"name":"w",` + key("1") + `}]}],"consumers":[{"name":"w","tenant":"a",` + key("2") + `}]}`, []string{"consumers[0].name: another consumer"}},
		{"tenant of a tenant's consumer", provider("") + `,"tenants":[{"name":"a","consumers":[{"name":"w","tenant":"b",` + key("1") + `}]}]}`, []string{"tenants[0].consumers[0].tenant: unknown key"}},
		{"tenant that there is not", provider("") + `,"tenants":[{"name":"acme"}],"consumers":[{"name":"w","tenant":"acne",` + key("1") + `}]}`, []string{`consumers[0].tenant: no tenant is called "acne" (did you mean "acme"?)`}},
		{"tiers that there are not", provider("") + `,"tiers":[{"name":"free"}],"tenants":[{"name":"a","tier":"gold"}],"consumers":[{"name":"w","tier":"fre",` + key("1") + `}]}`, []string{`tenants[0].tier: no tier is called "gold"`, `consumers[0].tier: no tier is called "fre" (did you mean "free"?)`}},
		{"two tiers of one name", provider("") + `,"tiers":[{"name":"a"},{"name":"a"}]}`, []string{"tiers[1].name: another tier"}},
		{"word for shared that is none", provider("") + `,"tenants":[{"name":"a","shared":"maybe"}]}`, []string{"tenants[0].shared: want"}},
		{"rule without a name and effect", provider("") + `,"access":[{}]}`, []string{"access[0].name: missing", "access[0].effect: missing"}},
		{"effect that is none", provider("") + `,"access":[{"name":"r","effect":"block"}]}`, []string{"access[0].effect: want"}},
		{"cap without tokens", provider("") + `,"access":[{"name":"r","effect":"cap"}]}`, []string{"access[0].max_tokens: a cap needs it"}},
		{"tokens without a cap", rule(`,"max_tokens":5`), []string{"access[0].max_tokens: a cap needs it"}},
		{"condition that is none", rule(`,"when":{"user":["a"]}`), []string{"access[0].when.user: unknown key"}},
		{"operation that is none", rule(`,"when":{"operations":["chats"]}`), []string{"access[0].when.operations[0]: want"}},
		{"form that is none", rule(`,"when":{"input":["picture"]}`), []string{"access[0].when.input[0]: want"}},
		{"provider that there is not", rule(`,"when":{"providers":["opena"]}`), []string{`access[0].when.providers[0]: no provider is called "opena" (did you mean "openai"?)`}},
		{"hours that are none", rule(`,"when":{"hours":["mon 08:00-18:00","9 to 5"]}`), []string{"access[0].when.hours[1]: want days"}},
		{"network with more than its prefix", rule(`,"when":{"networks":["192.0.2.1/24"]}`), []string{"access[0].when.networks[0]: want a network"}},
		{"names in rules that there are not", provider("") + `,"tenants":[{"name":"acme"}],"tiers":[{"name":"free"}],"access":[{"name":"r","effect":"deny","when":{"tenants":["acne","a*"],"tiers":["freee"]}}]}`, []string{`access[0].when.tenants[0]: there is no "acne" (did you mean "acme"?)`, `access[0].when.tiers[0]: there is no "freee"`}},
		{"tenants in a tenant's rule", provider("") + `,"tenants":[{"name":"a","access":[{"name":"r","effect":"deny","when":{"tenants":["b"]}}]}]}`, []string{"tenants[0].access[0].when.tenants: unknown key"}},
		{"hops that are none", provider("") + `,"client_address":{"trusted_hops":-1}}`, []string{"client_address.trusted_hops: want 0 to 16"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(tt.document)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to contain %q", err, want)
				}
			}
		})
	}
}
