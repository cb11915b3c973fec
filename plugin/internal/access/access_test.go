package access_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/identity"
	"github.com/postern-gateway/postern/plugin/internal/network"
)

func networks(t testing.TB, list ...string) []network.Prefix {
	t.Helper()
	var all []network.Prefix
	for _, s := range list {
		p, ok := network.ParsePrefix(s)
		if !ok {
			t.Fatalf("%s is no network", s)
		}
		all = append(all, p)
	}
	return all
}

func address(t testing.TB, s string) network.Address {
	t.Helper()
	a, ok := network.Parse(s)
	if !ok {
		t.Fatalf("%s is no address", s)
	}
	return a
}

func hours(t testing.TB, s string) []access.Hours {
	t.Helper()
	h, ok := access.ParseHours(s)
	if !ok {
		t.Fatalf("%q is no part of a week", s)
	}
	return h
}

// monday is when a week began in UTC, in seconds since 1970.
const monday = 1_700_438_400

func TestJudge(t *testing.T) {
	t.Parallel()
	type when = access.When
	deny := func(name string, w when) access.Rule { return access.Rule{Name: name, Effect: access.Deny, When: w} }
	allow := func(name string, w when) access.Rule { return access.Rule{Name: name, Effect: access.Allow, When: w} }
	limit := func(name string, n int64, w when) access.Rule {
		return access.Rule{Name: name, Effect: access.Cap, MaxTokens: n, When: w}
	}
	shadow := func(r access.Rule) access.Rule { r.Shadow = true; return r }
	chat := access.Of(adapters.Chat)
	fine, refused := "fine", "refused"
	for _, tt := range []struct {
		about string
		rules []access.Rule
		edit  func(q *access.Request) // of a chat with gpt-4o of consumer web, tenant acme, tier free, tags eu and beta
		want  string                  // fine, refused, or the name of the rule that refuses
		more  string                  // of a fine one: the most tokens, or the rule in shadow
	}{
		{"no rules", nil, nil, fine, ""},
		{"a rule for everything", []access.Rule{deny("d", when{})}, nil, "d", ""},
		{"of the consumer", []access.Rule{deny("d", when{Consumers: []string{"web"}})}, nil, "d", ""},
		{"of another consumer", []access.Rule{deny("d", when{Consumers: []string{"app"}})}, nil, fine, ""},
		{"of consumers by a pattern", []access.Rule{deny("d", when{Consumers: []string{"w*"}})}, nil, "d", ""},
		{"of the tenant", []access.Rule{deny("d", when{Tenants: []string{"acme"}})}, nil, "d", ""},
		{"of another consumer of the tenant", []access.Rule{deny("d", when{Tenants: []string{"acme"}, Consumers: []string{"app"}})}, nil, fine, ""},
		{"of the same name in another tenant", []access.Rule{deny("d", when{Tenants: []string{"other"}, Consumers: []string{"web"}})}, nil, fine, ""},
		{"of the tier", []access.Rule{deny("d", when{Tiers: []string{"pro", "free"}})}, nil, "d", ""},
		{"of a tag", []access.Rule{deny("d", when{Tags: []string{"beta"}})}, nil, "d", ""},
		{"of a tag by a pattern", []access.Rule{deny("d", when{Tags: []string{"b*"}})}, nil, "d", ""},
		{"of another tag", []access.Rule{deny("d", when{Tags: []string{"us"}})}, nil, fine, ""},
		{"of every consumer, but nobody is known", []access.Rule{deny("d", when{Consumers: []string{"*"}})}, func(q *access.Request) { q.Caller = nil }, fine, ""},
		{"of a tag, but nobody is known", []access.Rule{deny("d", when{Tags: []string{"*"}})}, func(q *access.Request) { q.Caller = nil }, fine, ""},

		{"the model", []access.Rule{deny("d", when{Models: []string{"gpt-4o"}})}, nil, "d", ""},
		{"the model by a pattern", []access.Rule{deny("d", when{Models: []string{"gpt-4*"}})}, nil, "d", ""},
		{"another model", []access.Rule{deny("d", when{Models: []string{"gpt-5"}})}, nil, fine, ""},
		{"the model with its provider before it", []access.Rule{deny("d", when{Models: []string{"gpt-4o"}})}, func(q *access.Request) { q.Asked = "openai/gpt-4o" }, "d", ""},
		{"the model by another name", []access.Rule{deny("d", when{Models: []string{"gpt-4o-2024*"}})}, nil, "d", ""},
		{"the model in capitals", []access.Rule{deny("d", when{Models: []string{"gpt-4o"}})}, func(q *access.Request) { q.Asked, q.Meant, q.Served = "GPT-4o", "GPT-4o", "GPT-4o" }, "d", ""},
		{"the model in capitals in the rule", []access.Rule{deny("d", when{Models: []string{"GPT-4O"}})}, nil, "d", ""},
		{"the model with spaces", []access.Rule{deny("d", when{Models: []string{"gpt-4o"}})}, func(q *access.Request) { q.Asked, q.Meant, q.Served = " gpt-4o", " gpt-4o", " gpt-4o" }, "d", ""},
		{"the provider", []access.Rule{deny("d", when{Providers: []string{"openai"}})}, nil, "d", ""},
		{"the operation", []access.Rule{deny("d", when{Operations: chat})}, nil, "d", ""},
		{"another operation", []access.Rule{deny("d", when{Operations: access.Of(adapters.Embeddings)})}, nil, fine, ""},
		{"all of several conditions", []access.Rule{deny("d", when{Models: []string{"gpt-4o"}, Providers: []string{"azure"}})}, nil, fine, ""},

		{"images", []access.Rule{deny("d", when{Input: access.Image})}, func(q *access.Request) { q.Input |= access.Image }, "d", ""},
		{"images where there are none", []access.Rule{deny("d", when{Input: access.Image})}, nil, fine, ""},
		{"answers in sound", []access.Rule{deny("d", when{Output: access.Audio})}, func(q *access.Request) { q.Output |= access.Audio }, "d", ""},
		{"only text, and there is text", []access.Rule{allow("a", when{Input: access.Text})}, nil, fine, ""},
		{"only text, and there is an image as well", []access.Rule{allow("a", when{Input: access.Text})}, func(q *access.Request) { q.Input |= access.Image }, refused, ""},
		{"a tool", []access.Rule{deny("d", when{Tools: []string{"web_*"}})}, func(q *access.Request) { q.Tools = []string{"add", "Web_Search"} }, "d", ""},
		{"a tool where there is another", []access.Rule{deny("d", when{Tools: []string{"web_*"}})}, func(q *access.Request) { q.Tools = []string{"add"} }, fine, ""},
		{"any tool", []access.Rule{deny("d", when{Tools: []string{"*"}})}, func(q *access.Request) { q.Tools = []string{""} }, "d", ""},
		{"any tool where there is none", []access.Rule{deny("d", when{Tools: []string{"*"}})}, nil, fine, ""},
		{"only one tool", []access.Rule{allow("a", when{Tools: []string{"add"}})}, func(q *access.Request) { q.Tools = []string{"add"} }, fine, ""},
		{"only one tool, and there is another", []access.Rule{allow("a", when{Tools: []string{"add"}})}, func(q *access.Request) { q.Tools = []string{"add", "sub"} }, refused, ""},
		{"only one tool, and none", []access.Rule{allow("a", when{Tools: []string{"add"}})}, nil, fine, ""},
		{"only one tool, and one in capitals", []access.Rule{allow("a", when{Tools: []string{"add"}})}, func(q *access.Request) { q.Tools = []string{"ADD"} }, refused, ""},

		{"the network", []access.Rule{deny("d", when{Networks: networks(t, "192.0.2.0/24")})}, nil, "d", ""},
		{"another network", []access.Rule{deny("d", when{Networks: networks(t, "10.0.0.0/8", "2001:db8::/32")})}, nil, fine, ""},
		{"only from a network", []access.Rule{allow("a", when{Networks: networks(t, "10.0.0.0/8")})}, nil, refused, ""},
		{"denied in a network, from an unknown address", []access.Rule{deny("d", when{Networks: networks(t, "10.0.0.0/8")})}, func(q *access.Request) { q.Known &^= access.Address }, "d", ""},
		{"allowed in a network, from an unknown address", []access.Rule{allow("a", when{Networks: networks(t, "0.0.0.0/0", "::/0")})}, func(q *access.Request) { q.Known &^= access.Address }, refused, ""},
		{"the time", []access.Rule{deny("d", when{Hours: hours(t, "mon 00:00-00:01")})}, nil, "d", ""},
		{"another time", []access.Rule{deny("d", when{Hours: hours(t, "mon 00:01-24:00")})}, nil, fine, ""},

		{"allowed", []access.Rule{allow("a", when{Models: []string{"gpt-4o"}})}, nil, fine, ""},
		{"what none allows", []access.Rule{allow("a", when{Models: []string{"gpt-5"}})}, nil, refused, ""},
		{"what one of two allows", []access.Rule{allow("a", when{Models: []string{"gpt-5"}}), allow("b", when{Models: []string{"gpt-4o"}})}, nil, fine, ""},
		{"what somebody else is allowed", []access.Rule{allow("a", when{Consumers: []string{"app"}, Models: []string{"gpt-5"}})}, nil, fine, ""},
		{"what is allowed and denied", []access.Rule{allow("a", when{Models: []string{"*"}}), deny("d", when{Models: []string{"gpt-4o"}})}, nil, "d", ""},
		{"what is denied and then allowed", []access.Rule{deny("d", when{Models: []string{"gpt-4o"}}), allow("a", when{Models: []string{"*"}})}, nil, "d", ""},
		{"allowed with its provider before it", []access.Rule{allow("a", when{Models: []string{"gpt-4o"}})}, func(q *access.Request) { q.Asked = "openai/gpt-4o" }, fine, ""},
		{"a name that leads to an allowed one", []access.Rule{allow("a", when{Models: []string{"gpt-4o-2024-11-20"}})}, nil, refused, ""},
		{"allowed in other letters", []access.Rule{allow("a", when{Models: []string{"GPT-4o"}})}, nil, refused, ""},

		{"a cap", []access.Rule{limit("c", 100, when{})}, nil, fine, "100"},
		{"the lowest of several caps", []access.Rule{limit("c", 100, when{}), limit("d", 50, when{}), limit("e", 70, when{})}, nil, fine, "50"},
		{"a cap allows nothing", []access.Rule{limit("c", 100, when{}), allow("a", when{Models: []string{"gpt-5"}})}, nil, refused, ""},
		{"a cap for another model", []access.Rule{limit("c", 100, when{Models: []string{"o1"}})}, nil, fine, ""},

		{"denied in shadow", []access.Rule{shadow(deny("d", when{}))}, nil, fine, "d"},
		{"not allowed in shadow", []access.Rule{shadow(allow("a", when{Models: []string{"gpt-5"}}))}, nil, fine, "a"},
		{"allowed in shadow", []access.Rule{shadow(allow("a", when{}))}, nil, fine, ""},
		{"allowed in shadow only", []access.Rule{shadow(allow("a", when{})), allow("b", when{Models: []string{"gpt-5"}})}, nil, refused, ""},
		{"denied, and in shadow too", []access.Rule{shadow(deny("s", when{})), deny("d", when{})}, nil, "d", ""},
		{"a cap in shadow", []access.Rule{shadow(limit("s", 10, when{}))}, nil, fine, "s"},
		{"a cap in shadow that is no lower", []access.Rule{shadow(limit("s", 10, when{})), limit("c", 5, when{})}, nil, fine, "5"},
	} {
		q := access.Request{
			Caller: &identity.Caller{Name: "web", Tags: []string{"eu", "beta"}}, Tenant: "acme", Tier: "free",
			Known: access.Everything, Operation: adapters.Chat, Asked: "gpt-4o", Meant: "gpt-4o", Served: "gpt-4o-2024-11-20", Provider: "openai",
			Input: access.Text, Output: access.Text, Address: address(t, "192.0.2.1"), Now: monday * 1e9,
		}
		if tt.edit != nil {
			tt.edit(&q)
		}
		list, _, _ := access.New(slices.Clone(tt.rules)).About(nil, &q)
		v := access.Judge(list, &q, access.Strict)
		got, more := fine, ""
		switch {
		case v.By != nil:
			got = v.By.Name
		case v.Refused:
			got = refused
		case v.Shadow != nil:
			more = v.Shadow.Name
		case v.MaxTokens != 0:
			more = strconv.FormatInt(v.MaxTokens, 10)
		}
		if got != tt.want || more != tt.more {
			t.Errorf("%s: got %s %s, want %s %s", tt.about, got, more, tt.want, tt.more)
		}
	}
}

