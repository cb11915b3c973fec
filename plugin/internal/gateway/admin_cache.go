package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// purgeCache removes answers from the cache: those that match all that the body says.
func (s *Stream) purgeCache(body []byte) *Step {
	w := s.w
	if w.kept == nil {
		return s.reject(&chat.Error{Status: 404, Kind: chat.NotFound, Code: "no_cache", Message: "the configuration has no cache"})
	}
	f := cache.Filter{}
	if err := strict.Decode(body, func(o *strict.Object) {
		all := o.Bool("all", "", false)
		if text := o.Str("key", "", ""); text != "" {
			if f.Key = new(cache.Key); !config.Unhex(f.Key[:], text) {
				o.Fail("key", "want 64 hexadecimal digits, as the access log has them in cache_key")
			}
		}
		tenant, consumer := o.Str("tenant", "", ""), o.Str("consumer", "", "")
		switch {
		case consumer != "":
			f.Scope = scopeTag("consumer", tenant, consumer)
		case tenant != "":
			f.Scope = scopeTag("tenant", tenant)
		}
		f.Model = cache.TagOf([]byte(o.Str("model", "", "")))
		if age := o.Duration("older_than", "", 0, 0, config.MostTTL); age > 0 {
			f.Before = w.port.Now() - int64(age)
		}
		if f.Key != nil && w.plan.Cache.Redis != nil && f != (cache.Filter{Key: f.Key}) {
			o.Fail("key", "stands alone where answers are kept in Redis")
		}
		if f == (cache.Filter{}) != all {
			o.Fail("", "want some of key, tenant, consumer, model and older_than, or all")
		}
	}); err != nil {
		return s.reject(wrong(err))
	}
	return s.purge(&f)
}

// purge has the store remove entries, and waits until it says that it has.
func (s *Stream) purge(f *cache.Filter) *Step {
	l := &lookup{s: s}
	var atOnce *Step
	w := s.w
	w.storeLate()
	w.kept.Remove(f, func(removed int, heard bool) {
		w.tellOutdated()
		s := l.s
		switch {
		case s == nil: // who asked has gone
		case s.cache.lookup == nil:
			atOnce = s.purged(removed, heard)
		default:
			s.abandon()
			s.w.wakes = append(s.w.wakes, Wake{s.owner, s.purged(removed, heard)})
		}
	})
	if atOnce != nil {
		return atOnce
	}
	l.call, s.cache.lookup = s.w.callouts.last, l
	step := s.next()
	step.Action = Hold
	return step
}

func (s *Stream) purged(removed int, heard bool) *Step {
	if !heard {
		return s.reject(&chat.Error{Status: 502, Kind: chat.Internal, Code: "store_unavailable",
			Message: "the store has not said that it has purged anything; of this proxy's memory " + itoa(removed) + " are gone"})
	}
	var out rawjson.Writer
	out.Object()
	number(&out, "purged", int64(removed))
	out.EndObject()
	return s.page200("application/json", out.Bytes())
}

// scopeTag is what entries of a scope are purged by.
func scopeTag(scope ...string) cache.Tag { return cache.TagOf([]byte(strings.Join(scope, "\x00"))) }
