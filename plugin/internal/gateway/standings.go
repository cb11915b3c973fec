package gateway

import (
	"strconv"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// standings tells how the limits stand that are for the request, as headers.
func (s *Stream) standings(dst []adapters.Header) []adapters.Header {
	for u := range limit.NumUnits {
		if x := &s.budget.lease.Standing[u]; x.Limit != 0 {
			dst = s.standingOf(dst, u, x)
		}
	}
	return dst
}

func (s *Stream) standingOf(dst []adapters.Header, u limit.Unit, x *limit.Standing) []adapters.Header {
	if u == limit.USD {
		return s.budgetOf(dst, x)
	}
	d := s.endpoint.Dialect
	what := standingWord(u)
	if what == "" || d.Standing == nil && u != limit.Requests && u != s.tightest() {
		return dst
	}
	now := max(s.began, s.firstByte) // near enough, and known
	return d.AppendStanding(dst, dialect.Standing{What: what, Limit: x.Limit, Remaining: x.Remaining, Reset: x.Reset, Now: now})
}

//go:noinline
func (s *Stream) budgetOf(dst []adapters.Header, x *limit.Standing) []adapters.Header {
	v := appendDollars(append(s.w.buffer[:0], "remaining="...), x.Remaining)
	v = appendDollars(append(v, ", limit="...), x.Limit)
	v = appendCount(v, ", reset=", seconds(x.Reset))
	return append(dst, adapters.Header{Name: budgetHeader, Value: string(v)})
}

// standingWord is what APIs call a unit that they have headers for.
func standingWord(u limit.Unit) string {
	switch u {
	case limit.Requests:
		return "requests"
	case limit.InputTokens:
		return "input-tokens"
	case limit.OutputTokens:
		return "output-tokens"
	case limit.Tokens:
		return "tokens"
	}
	return ""
}

// tightest is the unit of the tokens that there is least of, for dialects that have one kind
// of them.
func (s *Stream) tightest() limit.Unit {
	all := &s.budget.lease.Standing
	if all[limit.OutputTokens].Limit|all[limit.InputTokens].Limit == 0 {
		return limit.Tokens
	}
	return tightestOf(all)
}

func tightestOf(all *[limit.NumUnits]limit.Standing) limit.Unit {
	least := limit.Tokens
	for _, u := range [...]limit.Unit{limit.OutputTokens, limit.InputTokens} {
		if all[u].Tighter(&all[least]) {
			least = u
		}
	}
	return least
}

// budgetHeader is how a request's budget stands, in US dollars and seconds: a dictionary of
// RFC 9651.
const budgetHeader = "x-postern-budget"

// exceeded is the error for a request that a limit has no room for.
func exceeded(r *limit.Rule, wait int64) *chat.Error {
	e := &chat.Error{Status: 429, Kind: chat.RateLimited, Code: "rate_limit_exceeded", RetryAfter: max(1, seconds(wait))}
	what := "the limit "
	if r.Budget != nil {
		e.Code, what = "insufficient_quota", "the budget "
	}
	if r.Name != "" {
		what += strict.Quote(r.Name) + " "
	}
	amount := strconv.FormatInt(r.Limit, 10)
	if r.Unit == limit.USD {
		amount = string(appendDollars(nil, r.Limit))
	}
	e.Message = what + "of " + amount + unitWords[r.Unit]
	if r.Window != limit.Open {
		e.Message += " per " + r.Period.String()
	}
	e.Message += " has no room for this request; try again in " + strict.FormatDuration(time.Duration(e.RetryAfter)*time.Second)
	return e
}

var unitWords = [...]string{limit.Requests: " requests", limit.Concurrent: " requests at once", limit.InputTokens: " tokens of input",
	limit.OutputTokens: " tokens of output", limit.Tokens: " tokens", limit.USD: " USD"}

// seconds are nanoseconds rounded up.
func seconds(nanos int64) int64 { return (nanos + 1e9 - 1) / 1e9 }
