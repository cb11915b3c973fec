package gateway

import (
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/rfc3339"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/config"
	"github.com/postern-gateway/postern/plugin/internal/route"
)

// reason is why an answer with an error's status is one. sure says that its body can tell
// nothing else.
func (s *Stream) reason(status int) (why route.Reason, sure bool) {
	if !s.fromProvider() {
		switch {
		case s.refusedHere():
			return route.NoReason, true
		case status == 504 || status == 408:
			return route.TimedOut, true
		}
		return route.Unavailable, true
	}
	switch {
	case status == 401 || status == 402 || status == 403:
		if s.ownKey() {
			return route.NoReason, true
		}
		return route.Unauthorized, true
	case status == 404:
		return route.Unsuited, true
	case status == 408 || status == 504:
		return route.TimedOut, true
	case status == 429:
		return route.RateLimited, false // or there is no money left
	case status == 503 || status == 529:
		return route.Overloaded, true
	case status >= 500:
		return route.ServerError, true
	}
	if g := s.routing.group; g != nil && g.Names(status) {
		why = route.Status
	}
	return why, status != 400 && status != 413 && status != 422
}

// ownKey reports whether the key that the provider has got is the client's own.
func (s *Stream) ownKey() bool {
	k := s.target.Provider.Keys
	return s.routing.key < len(k) && k[s.routing.key].Source == config.Passthrough
}

// reasonOf reads the error of a provider's.
func (s *Stream) reasonOf(status int, body []byte) route.Reason {
	why, _ := s.reason(status)
	r, ok := s.target.Provider.Adapter.(errorReader)
	if !ok {
		return why
	}
	return reasonIn(why, r.ReadError(status, body))
}

// reasonIn is what an error's code says, or else what its status has said.
func reasonIn(why route.Reason, e *chat.Error) route.Reason {
	code := e.Code
	switch {
	case code == "context_length_exceeded" || e.Kind == chat.TooLarge || strings.HasPrefix(e.Message, "prompt is too long"):
		return route.ContextLength
	case strings.Contains(code, "content_filter") || code == "content_policy_violation" || code == "moderation_blocked":
		return route.ContentFilter
	case code == "insufficient_quota" || code == "billing_hard_limit_reached" || code == "credit_balance_too_low":
		return route.Unauthorized
	}
	return why
}

// rest is for how long a provider does not want to be asked, in nanoseconds; 0 if it does
// not say.
func rest(h []adapters.Header, now int64) int64 {
	if d := after(headerValue(h, "retry-after-ms"), time.Millisecond); d > 0 {
		return d
	}
	if d := after(headerValue(h, "retry-after"), time.Second); d > 0 {
		return d
	}
	return used(h, now)
}

// used is until when nothing is left by the provider's own count, from now on; 0 if there
// is something, or it does not say. The names are OpenAI's, which many have taken over, and
// Anthropic's.
//
// https://platform.openai.com/docs/guides/rate-limits and https://docs.claude.com/en/api/rate-limits
func used(h []adapters.Header, now int64) int64 {
	var most int64
	for i := range h {
		name, v := h[i].Name, h[i].Value
		if v != "0" || !strings.Contains(name, "ratelimit") {
			continue
		}
		var reset string
		if what, ok := strings.CutPrefix(name, "x-ratelimit-remaining-"); ok {
			reset = headerValue(h, "x-ratelimit-reset-"+what)
		} else if what, ok := strings.CutSuffix(name, "-remaining"); ok && strings.HasPrefix(name, "anthropic-ratelimit-") {
			reset = headerValue(h, what+"-reset")
		}
		if d, ok := strict.ParseDuration(reset); ok {
			most = max(most, int64(d))
		} else if d := after(reset, time.Second); d > 0 {
			most = max(most, d)
		} else if at, ok := rfc3339.Parse([]byte(reset)); ok {
			most = max(most, at*1e9-now)
		}
	}
	return most
}

// after reads a number of units.
func after(v string, unit time.Duration) int64 {
	whole, _, _ := strings.Cut(v, ".")
	if whole == "" {
		return 0
	}
	n := parseLength(whole)
	if n <= 0 || n > 1<<30 {
		return 0
	}
	return int64(n) * int64(unit)
}

// reasonWhole is why an answer in one piece that has a good status is none; NoReason if it
// is one.
func (s *Stream) reasonWhole(p []byte) route.Reason {
	d := &s.w.doc
	d.LoneSurrogates = true
	err := d.Parse(p)
	d.LoneSurrogates = false
	root := d.Root()
	switch {
	case err != nil || root.Kind() != rawjson.Object && root.Kind() != rawjson.Array:
		return route.Unreadable
	case root.Get("error").Kind() == rawjson.Object || root.Get("type").Is("error"):
		if r, ok := s.target.Provider.Adapter.(errorReader); ok {
			return reasonIn(route.Unreadable, r.ReadError(502, p))
		}
		return route.Unreadable
	case root.Get("choices").At(0).Get("finish_reason").Is("content_filter"), root.Find("promptFeedback", "blockReason").Exists():
		return route.ContentFilter
	}
	return route.NoReason
}