// TestWhatIsNotSeen counts for the caller where there is more to come, and otherwise
// against.
func TestWhatIsNotSeen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		about           string
		rule            access.Rule
		strict, lenient bool // refused
	}{
		{"a model that is denied", access.Rule{Effect: access.Deny, When: access.When{Models: []string{"x"}}}, true, false},
		{"a model that is allowed", access.Rule{Effect: access.Allow, When: access.When{Models: []string{"x"}}}, true, false},
		{"tools", access.Rule{Effect: access.Deny, When: access.When{Tools: []string{"x"}}}, true, false},
		{"forms of content", access.Rule{Effect: access.Deny, When: access.When{Input: access.Image}}, true, false},
		{"all, whatever is in it", access.Rule{Effect: access.Deny}, true, true},
		{"a model, at another time", access.Rule{Effect: access.Deny, When: access.When{Models: []string{"x"}, Hours: hours(t, "tue")}}, false, false},
		{"a model, but only of chats", access.Rule{Effect: access.Deny, When: access.When{Models: []string{"x"}, Operations: access.Of(adapters.Chat)}}, false, false},
		{"only models, and only in chats", access.Rule{Effect: access.Allow, When: access.When{Models: []string{"x"}, Operations: access.Of(adapters.Chat)}}, true, true},
	} {
		q := access.Request{Operation: adapters.Files, Known: access.Time | access.Operation, Now: monday * 1e9}
		list, _, _ := access.New([]access.Rule{tt.rule}).About(nil, &q)
		for _, s := range []struct {
			sight access.Sight
			want  bool
		}{{access.Strict, tt.strict}, {access.Lenient, tt.lenient}} {
			if got := access.Judge(list, &q, s.sight).Refused; got != s.want {
				t.Errorf("%s, sight %d: got refused: %v, want %v", tt.about, s.sight, got, s.want)
			}
		}
	}
}

