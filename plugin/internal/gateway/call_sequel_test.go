package gateway_test

import (
	"fmt"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/plugin/cases"
)

const errorEvent = `data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}` + "\n\n"

// askedOn notes that another provider is asked to go on with an answer.
func (x *call) askedOn() {
	x.member.crowd.sequels++
	if !x.sequel || x.met {
		x.parts++
		x.past += x.words
		x.base = x.text.Tokens()
	}
	x.sequel, x.met, x.words = true, false, 0
}

// sequelOf is what it says: an error, the rest, or a part of it.
func (x *call) sequelOf(how int) (*cases.Message, int) {
	c := x.member.crowd
	if how == 1 {
		return &failedAnswer, 0
	}
	x.met = true
	if how == 2 && !x.late {
		a := x.streamed(0)
		words := min(x.most, 1+c.random.IntN(mostWords))
		a.Body = x.event(words)
		return &a, x.words
	}
	words := c.random.IntN(x.most + 1)
	x.text.Add(chat.Text("ok"))
	x.said = true
	a := x.streamed(words)
	return &a, words
}

// goneOn sees that the client has what has come of it, and the end of its answer.
func (x *call) goneOn() {
	if x.answered || x.torn {
		return
	}
	c := x.member.crowd
	if x.holds {
		c.t.Errorf("an answer is held, and nobody is asked to go on with it")
	}
	if x.said {
		c.goneOn++
	}
	x.waits = false
	if x.closed {
		x.finish(x.words, x.said)
		return
	}
	x.outlived = true
}

// outlast is what a provider still says whose stream has ended for its client.
func (x *call) outlast(n int) {
	if n < 10 {
		x.chunk(fmt.Appendf(nil, `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"late"}}]}`+"\n\n"), false)
		return
	}
	x.chunk([]byte(x.lastEvents(0)), true)
	x.finish(x.words, x.said)
}

// chargeLate counts a request whose client has gone while another was to go on with its
// answer: the first part was estimated.
func (x *call) chargeLate(words int) {
	input := 0
	if x.said {
		input = x.input()
	}
	x.charge(used(x.size/3*x.parts+input, x.past+words))
}
