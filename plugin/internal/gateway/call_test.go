package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// begin sends a request.
func (m *member) begin() {
	c := m.crowd
	c.calls++
	x := &call{member: m, id: "#" + strconv.Itoa(c.calls) + ".", consumer: []string{"web", "app"}[c.random.IntN(2)], exchange: m.stream()}
	x.exchange.gw = m.worker.NewStream(x.exchange)
	x.streams, x.list = c.random.IntN(2) == 0, c.random.IntN(5) == 0 && c.allowed.mechanism != "native"
	x.most = []int{20, 400, 3000, 9000}[c.random.IntN(4)]
	x.wanted = x.most
	body := fmt.Sprintf(`{"model":"gpt-4o","max_tokens":%d,"stream":%v,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"%s%s"}]}`,
		x.most, x.streams, x.id, strings.Repeat(" and", c.random.IntN(200)))
	if !x.streams {
		body = strings.Replace(body, `"stream_options":{"include_usage":true},`, "", 1)
	}
	one := len(body)
	path := "/v1/chat/completions"
	if x.list {
		path = "/universal"
		body = `[{"provider":"a","endpoint":"chat/completions","query":` + body + `},{"provider":"b","endpoint":"chat/completions","query":` + body + `}]`
	}
	if !x.list && c.random.IntN(3) == 0 { // of another dialect
		path, body = "/v1/messages", strings.Replace(body, `"stream_options":{"include_usage":true},`, "", 1)
	}
	if x.size = len(body); x.list {
		x.size = one
	}
	message := chatRequest(path, body)
	message.Headers = append(message.Headers, cases.Header{Name: "authorization", Value: "Bearer client-" + x.consumer}, cases.Header{Name: "x-team", Value: "t"})
	if c.random.IntN(20) == 0 { // the client leaves before its body is there
		if step := x.gw.RequestHeaders(requestHeaders(message), false); step.Reply == nil {
			x.gw.RequestProgress(len(body) / 2)
		}
		c.hungUp++
		x.exchange.done()
		return
	}
	m.live = append(m.live, x)
	x.request(message)
	x.queued = x.waits
}

// sweep sees what has become of requests, and ends those that have their answer.
func (m *member) sweep() {
	for _, x := range slices.Clone(m.live) {
		if x.upstream != nil && !x.sent {
			x.send()
		}
		if (x.answered || x.torn) && !x.ended {
			if x.answered && !x.sent {
				m.crowd.refused++
			}
			x.finish(x.words, false)
		}
	}
	for i := range m.calls {
		if call := m.callOf(i); call != nil && call.callout != m.calls[i].ID {
			call.callout, call.calledAt = m.calls[i].ID, m.crowd.now
			call.asked(m.calls[i].Body)
		}
	}
	for _, x := range m.live {
		if x.gave && !x.ended && !x.outlived {
			x.goneOn()
		}
	}
	m.live = slices.DeleteFunc(m.live, func(x *call) bool { return x.ended && !x.late })
	m.crowd.few()
}

// asked notes that another provider is asked, or the same again: for a list's second request,
// which counts by itself, or for one that has failed.
func (x *call) asked(body []byte) {
	c := x.member.crowd
	if x.waits = true; bytes.Contains(body, []byte(`"role":"assistant"`)) {
		x.askedOn()
		return
	}
	if !x.list {
		c.retries++
		x.called = true
		x.begun, x.again, x.words, x.text, x.base = false, true, 0, chat.Delivered{}, 0
		return
	}
	x.begun = true
	c.fallbacks++
	c.count("often", x.consumer, 1, 0)
	c.slow()
}

// send notes that a provider has got a request.
func (x *call) send() {
	c := x.member.crowd
	x.sent = true
	if x.queued {
		c.waited++
	}
	c.count("often", x.consumer, 1, 0)
	c.slow()
	if !x.handedOver() {
		x.bound(x.upstream.Body)
	}
}

// bound reads how many tokens the gateway has left the answer.
func (x *call) bound(body []byte) {
	var request struct {
		Max   int `json:"max_tokens"`
		Other int `json:"max_completion_tokens"`
	}
	err := json.Unmarshal(body, &request)
	request.Max += request.Other
	if err != nil || request.Max == 0 || request.Max > x.most {
		x.member.t.Errorf("the provider got %s (%v)", body, err)
	}
	x.most = request.Max
}