// TestAbout finds the same rules by their index as by looking at each.
func TestAbout(t *testing.T) {
	t.Parallel()
	names := [][]string{nil, {"a"}, {"a", "b"}, {"a", "a"}, {"*"}, {"b*"}, {"c"}}
	var rules []access.Rule
	for _, c := range names {
		for _, tenant := range names {
			for _, tier := range names {
				rules = append(rules, access.Rule{Name: strconv.Itoa(len(rules)), When: access.When{Consumers: c, Tenants: tenant, Tiers: tier}})
			}
		}
	}
	all := access.New(rules)
	for _, c := range []string{"", "a", "b"} {
		for _, tenant := range []string{"", "a", "b"} {
			for _, tier := range []string{"", "a", "c"} {
				q := access.Request{Caller: &identity.Caller{Name: c}, Tenant: tenant, Tier: tier}
				var want []string
				for _, r := range rules {
					one, _, _ := access.New([]access.Rule{r}).About(nil, &q)
					if len(one) == 1 {
						want = append(want, r.Name)
					}
				}
				list, _, _ := all.About(nil, &q)
				var got []string
				for _, r := range list {
					got = append(got, r.Name)
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%q of %q in %q: got %v, want %v", c, tenant, tier, got, want)
				}
			}
		}
	}
}

