package openai

import (
	"math"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// How much is told of what a provider says.
const (
	mostMessage = 2000
	mostWord    = 200
)

// ReadError reads an error body of
// https://platform.openai.com/docs/guides/error-codes, and what servers of this format,
// and proxies before them, answer instead.
func (a *Adapter) ReadError(status int, body []byte) *chat.Error {
	e := &chat.Error{Status: status, Kind: chat.KindOf(status)}
	if status < 400 || status > 599 {
		e.Status, e.Kind = 502, chat.Internal
	}
	doc := rawjson.Doc{LoneSurrogates: true}
	if doc.Parse(body) == nil {
		v := doc.Root()
		if v.Kind() == rawjson.Array {
			v = v.At(0)
		}
		describe(e, v)
	}
	if e.Message == "" {
		e.Message = "The provider answered with status " + strconv.Itoa(status) + " and no error message."
	}
	return e
}

// streamError reads an error that takes the place of a chunk. The status was sent long
// ago, so the error's own words tell its kind.
func streamError(v rawjson.Value) *chat.Error {
	e := &chat.Error{}
	kind := describe(e, v)
	e.Status = statusOf(kind, e.Code)
	for _, o := range [...]rawjson.Value{v, v.Get("error")} {
		for _, key := range [...]string{"raw_status_code", "http_status_code"} {
			if n, ok := o.Get(key).Int64(); ok && n >= 400 && n <= 599 {
				e.Status = int(n)
			}
		}
	}
	e.Kind = chat.KindOf(e.Status)
	if e.Message == "" {
		e.Message = "The provider's stream failed without an error message."
	}
	return e
}

// describe takes over what an error object says, and returns its type.
func describe(e *chat.Error, v rawjson.Value) string {
	o := v
	if inside := v.Get("error"); inside.Exists() && !inside.IsNull() {
		o = inside
	}
	if list := o.Get("errors"); list.Len() > 0 {
		o = list.At(0) // as Cloudflare has them
	}
	if o.Kind() == rawjson.String {
		e.Message, e.RetryAfter = tidy(o.Str()), delay(v)
		return short(v.Get("error_type").Str())
	}
	e.RetryAfter = delay(v)
	for _, key := range [...]string{"message", "detail", "error"} {
		if m := o.Get(key); m.Kind() == rawjson.String {
			e.Message = tidy(m.Str())
			break
		}
	}
	e.Param = short(o.Get("param").Str())
	e.Code = short(o.Get("code").Str())
	if n, ok := o.Get("code").Int64(); ok {
		e.Code = strconv.FormatInt(n, 10)
	}
	return short(o.Get("type").Str())
}

// mostDelay bounds what is made of a delay.
const mostDelay = 24 * 60 * 60

// delay is in how many seconds a model is loaded, which Hugging Face says instead of a
// retry-after header.
func delay(v rawjson.Value) int64 {
	f, ok := v.Get("estimated_time").Float64()
	if !ok || f <= 0 || f != f {
		return 0
	}
	return int64(math.Ceil(min(f, mostDelay)))
}

// statusOf is the status that an error in a stream would have had.
func statusOf(kind, code string) int {
	if n, err := strconv.Atoi(code); err == nil && n >= 400 && n <= 599 {
		return n
	}
	for _, s := range [...]struct {
		word   string
		status int
	}{
		{"insufficient_quota", 429},
		{"rate_limit_exceeded", 429},
		{"rate_limit_error", 429},
		{"tokens", 429},
		{"requests", 429},
		{"invalid_api_key", 401},
		{"authentication_error", 401},
		{"permission_error", 403},
		{"model_not_found", 404},
		{"not_found_error", 404},
		{"3036", 429}, // Cloudflare's: an allocation, or a capacity, that is used up
		{"3040", 429},
		{"overloaded", 429}, // of text-generation-inference, which answers so before a stream
		{"validation", 422},
		{"server_is_overloaded", 503},
		{"overloaded_error", 503},
		{"slow_down", 503},
		{"timeout", 504},
		{"invalid_request_error", 400},
	} {
		if code == s.word || kind == s.word {
			return s.status
		}
	}
	return 500
}

// tidy bounds a message and takes the keys out that OpenAI repeats in it.
func tidy(s string) string {
	s = chat.Clip(s, mostMessage)
	for from := 0; ; {
		i := strings.Index(s[from:], "sk-")
		if i < 0 {
			return s
		}
		i += from
		from = i + len("sk-")
		if i > 0 && isWord(s[i-1]) {
			continue // as in task-based
		}
		end := i
		for end < len(s) && (isWord(s[end]) || strings.IndexByte("-*_.", s[end]) >= 0) {
			end++
		}
		s = s[:i] + "[redacted]" + s[end:]
	}
}

func isWord(c byte) bool {
	return c-'0' < 10 || c|0x20-'a' < 26
}

// short bounds what only should be a word.
func short(s string) string {
	if len(s) > mostWord {
		return ""
	}
	return s
}
