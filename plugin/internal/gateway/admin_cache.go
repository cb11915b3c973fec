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
		if f == (cache.Filter{}) != all {
			o.Fail("", "want some of key, tenant, consumer, model and older_than, or all")
		}
	}); err != nil {
		return s.reject(wrong(err))
	}
	var out rawjson.Writer
	out.Object()
	number(&out, "purged", int64(w.kept.Purge(&f)))
	out.EndObject()
	return s.page200("application/json", out.Bytes())
}

// scopeTag is what entries of a scope are purged by.
func scopeTag(scope ...string) cache.Tag { return cache.TagOf([]byte(strings.Join(scope, "\x00"))) }