// BenchmarkJudge is a request of one of ten thousand consumers, each with a rule of its
// own, and ten rules for all.
func BenchmarkJudge(b *testing.B) {
	var rules []access.Rule
	for i := range 10_000 {
		rules = append(rules, access.Rule{Effect: access.Allow, When: access.When{Consumers: []string{"consumer-" + strconv.Itoa(i)}, Models: []string{"gpt-4*", "claude-*"}}})
	}
	for i := range 10 {
		rules = append(rules, access.Rule{When: access.When{Tags: []string{"tag-*"}, Models: []string{"secret-" + strconv.Itoa(i) + "*"}, Networks: networks(b, "10.0.0.0/8", "2001:db8::/32")}})
	}
	r := access.New(rules)
	q := access.Request{Caller: &identity.Caller{Name: "consumer-77", Tags: []string{"tag-a"}}, Known: access.Everything, Operation: adapters.Chat,
		Asked: "gpt-4o", Meant: "gpt-4o", Served: "gpt-4o", Provider: "openai", Input: access.Text, Output: access.Text, Address: address(b, "10.0.0.1")}
	var list []*access.Rule
	b.ReportAllocs()
	for b.Loop() {
		list, _, _ = r.About(list[:0], &q)
		if access.Judge(list, &q, access.Strict).Refused {
			b.Fatal("refused")
		}
	}
}
