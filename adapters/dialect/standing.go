package dialect

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rfc3339"
)

// A Standing is how a limit stands, as headers tell it.
type Standing struct {
	What      string // requests, tokens, input-tokens or output-tokens
	Limit     int64
	Remaining int64
	Reset     int64 // nanoseconds until all of it is there again
	Now       int64 // nanoseconds since 1970
}

// AppendStanding appends the headers in which the dialect's own API tells a limit.
func (d *Dialect) AppendStanding(dst []adapters.Header, s Standing) []adapters.Header {
	if d.Standing == nil {
		return openAIStanding(dst, s)
	}
	return d.Standing(dst, s)
}

// openAIStanding is OpenAI's way: x-ratelimit-reset-requests: 1m30s
// (https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers). It has one
// kind of tokens.
func openAIStanding(dst []adapters.Header, s Standing) []adapters.Header {
	names := [...]string{"x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"}
	if s.What == "requests" {
		names = [...]string{"x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"}
	}
	var room [64]byte
	b, ends := s.counts(room[:0])
	return appendThree(dst, &names, ends, string(appendSpan(b, s.Reset)))
}

// anthropicStanding is Anthropic's: anthropic-ratelimit-requests-reset: 2026-11-27T10:01:00Z
// (https://docs.claude.com/en/api/rate-limits#response-headers).
func anthropicStanding(dst []adapters.Header, s Standing) []adapters.Header {
	const inSecond = 1e9
	prefix := "anthropic-ratelimit-" + s.What
	names := [...]string{prefix + "-limit", prefix + "-remaining", prefix + "-reset"}
	var room [64]byte
	b, ends := s.counts(room[:0])
	return appendThree(dst, &names, ends, string(rfc3339.Append(b, (s.Now+s.Reset+inSecond-1)/inSecond)))
}

// counts writes the limit and what remains of it, one behind the other, and says where each ends.
//
//go:noinline
func (s *Standing) counts(b []byte) ([]byte, [2]int) {
	b = strconv.AppendInt(b, s.Limit, 10)
	first := len(b)
	b = strconv.AppendInt(b, s.Remaining, 10)
	return b, [...]int{first, len(b)}
}

// appendThree appends headers whose values are parts of one text: one piece of garbage and not
// three.
//
//go:noinline
func appendThree(dst []adapters.Header, names *[3]string, ends [2]int, text string) []adapters.Header {
	return append(dst, adapters.Header{Name: names[0], Value: text[:ends[0]]},
		adapters.Header{Name: names[1], Value: text[ends[0]:ends[1]]}, adapters.Header{Name: names[2], Value: text[ends[1]:]})
}

// appendSpan writes nanoseconds as OpenAI does: 120ms, 7.5s as 8s, 6m0s.
//
//go:noinline
func appendSpan(dst []byte, nanos int64) []byte {
	const inMilli, inSecond = 1e6, 1e9
	if nanos < inSecond {
		return appendUnit(dst, (uint32(nanos)+inMilli-1)/inMilli, "ms")
	}
	n := uint32((uint64(nanos) + inSecond - 1) / inSecond) // which is divided faster
	if n >= 3600 {
		dst = appendUnit(dst, n/3600, "h")
	}
	if n >= 60 {
		dst = appendUnit(dst, n/60%60, "m")
	}
	return appendUnit(dst, n%60, "s")
}

//go:noinline
func appendUnit(dst []byte, n uint32, unit string) []byte {
	return append(strconv.AppendUint(dst, uint64(n), 10), unit...)
}
