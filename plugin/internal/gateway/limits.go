package gateway

import (
	"math"
	"strconv"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/limit"
	"github.com/postern-gateway/postern/plugin/internal/network"
)

// A budgeting is what a stream has to do with limits.
type budgeting struct {
	lease  limit.Lease
	ask    limit.Ask // that was made, or waits
	output int64     // tokens of the answer that are reserved
	at     int       // in the worker's list of those that have something reserved, from 1
	place  place     // of the stream, while something of it is reserved
	read   bool      // the worker's neutral request is this stream's

	wait   *limit.Rule // for which it is held; nil: it is not
	until  int64       // at most
	except *limit.Rule // that has another model asked
	asked  string      // the model that was asked for before that
}

const (
	// streamStep is how many tokens of a stream are reserved at a time.
	streamStep = 4096
	// usualOutput is reserved for an answer whose bound nobody knows.
	usualOutput = 16384
	// leastOutput is what an answer has to have room for: OpenAI takes no smaller bound.
	leastOutput = 16
)

// reserve makes sure that what a request may need is there, by every limit that is for
// it. The tokens that its answer may have are lowered to what is left: most is then their
// bound, otherwise 0.
func (s *Stream) reserve(request rawjson.Value) (most int64, e *chat.Error) {
	b := &s.budget
	s.gather()
	if b.lease.Empty() {
		return 0, nil
	}
	wanted, parts := s.measure(request)
	for {
		if e := s.price(); e != nil {
			return 0, e
		}
		out := s.admitUsage()
		switch {
		case out.Refused == nil && out.Output < wanted:
			s.count("lowered", nil)
			return max(1, out.Output/parts), nil
		case out.Refused == nil:
			return 0, nil
		case s.degrade(out.Refused):
			if e := s.choose(request); e != nil {
				return 0, e
			}
			if e := s.authorise(request); e != nil {
				return 0, e
			}
			s.gather()
		case s.mayWait(out):
			return 0, nil
		default:
			s.count("refused", out.Refused)
			return 0, exceeded(out.Refused, out.Wait)
		}
	}
}

// gather finds the limits that are for the request.
func (s *Stream) gather() {
	b := &s.budget
	b.lease.Reset()
	if s.w.book == nil {
		return
	}
	book := s.w.book
	book.Gather(&b.lease, s, s.w.plan.Limits.Rules)
	book.Gather(&b.lease, s, s.space.Limits)
	if s.tier != nil {
		book.Gather(&b.lease, s, s.tier.Limits)
	}
	if s.caller != nil {
		book.Gather(&b.lease, s, s.caller.Rules)
	}
}

// measure notes what the request may need in tokens. wanted is the bound of its answers
// together, of which there are so many.
func (s *Stream) measure(request rawjson.Value) (wanted, parts int64) {
	b := &s.budget
	b.ask, parts = limit.Ask{}, 1
	if !b.lease.Counts(limit.Spent) || !request.Exists() {
		return 0, 1
	}
	b.ask.Input = s.inputTokens(request)
	switch s.endpoint.Op {
	case adapters.Chat, adapters.Responses, adapters.Completions:
	default:
		return 0, 1
	}
	least := int64(leastOutput)
	if wanted = s.asked(request); wanted == 0 {
		wanted = int64(s.w.plan.Limits.Output)
	}
	if m := s.known(); wanted == 0 && m != nil {
		wanted = m.Output
	}
	if wanted == 0 {
		wanted = usualOutput
	}
	if n, ok := request.Get("n").Int64(); ok && n > 1 && n <= maxChoices {
		parts = n
	}
	if thinking, ok := request.Find("thinking", "budget_tokens").Int64(); ok { // an answer's bound has to be above it
		least = max(least, min(thinking, wanted-1)+1)
	}
	wanted *= parts
	b.ask.Output, b.ask.Least = wanted, min(wanted, least*parts)
	if s.w.plan.Limits.KeepsOutput {
		b.ask.Least = wanted
	}
	if s.stream {
		b.ask.Step = streamStep
	}
	return wanted, parts
}

// maxChoices bounds how many answers to one request are believed.
const maxChoices = 128

// inputTokens estimates the request's tokens. Those of a conversation are those of its
// texts; its images have many bytes and few tokens.
func (s *Stream) inputTokens(request rawjson.Value) int64 {
	w, d := s.w, s.endpoint.Dialect
	if n := len(request.Raw()); n <= shortRequest {
		return int64(n) / bytesOfShort
	}
	switch s.endpoint.Op {
	case adapters.Chat, adapters.Responses, adapters.Completions:
		if d.Reader == nil {
			break
		}
		if s.budget.read {
			return w.request.Tokens()
		}
		w.request.Reset()
		if d.Reader.ReadRequest(request, &w.request) == nil {
			s.budget.read = true
			return w.request.Tokens()
		}
	case adapters.Embeddings:
		if d.Embeddings == nil {
			break
		}
		w.inputs.Reset()
		if d.Embeddings.ReadEmbed(request, &w.inputs) == nil {
			return w.inputs.Tokens()
		}
	}
	return int64(promptBytes(request.Raw())) / bytesPerToken
}

