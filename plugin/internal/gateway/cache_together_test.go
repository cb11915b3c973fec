package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// TestWaitingBehindGuards has three persons ask at once; those of a tenant share an answer, and
// each reads the own values.
func TestWaitingBehindGuards(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	p := newWorker(t, behindGuards(`{"type":"pii"}`, `{"coalesce":{"streams":true}}`), h)
	f := guardedForms()[1] // a stream
	var all []*exchange
	for _, who := range persons {
		all = append(all, p.waiting(f.ask(who)))
	}
	if !all[1].waits || all[2].waits {
		t.Fatalf("waits: %v and %v, want the same tenant's alone", all[1].waits, all[2].waits)
	}
	all[0].completed(f.answer)
	all[1].done()
	all[2].completed(f.answer)
	for i, who := range persons {
		if want, got := "To "+who.mail+": "+who.card+", <EMAIL_ADDRESS>", read(all[i].response.Body); got != want {
			t.Errorf("%s: reads %q, want %q", who.name, got, want)
		}
		if h.Has(who.mail) {
			t.Errorf("what is kept has %s", who.mail)
		}
	}
	if all[1].cache() != "coalesced" {
		t.Errorf("got %q", all[1].cache())
	}
}

// TestStaleBehindGuards gives what is not fresh with the values of who asks, has another
// asked for, and keeps nobody's values of that.
func TestStaleBehindGuards(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	p := newWorker(t, behindGuards(`{"type":"pii"}`, staleCache), h)
	f := guardedForms()[0]
	p.exchange(f.ask(persons[0]), f.answer)
	p.at(70 * time.Second)
	x := p.exchange(f.ask(persons[1]), f.answer)
	if want, got := "To "+persons[1].mail, read(x.response.Body); x.cache() != "stale" || !strings.HasPrefix(got, want) {
		t.Fatalf("got %q: %s", x.cache(), x.response.Body)
	}
	if len(p.calls) != 1 || strings.Contains(string(p.calls[0].Body), persons[1].mail) {
		t.Fatalf("got %d requests of the gateway's own", len(p.calls))
	}
	again := says("Now <EMAIL_ADDRESS_1>, not y@later.example")
	p.answer(&again)
	x = p.exchange(f.ask(persons[0]), f.answer)
	if want, got := "Now "+persons[0].mail+", not <EMAIL_ADDRESS>", read(x.response.Body); x.cache() != "hit" || got != want {
		t.Errorf("got %q: reads %q, want %q; record %s", x.cache(), got, want, x.record)
	}
	for _, secret := range []string{persons[0].mail, persons[1].mail, "y@later"} {
		if h.Has(secret) {
			t.Errorf("what is kept has %s", secret)
		}
	}
}

