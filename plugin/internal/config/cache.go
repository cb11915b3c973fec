package config

import (
	"time"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A Cache is which answers are kept, how long, and for whom.
type Cache struct {
	Scope     Scope
	Namespace string
	User      bool              // the client's own user tells requests apart
	Parts     []limit.Attribute // so do these
	Policy    cache.Policy
	Bytes     int  // of the host's memory
	Counts    bool // a hit counts as a request
	Shadow    bool // nothing is answered, only counted

	ttl   time.Duration
	rules []cacheRule
}

// A Scope is whom an answer is for.
type Scope uint8

// Scopes.
const (
	ScopeTenant   Scope = iota // or the consumer, if it has none
	ScopeConsumer              // or everybody, if there are none
	ScopeShared                // everybody
)

type cacheRule struct {
	models []string
	ttl    time.Duration
}

// TTL is how long answers of a model are kept, by the name that clients ask for; 0 is not at
// all.
func (c *Cache) TTL(model string) time.Duration {
	for i := range c.rules {
		if glob.Any(c.rules[i].models, model) {
			return c.rules[i].ttl
		}
	}
	return c.ttl
}

const (
	// MostTTL is the longest time that anything is kept.
	MostTTL  = 366 * 24 * time.Hour
	ttlDoc   = "How long an answer is kept; 0 is not at all."
	allTools = "Whether answers that call tools are kept, and those to what tools have said. What tools do is not the same tomorrow."
)

func (r *reader) cache(o *strict.Object) {
	o.Object("cache", "Answers to equal requests are given again, without asking a provider.", func(o *strict.Object) {
		c := &Cache{ttl: o.Duration("ttl", ttlDoc, 10*time.Minute, 0, MostTTL)}
		switch o.Enum("scope", "Who gets an answer that somebody has got: those of the same tenant, or the same consumer if it has no tenant; the same consumer alone; or everybody.", "tenant", "tenant", "consumer", "shared") {
		case "consumer":
			c.Scope = ScopeConsumer
		case "shared":
			c.Scope = ScopeShared
		}
		c.Namespace = o.Str("namespace", "Answers of another namespace are not found: change it to forget all.", "")
		for i, word := range o.Strings("key", "What tells requests apart beside what they ask: user (which the client names in its request), consumer, tenant, tier, ip, header:NAME, metadata:NAME, claim:NAME.") {
			if word == "user" {
				c.User = true
				continue
			}
			a, ok := limit.ReadAttribute(word)
			if !ok || a.Kind == limit.Model || a.Kind == limit.Provider || a.Kind == limit.Operation {
				o.FailItem("key", i, "want user, consumer, tenant, tier, ip, header:NAME, metadata:NAME or claim:NAME, got "+strict.Quote(word))
			}
			if a.Kind == limit.Header {
				r.out.Limits.Headers = append(r.out.Limits.Headers, a.Name)
			}
			c.Parts = append(c.Parts, a)
		}
		o.Objects("models", "How long answers of some models are kept, the first match wins.", func(_ int, o *strict.Object) {
			c.rules = append(c.rules, cacheRule{
				models: o.Strings("models", "What clients call them, with * for any characters."),
				ttl:    o.Duration("ttl", ttlDoc, 0, 0, MostTTL),
			})
			o.Require("models", "ttl")
		})
		c.Policy.Most = o.Bytes("max_answer", "Bytes of an answer that is kept at most.", 256<<10, 1<<10, 4<<20)
		c.Policy.Temperature = o.Float("max_temperature", "Requests with a higher temperature want another answer each time.", 2, 0, 100)
		c.Policy.Tools = o.Bool("tools", allTools, false)
		c.Counts = o.Bool("count_hits", "Whether an answer from here counts as a request for limits. It never counts as tokens or money.", true)
		c.Shadow = mode(o, "mode", "shadow only counts what would be answered.", Enforce) == Shadow
		o.Section("store", "Where answers are kept.", func(o *strict.Object) {
			o.Section("memory", "In the proxy's memory, for all of its workers.", func(o *strict.Object) {
				c.Bytes = o.Bytes("max_bytes", "Bytes that they take together at most.", 64<<20, 1<<20, 8<<30)
			})
		})
		r.out.Cache = c
	})
}