// callOf is whose callout one is.
func (m *member) callOf(i int) *call {
	for _, x := range m.live {
		if bytes.Contains(m.calls[i].Body, []byte(x.id)) {
			return x
		}
	}
	return nil
}

// input is how many tokens the mock says that a request has: not more than is estimated.
func (x *call) input() int { return x.size / 4 }

func (x *call) answer(words int) cases.Message {
	return cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "application/json"}},
		Body: fmt.Appendf(nil, `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":%s}`, x.usage(words))}
}

// streamed is an answer as a stream that has come as a whole.
func (x *call) streamed(words int) cases.Message {
	return cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/event-stream"}},
		Body: []byte(`data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"ok"}}]}` + "\n\n" + x.lastEvents(words))}
}

func (x *call) lastEvents(words int) string {
	return `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n" +
		`data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":` + x.usage(words) + "}\n\ndata: [DONE]\n\n"
}

func (x *call) usage(words int) string {
	return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, x.input(), words, x.input()+words)
}

var failedAnswer = jsonAnswer("500", `{"error":{"message":"no"}}`)

// move is the next that happens to a request.
func (x *call) move() {
	c := x.member.crowd
	n := c.random.IntN(20)
	switch {
	case x.ended:
	case n < 2 && x.parts > 1 && x.waits: // or nobody knows what is settled later
	case n < 2:
		x.leave()
	case x.outlived:
		x.outlast(n)
	case x.waits: // for a limit, or for a callout
	case !x.begun && x.handedOver():
		x.try(n)
	case !x.begun && n < 5:
		c.failed++
		x.idle = true
		x.respond(failedAnswer)
		x.idle = false
		if !x.answered && !x.waits {
			x.finish(0, true)
		}
	case !x.begun && !x.streams:
		c.whole++
		words := c.random.IntN(x.most + 1)
		x.respond(x.answer(words), 20)
		x.said = true
		x.finish(words, true)
	case !x.begun:
		c.streams++
		x.begun = x.exchange.begin([]adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/event-stream"}}, false)
	default:
		x.tell(n)
	}
}

// tell is the next part of a stream.
func (x *call) tell(n int) {
	c := x.member.crowd
	if more := min(x.most-x.words, 1+c.random.IntN(mostWords)); more > 0 && n < 15 {
		x.chunk(x.event(more), false)
		return
	}
	if n == 15 || (n == 16 || n == 17) && c.allowed.goesOn { // the provider breaks off
		var failure []byte
		if n > 15 {
			failure = []byte(errorEvent)
		}
		x.closed = true
		x.chunk(failure, true)
		if !x.waits && !x.answered {
			x.finish(x.words, false)
		}
		return
	}
	x.said = true
	x.chunk([]byte(x.lastEvents(x.words)), true)
	x.finish(x.words, true)
}

// event is a part of a stream with so many words more.
func (x *call) event(words int) []byte {
	text := strings.Repeat("word ", words)
	x.text.Add(chat.Text(text)) // the mock counts as the gateway estimates
	x.words = int(x.text.Tokens() - x.base)
	return fmt.Appendf(nil, `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"%s"}}]}`+"\n\n", text)
}

// mostWords are in a part of a stream, which is what a stream can be beyond its limit.
const mostWords = 700

// leave is the client's end.
func (x *call) leave() {
	c := x.member.crowd
	c.hungUp++
	if x.waits && x.sent && x.isCalled() {
		c.late++
		x.late, x.ended = true, true
		x.exchange.done()
		x.waits = false
		return
	}
	words := x.words
	if x.weighs { // nothing has gone out
		words = 0
	}
	so, sent := x.soFar()
	x.finish(words, false)
	if sent && so != x.counted {
		c.t.Errorf("a request whose client has gone counts as %+v, and had used %+v a moment before", x.counted, so)
	}
}

// isCalled reports whether one of the worker's callouts is for this request.
func (x *call) isCalled() bool {
	for i := range x.member.calls {
		if x.member.callOf(i) == x {
			return true
		}
	}
	return false
}

// answerCallout answers the oldest: 0 is not at all.
func (m *member) answerCallout(how int) {
	c, x := m.crowd, m.callOf(0)
	m.sweep()
	if x == nil {
		c.t.Errorf("there is a callout of nobody: %s", m.calls[0].Body)
		return
	}
	x.most = 1 << 30
	if x.sequel {
		x.most = max(16, x.wanted-x.past)
	}
	x.bound(m.calls[0].Body)
	answer, words := &failedAnswer, 0
	switch {
	case how > 0 && x.sequel:
		answer, words = x.sequelOf(how)
	case how == 0:
		answer = nil
	case how > 1:
		words = c.random.IntN(x.most + 1)
		a := x.answer(words)
		if x.streams {
			a = x.streamed(words)
		}
		answer, x.said = &a, true
	}
	if !x.late {
		x.words = words
		m.answer(answer)
		return
	}
	x.late = false
	m.answer(answer)
	x.shut = true
	switch {
	case x.sequel:
		x.chargeLate(words)
	case x.said:
		x.charge(used(x.input(), words))
	case answer == nil:
		x.charge(used(x.size/3, 0)) // nobody knows; the question counts as it was estimated
	default:
		x.charge(gateway.Used{})
	}
}

// finish ends a request, and compares what the gateway says that it has used with what the
// mock has said.
func (x *call) finish(words int, whole bool) {
	c := x.member.crowd
	x.ended = true
	stream := x.gw.(*gateway.Stream)
	x.over(stream)
	x.exchange.done()
	x.shut = true
	for _, a := range [...]*exchange{x.given, x.attempt} {
		if a != nil {
			a.done()
		}
	}
	var r struct {
		Input  int    `json:"input_tokens"`
		Output int    `json:"output_tokens"`
		Cost   int    `json:"cost_nano_usd"`
		Error  string `json:"error"`
	}
	if err := json.Unmarshal(x.record, &r); err != nil {
		c.t.Errorf("%v: %s", err, x.record)
	}
	cut := r.Error == "limit_reached"
	words += x.past
	least := x.input() * (x.parts + 1)
	if x.sequel && !x.met {
		least -= x.input()
	}
	if x.again && x.said {
		c.recovered++
	}
	switch {
	case cut:
		c.cut++
	case !x.sent && r.Input+r.Output > 0, x.said && (r.Input < least || r.Input > least && x.parts == 0 || r.Output != words):
		c.t.Errorf("a request of %d tokens, with %d for an answer, counts as %s", x.input(), words, x.record)
	case x.sent && x.handedOver() && !x.called && !x.begun && !x.said: // nobody knows what has become of the last attempt, or nobody was asked
		if r.Output > 0 || r.Input > 0 && (x.attempt == nil && !whole || r.Input < x.input()) {
			c.t.Errorf("attempts without an answer to %d tokens count as %s", x.input(), x.record)
		}
	case x.again && !x.said: // all that was asked has failed, and counts for nothing
	case x.sent && !whole && x.response.First != "500" && (r.Input < least || r.Output != words):
		if !x.list || x.begun && !x.streams {
			c.t.Errorf("an answer that ends after %d words to %d tokens counts as %s", words, x.input(), x.record)
		}
	}
	if r.Cost != r.Input*inputPrice+r.Output*outputPrice {
		c.t.Errorf("%d and %d tokens cost %d", r.Input, r.Output, r.Cost)
	}
	x.charge(used(r.Input, r.Output))
}

// used is what tokens cost.
func used(input, output int) gateway.Used {
	return gateway.Used{Input: int64(input), Output: int64(output), Cost: int64(input*inputPrice + output*outputPrice)}
}

// charge counts what a request has used, as far as that was not done before.
func (x *call) charge(all gateway.Used) {
	c, had := x.member.crowd, x.counted
	if x.counted = all; had == (gateway.Used{}) {
		x.since = c.now
	}
	in, out := all.Input-had.Input, all.Output-had.Output
	c.used.Input, c.used.Output, c.used.Cost = c.used.Input+in, c.used.Output+out, c.used.Cost+all.Cost-had.Cost
	for _, is := range []struct {
		rule, key string
		used      int64
	}{{"all", "", in + out}, {"in", x.consumer, in}, {"out", x.consumer, out}, {"money", x.consumer, all.Cost - had.Cost}} {
		if is.used < 0 {
			c.account(is.rule, is.key).takeBack(c.now, x.since, -is.used)
		} else {
			c.count(is.rule, is.key, is.used, 0)
		}
	}
}

// over counts once that nobody could hold back the last piece of a stream that was cut.
func (x *call) over(s *gateway.Stream) {
	if x.excess || !s.Cut() {
		return
	}
	x.excess = true
	c, over := x.member.crowd, int64(mostWords+1)
	c.count("all", "", 0, over)
	c.count("out", x.consumer, 0, over)
	c.count("money", x.consumer, 0, over*outputPrice)
}
