package config

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// Limits are what callers may use, and how that is told from what they ask.
type Limits struct {
	Space       string       // of the shared state
	Seed        string       // of its names: what callers do not know and updates do not change
	Rules       limit.Limits // for everybody
	Any         bool         // there are some, for everybody or for somebody
	Headers     []string     // of requests that limits are kept by
	Output      int          // tokens that are reserved for a request that does not say; 0: what its model can
	KeepsOutput bool         // a request's own bound is not lowered to what is left
	Unpriced    bool         // models without a price may be asked in spite of budgets in USD
	Alert       *Alert       // told when a budget comes to a threshold; nil: nobody
}

// An Alert is where the gateway posts what an operator wants to know at once.
type Alert struct {
	Cluster, Host, Path string
	Authorization       secret.String // empty: none is sent
}

// limitsOfAll reads limits and budgets, and what they need.
func (r *reader) limitsOfAll(o *strict.Object) {
	u := &r.out.Limits
	o.Section("state", "What the proxy's workers share.", func(o *strict.Object) {
		u.Space = o.Str("space", "Gateways of one proxy whose spaces have the same name count together.", "default")
		if u.Space == "" || strings.Contains(u.Space, "/") {
			o.Fail("space", "want a name without slashes")
		}
	})
	if a := r.out.Admin; a != nil {
		u.Seed = a.seed()
	}
	u.Rules = r.limits(o)
	o.Section("reserve", "What is set aside for a request's answer until it is known.", func(o *strict.Object) {
		u.Output = o.Int("output", "Tokens for a request that does not say how many it wants; 0 is as many as its model can.", 0, 0, 1<<30)
		u.KeepsOutput = !o.Bool("lower_max_tokens", "Lower what a request asks for to what is left, so that the provider itself stops; otherwise it is refused.", true)
	})
	o.Object("alerts", "Where to post JSON when a budget comes to a threshold.", func(o *strict.Object) {
		a := &Alert{Cluster: o.Str("cluster", "The proxy's name for the upstream.", ""), Host: o.Str("host", "Host name to ask for.", ""),
			Path: o.Str("path", "Path to post to.", "/")}
		o.Require("cluster", "host")
		if name := o.Str("authorization_env", "Variable of the Wasm VM's environment with the header authorization; empty: none is sent.", ""); name != "" {
			var err error
			if a.Authorization, err = fromEnvironment(r.parts.Environment, name); err != nil && r.parts.Environment != nil {
				o.Fail("authorization_env", err.Error())
			}
		}
		u.Alert = a
	})
	u.Unpriced = o.Enum("unpriced", "What becomes of a request that a budget in USD is for, if its model has no price in the catalogue.", "refuse", "refuse", "allow") == "allow"
}

// limits reads limits and budgets. Those of somebody count by who it is, unless they say
// otherwise.
func (r *reader) limits(o *strict.Object, usual ...limit.Attribute) limit.Limits {
	var l limit.Limits
	o.Objects("limits", "What callers may use in a time; all of those that are for a request hold.", func(_ int, o *strict.Object) { r.limit(&l, o, usual) })
	o.Objects("budgets", "The same for money and tokens, with thresholds at which somebody is told.", func(_ int, o *strict.Object) { r.budget(&l, o, usual) })
	r.out.Limits.Any = r.out.Limits.Any || len(l) > 0
	return l
}

// ReadLimits reads the limits that a key brings with it: a list as a consumer has it.
func ReadLimits(list []byte) (limit.Limits, error) {
	r := &reader{scope: newScope("", nil)}
	var l limit.Limits
	err := strict.Decode(append(append([]byte(`{"limits":`), list...), '}'), func(o *strict.Object) {
		l = r.limits(o, limit.Attribute{Kind: limit.Tenant}, limit.Attribute{Kind: limit.Consumer})
	})
	if err == nil && len(r.out.Limits.Headers) > 0 {
		err = errNoHeaders
	}
	return l, err
}

var errNoHeaders = errors.New("limits of a key cannot be kept by a header")

// limit reads a limit: one rule for each unit that it names.
func (r *reader) limit(to *limit.Limits, o *strict.Object, usual []limit.Attribute) {
	rule, key, to := r.rule(to, o, usual)
	window := o.Enum("window", "How it forgets: fixed at the end of each period, sliding bit by bit, gcra steadily, as a bucket of burst that fills by the limit in each period.", "fixed", "fixed", "sliding", "gcra")
	burst := o.Int("burst", "How much at once, for gcra; it makes it the default. 0 is as much as the limit.", 0, 0, 1<<40)
	rule.Wait = o.Duration("wait", "How long a request may be held until there is room.", 0, 0, time.Minute)
	amounts := r.amounts(o, limit.Requests, limit.Concurrent, limit.InputTokens, limit.OutputTokens, limit.Tokens, limit.USD)
	timed := amounts
	timed[limit.Concurrent] = 0
	if timed != (limit.Amounts{}) {
		rule.Period = r.period(o)
	} else if o.Has("per") {
		o.Fail("per", "requests under way are not counted by time")
	}
	for u, n := range amounts {
		if n == 0 {
			continue
		}
		x := rule
		x.Unit, x.Limit = limit.Unit(u), n
		switch {
		case x.Unit == limit.Concurrent:
			x.Window = limit.Open
		case window == "gcra" || burst > 0 && !o.Has("window"):
			x.Window, x.Burst = limit.GCRA, int64(burst)
			if burst == 0 {
				x.Burst = n
			}
			if x.Unit == limit.USD && burst > 0 {
				x.Burst *= 1e9
			}
		case burst > 0:
			o.Fail("burst", "only the window gcra has one")
		case window == "sliding":
			x.Window = limit.Sliding
		}
		to.Add(key, &x)
	}
}

