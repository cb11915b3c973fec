package gateway

import (
	"math"
	"strconv"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/catalog"
	"github.com/postern-gateway/postern/plugin/internal/limit"
)

// A budgeting is what a stream has to do with limits.
type budgeting struct {
	lease  limit.Lease
	ask    limit.Ask // that was made, or waits
	output int64     // tokens of the answer that are reserved
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

// measure notes what the request may need in tokens. wanted is the bound of its answers
// together, of which there are so many.
func (s *Stream) measure(request rawjson.Value) (wanted, parts int64) {
	b := &s.budget
	if !b.lease.Counts(limit.Spent) || !request.Exists() {
		b.ask = limit.Ask{}
		return 0, 1
	}
	ask := limit.Ask{Input: s.inputTokens(request)}
	switch s.endpoint.Op {
	case adapters.Chat, adapters.Responses, adapters.Completions:
	default:
		b.ask = ask
		return 0, 1
	}
	if wanted = s.asked(request); wanted == 0 {
		wanted = s.untold()
	}
	parts = choices(request)
	least := max(leastOutput, min(thinking(request), wanted-1)+1)
	wanted *= parts
	if ask.Output, ask.Least = wanted, min(wanted, least*parts); s.w.plan.Limits.KeepsOutput {
		ask.Least = wanted
	}
	if s.stream && !s.inOnePiece() {
		ask.Step = streamStep
	}
	b.ask = ask
	return wanted, parts
}

// untold is how much an answer may have whose bound the request does not say.
//
//go:noinline
func (s *Stream) untold() int64 {
	if n := s.w.plan.Limits.Output; n > 0 {
		return int64(n)
	}
	if m := s.known(); m != nil && m.Output > 0 {
		return m.Output
	}
	return usualOutput
}

// thinking is how many tokens a request gives to reasoning: an answer's bound has to be above it.
//
//go:noinline
func thinking(request rawjson.Value) int64 {
	n, _ := request.Get("thinking").Get("budget_tokens").Int64()
	return n
}

// choices is how many answers a request wants.
//
//go:noinline
func choices(request rawjson.Value) int64 {
	if n, ok := request.Get("n").Int64(); ok && n > 1 && n <= maxChoices {
		return n
	}
	return 1
}

// inOnePiece reports whether the answer will be there as a whole, also that of a stream: it
// cannot be ended when it has used up what is reserved.
func (s *Stream) inOnePiece() bool { return s.attempts != nil && s.attempts.calling }

// topUp reserves what a request needs more at another target than at the one before: at
// other prices, and for an answer in one piece instead of a stream. Its tokens are lowered
// to what there is.
func (s *Stream) topUp(request rawjson.Value, body []byte) (rawjson.Value, []byte, *chat.Error) {
	b := &s.budget
	if b.lease.Empty() {
		return request, body, nil
	}
	fixed, picos := b.ask.Fixed, b.ask.Picos
	if e := s.price(); e != nil {
		return request, body, e
	}
	more := limit.Ask{Fixed: max(0, b.ask.Fixed-fixed), Picos: b.ask.Picos}
	if dearer := b.ask.Picos - picos; dearer > 0 { // what is reserved already, too
		more.Fixed += (dearer*b.output + 999) / 1000
	}
	parts, wanted := choices(request), b.output
	if s.inOnePiece() {
		wanted = b.ask.Output
		if n := s.asked(request); n > 0 {
			wanted = min(wanted, n*parts)
		}
		more.Output = max(0, wanted-b.output)
	}
	if more.Fixed > 0 || more.Output > 0 {
		out := s.w.book.Admit(&b.lease, &more, limit.Spent, b.except, s.w.port.Now())
		if out.Refused != nil && more.Fixed > 0 {
			s.count("refused", out.Refused)
			return request, body, exceeded(out.Refused, out.Wait)
		}
		b.output = b.lease.Output()
	}
	if b.output >= wanted {
		return request, body, nil
	}
	s.count("lowered", nil)
	return s.bound(request, max(1, b.output/parts))
}

// maxChoices bounds how many answers to one request are believed.
const maxChoices = 128

// inputTokens estimates the request's tokens. Those of a conversation are those of its
// texts; its images have many bytes and few tokens.
func (s *Stream) inputTokens(request rawjson.Value) int64 {
	if n := len(request.Raw()); n <= shortRequest {
		return int64(uint(n) / bytesOfShort)
	}
	return s.longInput(request)
}

//go:noinline
func (s *Stream) longInput(request rawjson.Value) int64 {
	w, d := s.w, s.endpoint.Dialect
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
	var fixed, each int64
	var ok bool
	if s.asks.images|s.asks.characters == 0 {
		fixed, each, ok = s.known().EstimateText(b.ask.Input)
	} else {
		fixed, each, ok = s.estimate(s.known(), b.ask.Input)
	}
	if !ok && !s.w.plan.Limits.Unpriced {
		return s.unpriced()
	}
	b.ask.Fixed, b.ask.Picos = fixed, each
	return nil
}

// estimate is what the request will cost with so many tokens of text, by a model's prices.
//
//go:noinline
func (s *Stream) estimate(m *catalog.Model, input int64) (fixed, each int64, ok bool) {
	return m.Estimate(chat.Usage{Input: input, Images: s.asks.images, Characters: s.asks.characters}, s.asks.format)
}

func (s *Stream) unpriced() *chat.Error {
	return &chat.Error{Status: 403, Kind: chat.PermissionDenied, Code: "model_unpriced", Param: "model",
		Message: "the model '" + brief(s.model) + "' has no price here, so that no budget can hold it"}
}

// admitUsage reserves what is asked.
func (s *Stream) admitUsage() limit.Outcome {
	b, now := &s.budget, s.w.port.Now()
	units := limit.All
	if s.cache.counted {
		units = limit.Spent
	}
	out := s.w.book.Admit(&b.lease, &b.ask, units, b.except, now)
	if len(b.lease.Shadowed) > 0 {
		s.tellShadowed()
	}
	if out.Refused == nil {
		b.output = b.lease.Output()
		s.w.enter(s)
	}
	return out
}

// tellShadowed counts the rules that would have refused the request.
func (s *Stream) tellShadowed() {
	for _, r := range s.budget.lease.Shadowed {
		s.count("shadow", r)
	}
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

// count counts what a limit has done to a request.
//
//go:noinline
func (s *Stream) count(outcome string, r *limit.Rule) {
	name := "none"
	if r != nil {
		name = r.Title()
	}
	s.w.count(s.w.series.Limited(name, outcome))
}

// crossed tells that a budget has come to a threshold.
func (w *Worker) crossed(c limit.Crossing, s *Stream) {
	percent := strconv.FormatInt(c.Percent, 10)
	w.count(w.series.Threshold(c.Rule.Title(), percent))
	who := "everybody"
	if s.caller != nil {
		who = s.caller.Name
	}
	w.outbox.Log = append(w.outbox.Log, "the budget "+strict.Quote(c.Rule.Title())+" has come to "+percent+" percent with a request of "+strict.Quote(who))
	w.alert(c, who)
}

// asked is how many tokens of output a request allows; 0 if it does not say.
func (s *Stream) asked(request rawjson.Value) int64 {
	n, ok := s.endpoint.Dialect.Most(s.endpoint.Op, request)
	if !ok || n == math.MaxInt64 {
		return 0
	}
	return n
}
