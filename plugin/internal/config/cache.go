package config

import (
	"time"

	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/glob"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A Cache is which answers are kept, how long, and for whom.
type Cache struct {
	Scope       Scope
	Namespace   string
	User        bool              // the client's own user tells requests apart
	Parts       []limit.Attribute // so do these
	Policy      cache.Policy
	Guards      string        // what stands for their configuration; empty: there are none
	Bytes       int           // of the host's memory; 0: none
	Redis       *cache.Redis  // nil: there is none
	Wait        time.Duration // for an equal request's answer; 0: nobody does
	Waiting     int           // at most, for one request
	WaitStreams bool          // also those who want streams
	Counts      bool          // a hit counts as a request
	Shadow      bool          // nothing is answered, only counted
	Similar     *Similar      // nil: only equal requests get an answer

	life  Life
	rules []cacheRule
}

// A Life is how long an answer is kept.
type Life struct {
	Fresh      time.Duration // 0: not at all
	Revalidate time.Duration // after that, it is given while a new one is asked for
	OnError    time.Duration // after that, it is given where there would be an error
}

// unsaid stands for a time that is as usual.
const unsaid time.Duration = -1

// Or is what is said, and for the rest what is usual.
func (l *Life) Or(usual Life) Life {
	or := func(said, usual time.Duration) time.Duration {
		if said == unsaid {
			return usual
		}
		return said
	}
	return Life{or(l.Fresh, usual.Fresh), or(l.Revalidate, usual.Revalidate), or(l.OnError, usual.OnError)}
}

// Stale is how long an answer is kept when it is not fresh any more.
func (l *Life) Stale() time.Duration { return max(l.Revalidate, l.OnError) }

// A Similar is which requests get an answer that one with a similar question has got.
type Similar struct {
	Threshold int      // from 0 to 100
	Models    []string // as clients call them, with * for any characters
	Turns     int      // of the user at most
	Bytes     int      // of the host's memory, for questions
	Shadow    bool     // nothing is answered, only counted
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
	life   Life
}

// Life is how long answers of a model are kept, by the name that clients ask for and its branch
// that serves the request; nil: there is none.
func (c *Cache) Life(model string, g *Group) Life {
	life := c.life
	for i := range c.rules {
		if glob.Any(c.rules[i].models, model) {
			life = c.rules[i].life
			break
		}
	}
	if g != nil && g.Life != nil {
		return g.Life.Or(life)
	}
	return life
}

const (
	// MostTTL is the longest time that anything is kept.
	MostTTL  = 366 * 24 * time.Hour
	ttlDoc   = "How long an answer is kept; 0 is not at all."
	allTools = "Whether answers that call tools are kept, and those to what tools have said. What tools do is not the same tomorrow."
)

func (r *reader) cache(o *strict.Object) {
	o.Object("cache", "Answers to equal requests are given again, without asking a provider.", func(o *strict.Object) {
		c := &Cache{life: life(o, Life{Fresh: 10 * time.Minute})}
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
				life:   life(o, Life{Revalidate: c.life.Revalidate, OnError: c.life.OnError}),
			})
			o.Require("models", "ttl")
		})
		c.Policy.Most = o.Bytes("max_answer", "Bytes of an answer that is kept at most.", 256<<10, 1<<10, 4<<20)
		c.Policy.Temperature = o.Float("max_temperature", "Requests with a higher temperature want another answer each time.", 2, 0, 100)
		c.Policy.Tools = o.Bool("tools", allTools, false)
		c.Counts = o.Bool("count_hits", "Whether an answer from here counts as a request for limits. It never counts as tokens or money.", true)
		o.Object("coalesce", "Equal requests at the same time: the first goes to a provider, the others wait for its answer.", func(o *strict.Object) {
			c.Wait = o.Duration("wait", "How long they wait at most, before they go on by themselves.", 30*time.Second, time.Second, time.Hour)
			c.Waiting = o.Int("waiting", "How many wait for one at most, in each of the proxy's workers.", 100, 1, 10_000)
			c.WaitStreams = o.Bool("streams", "Whether also those wait who want a stream; they get it in one piece.", false)
		})
		as := mode(o, "mode", "shadow only counts what would be answered.", Enforce)
		c.Shadow = as == Shadow
		o.Object("similar", "Answers are given again also to questions that ask the same in nearly the same words. Everything else of the requests has to be equal.", func(o *strict.Object) { c.Similar = r.similar(o) })
		o.Section("store", "Where answers are kept: in memory unless there is a redis; with both, memory comes first.", func(o *strict.Object) {
			memory := func(o *strict.Object) {
				c.Bytes = o.Bytes("max_bytes", "Bytes that they take together at most.", 64<<20, 1<<20, 8<<30)
			}
			const doc = "In the proxy's memory, for all of its workers."
			if o.Has("redis") {
				o.Object("memory", doc, memory)
			} else {
				o.Section("memory", doc, memory)
			}
			o.Object("redis", "In a Redis that is reached over HTTP, for all proxies that reach it.", func(o *strict.Object) { c.Redis = r.redis(o) })
		})
		if as != Off {
			r.out.Cache = c
		}
	})
}