// budget reads a budget.
func (r *reader) budget(to *limit.Limits, o *strict.Object, usual []limit.Attribute) {
	rule, key, to := r.rule(to, o, usual)
	o.Require("name")
	b := &limit.Budget{Model: o.Str("model", "What is asked instead when nothing is left; empty: requests are refused.", "")}
	for _, p := range o.Ints("soft", "Percents of it at which somebody is told, by a metric, the log and the alert.", nil, 1, 100) {
		if n := len(b.Soft); n > 0 && int64(p) <= b.Soft[n-1] {
			o.Fail("soft", "want them in order, each once")
		}
		b.Soft = append(b.Soft, int64(p))
	}
	amounts := r.amounts(o, limit.Tokens, limit.USD)
	rule.Period = r.period(o)
	carry := o.Float("carry_over", "How much of what a period leaves is added to the next, at most; in tokens or USD, as the budget is.", 0, 0, mostAmount)
	o.ExactlyOne("usd", "tokens")
	for u, n := range amounts {
		if n == 0 {
			continue
		}
		x := rule
		x.Unit, x.Limit, x.Budget = limit.Unit(u), n, b
		b.CarryOver = int64(math.Round(carry))
		if x.Unit == limit.USD {
			b.CarryOver = int64(math.Round(carry * 1e9))
		}
		to.Add(key, &x)
	}
	if b.Model != "" && r.scope.outer == nil { // a tenant's models are read beside its budgets
		if _, ok := r.out.Models.Find(b.Model); !ok {
			o.Fail("model", "no model is called "+strict.Quote(b.Model)+r.out.Models.Near(b.Model))
		}
	}
}

// rule reads what limits and budgets have in common, and returns where it belongs: nowhere
// that is looked at if it is off.
func (r *reader) rule(to *limit.Limits, o *strict.Object, usual []limit.Attribute) (limit.Rule, []limit.Attribute, *limit.Limits) {
	rule := limit.Rule{Name: o.Str("name", "Name in errors, metrics and logs.", "")}
	var key []limit.Attribute
	for i, word := range o.Strings("key", "What is counted apart: consumer, tenant, tier, ip, model, provider, operation, header:NAME, metadata:NAME, claim:NAME. None counts all together at the top, and elsewhere by whom the limit is of.") {
		a, ok := limit.ReadAttribute(word)
		if !ok {
			o.FailItem("key", i, "want consumer, tenant, tier, ip, model, provider, operation, header:NAME, metadata:NAME or claim:NAME, got "+strict.Quote(word))
		}
		if a.Kind == limit.Header {
			r.out.Limits.Headers = append(r.out.Limits.Headers, a.Name)
		}
		key = append(key, a)
	}
	if !o.Has("key") {
		key = usual
	}
	o.Object("when", "Which requests it is for: those that match each list; none means all.", func(o *strict.Object) {
		m := &rule.When
		m.Consumers = o.Strings("consumers", "Names of consumers, with * for any characters.")
		m.Tenants = o.Strings("tenants", "Names of tenants, with *.")
		m.Tiers = o.Strings("tiers", "Names of tiers, with *.")
		m.Models = o.Strings("models", "What clients call models, with *.")
		m.Providers = o.Strings("providers", "Names of providers, with *.")
		m.Operations = o.Strings("operations", "Operations such as chat or embeddings, with *.")
		for i, x := range m.Operations {
			if !strings.Contains(x, "*") && !isOperation(x) {
				o.FailItem("operations", i, "no operation is called "+strict.Quote(x))
			}
		}
	})
	as := mode(o, "mode", "shadow only counts what it would refuse.", Enforce)
	if rule.Shadow = as == Shadow; as == Off {
		to = new(limit.Limits)
	}
	return rule, key, to
}

func isOperation(name string) bool {
	for op := adapters.Chat; op < adapters.NumOperations; op++ {
		if op.String() == name {
			return true
		}
	}
	return false
}

// mostAmount is the most of any unit: beyond every need, and far from overflow.
const mostAmount = 1 << 50

// amounts reads how much of some units a rule allows; 0 is no rule of the unit.
func (r *reader) amounts(o *strict.Object, units ...limit.Unit) (a limit.Amounts) {
	docs := [...]string{"Requests in a period.", "Requests under way at once.", "Tokens of input in a period.", "Tokens of output in a period.",
		"Tokens of both in a period.", "US dollars in a period, at the catalogue's prices."}
	var names []string
	for _, u := range units {
		names = append(names, u.String())
		if u == limit.USD {
			a[u] = int64(math.Round(o.Float(u.String(), docs[u], 0, 0, 1_000_000) * 1e9))
		} else {
			a[u] = int64(o.Int(u.String(), docs[u], 0, 0, mostAmount))
		}
		if a[u] == 0 && o.Has(u.String()) {
			o.Fail(u.String(), "want more than 0; what may not be used at all is refused by other means")
		}
	}
	if a == (limit.Amounts{}) {
		o.Require(names[0])
	}
	return a
}

// period reads how long a window is.
func (r *reader) period(o *strict.Object) limit.Period {
	word := o.Str("per", `Length of a period: a duration such as "1m" or "30d", or "month" for those of the calendar, in UTC.`, "")
	o.Require("per")
	if word == "" || word == "month" {
		return limit.Month()
	}
	d, ok := strict.ParseDuration(word)
	if !ok || d < time.Second || d > 366*24*time.Hour || d%time.Second != 0 {
		o.Fail("per", `want whole seconds up to 366d such as "1m", or "month", got `+strict.Quote(word))
		return limit.Month()
	}
	return limit.Period{Length: d}
}