const (
	// shortRequest is up to how many bytes reading a conversation costs more than reserving
	// some tokens too many until it is over.
	shortRequest = 4 << 10
	// bytesOfShort is how many of them a token has at least, names of members included.
	bytesOfShort = 3
)

// price puts the catalogue's prices to what is asked.
func (s *Stream) price() *chat.Error {
	b := &s.budget
	if !b.lease.Counts(1 << limit.USD) {
		return nil
	}
	fixed, each, ok := s.known().Estimate(chat.Usage{Input: b.ask.Input, Images: s.asks.images, Characters: s.asks.characters}, s.asks.format)
	if !ok && !s.w.plan.Limits.Unpriced {
		return &chat.Error{Status: 403, Kind: chat.PermissionDenied, Code: "model_unpriced", Param: "model",
			Message: "the model '" + brief(s.model) + "' has no price here, so that no budget can hold it"}
	}
	b.ask.Fixed, b.ask.Picos = fixed, each
	return nil
}

// admitUsage reserves what is asked.
func (s *Stream) admitUsage() limit.Outcome {
	b, now := &s.budget, s.w.port.Now()
	out := s.w.book.Admit(&b.lease, &b.ask, limit.All, b.except, now)
	for _, r := range b.lease.Shadowed {
		s.count("shadow", r)
	}
	if out.Refused == nil {
		b.output = b.lease.Output()
		s.w.holdLease(s)
	}
	return out
}

// degrade has another model asked, where the budget that is used up says so.
func (s *Stream) degrade(r *limit.Rule) bool {
	b := &s.budget
	if r.Budget == nil || r.Budget.Model == "" || b.except != nil || s.endpoint.Model != "" || s.dropIn != nil {
		return false
	}
	b.except, b.asked = r, s.model
	s.model = r.Budget.Model
	s.count("degraded", r)
	return true
}

// mayWait notes that the request is to be held until there is room.
func (s *Stream) mayWait(out limit.Outcome) bool {
	b := &s.budget
	if out.Refused.Wait == 0 || out.Wait > int64(out.Refused.Wait) || s.attempts != nil && s.attempts.calling {
		return false
	}
	b.wait, b.until = out.Refused, s.w.port.Now()+int64(out.Refused.Wait)
	b.ask.Least = b.ask.Output // its body is written before its turn comes
	return true
}

// retryWaiting sees whether those that are held for a limit may go, or have to be refused.
func (w *Worker) retryWaiting(now int64) []Wake {
	var wakes []Wake
	for s := w.queued.first; s != nil; {
		next := s.after
		if step := s.retry(now); step != nil {
			wakes = append(wakes, Wake{s.owner, step})
		}
		s = next
	}
	return wakes
}

// retry is nil as long as the request has to wait on.
func (s *Stream) retry(now int64) *Step {
	b := &s.budget
	out := s.admitUsage()
	switch {
	case out.Refused == nil:
		s.leave()
		s.count("waited", b.wait)
		b.wait = nil
		return s.depart(s.next())
	case now < b.until:
		return nil
	}
	s.count("refused", out.Refused)
	return s.reject(exceeded(out.Refused, out.Wait))
}

// settleLease puts what the request has used in the place of what it has reserved.
func (s *Stream) settleLease(now int64) {
	b, w := &s.budget, s.w
	if b.lease.Empty() {
		return
	}
	w.dropLease(s)
	used := limit.Amounts{limit.InputTokens: s.usage.Input, limit.OutputTokens: s.usage.Output, limit.Tokens: s.usage.Total(), limit.USD: s.cost}
	w.book.Settle(&b.lease, &used, now)
	for _, c := range b.lease.Crossed {
		w.crossed(c, s)
	}
}

// holdLease notes that a stream has something reserved, which must not lapse.
func (w *Worker) holdLease(s *Stream) {
	if s.budget.at == 0 {
		w.leased = append(w.leased, s)
		s.budget.at = len(w.leased)
	}
}

func (w *Worker) dropLease(s *Stream) {
	at := s.budget.at
	if at == 0 {
		return
	}
	last := len(w.leased) - 1
	w.leased[at-1] = w.leased[last]
	w.leased[at-1].budget.at = at
	w.leased[last] = nil
	w.leased = w.leased[:last]
	s.budget.at = 0
}

// renewLeases keeps reservations of what is under way.
func (w *Worker) renewLeases(now int64) {
	for _, s := range w.leased {
		w.book.Renew(&s.budget.lease, now)
	}
}