// branchLife reads how long answers of a branch are kept; nil: as others of its model.
func (r *reader) branchLife(o *strict.Object) (own *Life) {
	o.Object("cache", "How long answers of this branch are kept. What is not said is as for the model.", func(o *strict.Object) {
		said := life(o, Life{unsaid, unsaid, unsaid})
		own = &said
	})
	if own != nil && !r.caches {
		o.Fail("cache", "nothing is kept: there is no section cache")
	}
	return own
}

// life reads how long answers are kept.
func life(o *strict.Object, usual Life) Life {
	return Life{
		Fresh:      o.Duration("ttl", ttlDoc, usual.Fresh, 0, MostTTL),
		Revalidate: o.Duration("stale_while_revalidate", "How long after that it is still given, at once, while the gateway asks for a new one by itself.", usual.Revalidate, 0, MostTTL),
		OnError:    o.Duration("stale_if_error", "How long after that it is given in the place of an error, if the provider fails.", usual.OnError, 0, MostTTL),
	}
}

func (r *reader) similar(o *strict.Object) *Similar {
	x := &Similar{
		Threshold: int(o.Float("threshold", "How similar a question has to be, from 0.75 to 1: from 0.89 on only words without weight may differ.", 0.9, 0.75, 1)*100 + 0.5),
		Models:    o.Strings("models", "Models that this is for, as clients call them, with * for any characters; none: all."),
		Turns:     o.Int("turns", "How many messages of the user there may be in the conversation. All but the last have to be equal.", 1, 1, 1000),
		Bytes:     o.Bytes("max_bytes", "Bytes of the proxy's memory that questions take at most.", 8<<20, 1<<20, 1<<30),
	}
	as := mode(o, "mode", "shadow only counts what would be answered.", Enforce)
	if x.Shadow = as == Shadow; as == Off {
		return nil
	}
	return x
}

// redis reads where a Redis is.
func (r *reader) redis(o *strict.Object) *cache.Redis {
	x := &cache.Redis{Cluster: o.Str("cluster", "The proxy's name for the upstream.", "")}
	if o.Enum("protocol", "How it is spoken to: webdis, or upstash, which also serverless-redis-http speaks.", "webdis", "webdis", "upstash") == "upstash" {
		x.Protocol = cache.Upstash
	}
	if x.Host = o.Str("host", "Host name to ask for; empty: the cluster's.", ""); x.Host == "" {
		x.Host = x.Cluster
	}
	x.Token = r.secretAt(o, "token", "What it wants to see: a token for upstash, user:password for webdis; none: nothing.")
	x.Secret = r.secretAt(o, "secret", "Answers are sealed with it, so that nobody else who writes there can have something said. None: they are only checked for being whole.")
	x.Prefix = o.Str("prefix", "Begins all names there.", "postern")
	x.Deadline = o.Duration("deadline", "How long a request waits for it at most.", 50*time.Millisecond, time.Millisecond, 5*time.Second)
	x.Most = o.Bytes("max_value", "Bytes of an answer that is kept there at most.", 256<<10, 1<<10, 4<<20)
	o.Require("cluster")
	r.headerSafe(o, "host", x.Host)
	r.headerSafe(o, "prefix", x.Prefix)
	r.headerSafe(o, "token", x.Token.Reveal())
	return x
}

func (r *reader) headerSafe(o *strict.Object, key, v string) {
	if !HeaderSafe(v) {
		o.Fail(key, "has characters that no header may have")
	}
}

// secretAt reads a secret, or where it is.
func (r *reader) secretAt(o *strict.Object, key, doc string) (s secret.String) {
	o.Object(key, doc, func(o *strict.Object) {
		s = o.Secret("value", "The secret itself.")
		env := o.Str("env", "Variable of the Wasm VM's environment that has it.", "")
		o.ExactlyOne("env", "value")
		if env != "" && r.parts.Environment != nil {
			var err error
			if s, err = fromEnvironment(r.parts.Environment, env); err != nil {
				o.Fail("env", err.Error())
			}
		}
	})
	return s
}