// TestOtherOperationsTogether has other operations wait for each other, and grow old.
func TestOtherOperationsTogether(t *testing.T) {
	t.Parallel()
	moderate := func(text string) cases.Message {
		return post("/v1/moderations", `{"model":"m","input":"`+text+`"}`)
	}
	verdict := jsonAnswer("200", `{"id":"modr-1","results":[{"flagged":false}]}`)
	p := newProxy(t, cached(`{"coalesce":{}}`, ""))
	first, same, other := p.waiting(moderate("a")), p.waiting(moderate("a")), p.waiting(moderate("b"))
	if !same.waits || other.waits {
		t.Errorf("waits: %v and %v, want the same question's alone", same.waits, other.waits)
	}
	first.completed(verdict)
	if same.cache() != "coalesced" || string(same.response.Body) != string(verdict.Body) {
		t.Errorf("got %q: %s", same.cache(), same.response.Body)
	}
	lists := []*exchange{p.waiting(post("/v1/embeddings", `{"model":"m","input":["a","b"]}`)), p.waiting(post("/v1/embeddings", `{"model":"m","input":["c","d"]}`)), p.waiting(post("/v1/embeddings", `{"model":"m","input":["a","b"]}`))}
	for i, x := range lists {
		if x.waits {
			t.Errorf("list %d of embeddings waits for another", i)
		}
	}
	forms := []*exchange{p.waiting(formOf("/v1/audio/transcriptions", "RIFF", "model", "m")), p.waiting(formOf("/v1/audio/transcriptions", "RIFF", "model", "m"))}
	if forms[0].upstream == nil || forms[1].upstream == nil {
		t.Error("a form waits")
	}

	p = newProxy(t, cached(staleCache, ""))
	p.exchange(moderate("a"), verdict)
	p.exchange(post("/v1/embeddings", `{"model":"m","input":["a"]}`), jsonAnswer("200", `{"data":[{"index":0,"embedding":[1]}]}`))
	p.exchange(formOf("/v1/audio/transcriptions", "RIFF", "model", "m"), jsonAnswer("200", `{"text":"Hi"}`))
	p.at(70 * time.Second)
	if x := p.exchange(moderate("a"), verdict); x.cache() != "stale" || string(x.response.Body) != string(verdict.Body) || len(p.calls) != 1 {
		t.Errorf("got %q: %s, %d requests of the gateway's own", x.cache(), x.response.Body, len(p.calls))
	}
	fresh := jsonAnswer("200", `{"id":"modr-2","results":[{"flagged":true}]}`)
	p.answer(&fresh)
	if x := p.exchange(moderate("a"), verdict); x.cache() != "hit" || string(x.response.Body) != string(fresh.Body) {
		t.Errorf("afterwards: got %q: %s", x.cache(), x.response.Body)
	}
	for _, m := range []cases.Message{post("/v1/embeddings", `{"model":"m","input":["a"]}`), formOf("/v1/audio/transcriptions", "RIFF", "model", "m")} {
		if x := p.exchange(m, jsonAnswer("200", `{"text":"Hi","data":[{"index":0,"embedding":[1]}]}`)); x.cache() != "miss" {
			t.Errorf("%s: got %q, want a miss", m.First, x.cache())
		}
	}
	failed := jsonAnswer("200", `{"error":{"message":"no"}}`)
	failed.First = "503"
	p.at(150 * time.Second)
	if x := p.exchange(moderate("a"), failed); x.cache() != "stale" || string(x.response.Body) != string(fresh.Body) {
		t.Errorf("in the place of an error: got %q: %s", x.cache(), x.response.Body)
	}
}

// TestBytesHeld checks the metric of what all workers hold together.
func TestBytesHeld(t *testing.T) {
	t.Parallel()
	h := &statetest.Host{}
	config := cached(`{}`, `,"admin":{"keys":[{"sha256":"`+sum("admin-key")+`"}]}`)
	one, two := newWorker(t, config, h), newWorker(t, config, h)
	held := func() int {
		one.tick(time.Second)
		two.tick(time.Second)
		return int(one.counts["postern.cache_bytes"] + two.counts["postern.cache_bytes"])
	}
	for i, p := range []*proxy{one, two, one} {
		p.exchange(chatAsk(chatBody("m", `,"seed":`+string(rune('0'+i)))), says(strings.Repeat("Hello ", 1000)))
		if got, least := held(), (i+1)*6000; got < least || got > least+1000 {
			t.Errorf("after %d answers: got %d bytes, want %d and a little", i+1, got, least)
		}
	}
	one.exchange(chatAsk(chatBody("m", `,"seed":0`), "cache-control", "no-cache"), says("short"))
	if got := held(); got < 12000 || got > 14000 {
		t.Errorf("after one was replaced: got %d bytes, want 12000 and a little", got)
	}
	two.exchange(post("/postern/cache/purge", `{"all":true}`, "authorization", "Bearer admin-key"), says(""))
	if got := held(); got != 0 {
		t.Errorf("after a purge: got %d bytes, want none", got)
	}
}