// Attribute is what limits are kept by.
func (s *Stream) Attribute(a limit.Attribute) string {
	switch a.Kind {
	case limit.Consumer, limit.Tenant, limit.Tier:
		if s.caller == nil {
			return ""
		}
		return [...]string{limit.Consumer: s.caller.Name, limit.Tenant: s.caller.Tenant, limit.Tier: s.tierName}[a.Kind]
	case limit.IP:
		return s.address()
	case limit.Model:
		return s.label
	case limit.Provider:
		if s.target.Provider != nil {
			return s.target.Provider.Name
		}
	case limit.Operation:
		return s.endpoint.Op.String()
	case limit.Header:
		return s.header(a.Name)
	case limit.Metadata:
		return member(s.in.metadata, a.Name)
	case limit.Claim:
		v, _ := s.caller.Claim(a.Name)
		return v
	}
	return ""
}

// header is the value of a header that the configuration names.
func (s *Stream) header(name string) string {
	for i, x := range s.w.plan.Limits.Headers {
		if x == name && i < len(s.in.counted) {
			return s.in.counted[i]
		}
	}
	return ""
}

// Asks is the model as the client calls it, and the same without a provider's name before it.
func (s *Stream) Asks() (name, bare string) { return s.model, s.meant }

// Invented reports whether no model of the configuration gives the request's its name.
func (s *Stream) Invented() bool { return s.invented }

// address is who sends the request, as far as that can be trusted.
func (s *Stream) address() string {
	if s.w.plan.TrustedHops > 0 {
		return counted(s.client)
	}
	b, _ := s.w.port.Property("source\x00address")
	if a, ok := network.Parse(string(b)); ok {
		return counted(a)
	}
	return hostOf(string(b)) // a socket in the file system
}

// counted is what an address counts as: without a port, and of IPv6 the network of which
// whoever has one address has all (https://www.rfc-editor.org/rfc/rfc6177#section-2).
func counted(a network.Address) string {
	const whole4, network6 = 32, 64
	return a.Within(whole4, network6).String()
}

// member is a text or a number of a flat JSON object.
func member(object, name string) string {
	var doc rawjson.Doc
	if object == "" || doc.Parse([]byte(object)) != nil {
		return ""
	}
	v := doc.Root().Get(name)
	if v.Kind() == rawjson.String {
		return v.Str()
	}
	return string(v.Raw())
}

// standings tells how the limits stand that are for the request, as headers.
func (s *Stream) standings(dst []adapters.Header) []adapters.Header {
	now := max(s.began, s.firstByte) // near enough, and known
	for u := range limit.NumUnits {
		x := &s.budget.lease.Standing[u]
		if x.Limit == 0 {
			continue
		}
		switch u {
		case limit.Requests, limit.InputTokens, limit.OutputTokens, limit.Tokens:
			if s.endpoint.Dialect.Standing == nil && u != limit.Requests && u != s.tightest() {
				continue
			}
			what := [...]string{limit.Requests: "requests", limit.InputTokens: "input-tokens", limit.OutputTokens: "output-tokens", limit.Tokens: "tokens"}[u]
			dst = s.endpoint.Dialect.AppendStanding(dst, dialect.Standing{What: what, Limit: x.Limit, Remaining: x.Remaining, Reset: x.Reset, Now: now})
		case limit.USD:
			v := appendDollars(append(s.w.buffer[:0], "remaining="...), x.Remaining)
			v = appendDollars(append(v, ", limit="...), x.Limit)
			v = appendCount(v, ", reset=", seconds(x.Reset))
			dst = append(dst, adapters.Header{Name: budgetHeader, Value: string(v)})
		}
	}
	return dst
}

// tightest is the unit of the tokens that there is least of, for dialects that have one kind
// of them.
func (s *Stream) tightest() limit.Unit {
	all := &s.budget.lease.Standing
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

// count counts what a limit has done to a request.
func (s *Stream) count(outcome string, r *limit.Rule) {
	name := "none"
	if r != nil {
		name = r.Title()
	}
	s.w.outbox.Samples = append(s.w.outbox.Samples, s.w.series.Limited(name, outcome))
}

// crossed tells that a budget has come to a threshold.
func (w *Worker) crossed(c limit.Crossing, s *Stream) {
	percent := strconv.FormatInt(c.Percent, 10)
	w.outbox.Samples = append(w.outbox.Samples, w.series.Threshold(c.Rule.Title(), percent))
	who := "everybody"
	if s.caller != nil {
		who = s.caller.Name
	}
	w.outbox.Log = append(w.outbox.Log, "the budget "+strict.Quote(c.Rule.Title())+" has come to "+percent+" percent with a request of "+strict.Quote(who))
	w.alert(c, who)
}

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

// asked is how many tokens of output a request allows; 0 if it does not say.
func (s *Stream) asked(request rawjson.Value) int64 {
	n, ok := s.endpoint.Dialect.Most(s.endpoint.Op, request)
	if !ok || n == math.MaxInt64 {
		return 0
	}
	return n
}
