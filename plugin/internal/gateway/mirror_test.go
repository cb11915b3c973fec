package gateway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/cases"
	"github.com/postern-gateway/postern/plugin/internal/gateway"
)

// mirrored is a configuration with a mirror, and what else there is beside it.
func mirrored(mirror, more string) string {
	return `{"hold_headers":"always","client_headers":{"narrow":["session-id"]},"providers":[
	{"name":"a","type":"openai","cluster":"a","keys":[{"value":"key-a"}]},
	{"name":"claude","type":"anthropic","cluster":"claude","keys":[{"value":"key-c"}]},
	{"name":"missing","type":"openai","cluster":"missing","keys":[{"value":"key-m"}]}],
	"models":[{"name":"m","targets":[{"provider":"a","model":"m-a"}],"mirror":{` + mirror + `}}]` + more + `}`
}

const toClaude = `"provider":"claude","model":"claude-sonnet-4-5"`

var claudeSays = jsonAnswer("200", `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"Hello."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":8,"output_tokens":3}}`)

// The copy is for its target: translated, with its key, not as a stream, and as guards have
// left it. Its answer is counted, and goes nowhere else.
func TestMirror(t *testing.T) {
	t.Parallel()
	for _, stream := range []bool{false, true} {
		p := newProxy(t, mirrored(toClaude, `,"guards":[{"type":"pii","on":["request"],"action":"mask"}],"limits":[{"name":"one","concurrent":1},{"name":"two","requests":100,"per":"1m"}]`))
		x := p.stream()
		body := `{"model":"m","max_tokens":50,"messages":[{"role":"user","content":"I am ada@example.com"}]}`
		if stream {
			body = `{"stream":true,"stream_options":{"include_usage":true},` + body[1:]
		}
		x.request(chatRequest("/v1/chat/completions", body))
		if len(p.calls) != 1 || x.upstream == nil {
			t.Fatalf("got %d callouts and %v upstream, want a copy and the request", len(p.calls), x.upstream)
		}
		got := calloutMessage(p.calls[0])
		if !strings.HasPrefix(got.First, "POST /v1/messages") || got.Get("x-api-key") != "key-c" || strings.Contains(got.String(), "key-a") {
			t.Errorf("got the copy %s, want one for Anthropic's API and with its key", got)
		}
		if b := string(got.Body); strings.Contains(b, "ada@") || strings.Contains(b, `"stream":true`) || !strings.Contains(b, `"claude-sonnet-4-5"`) {
			t.Errorf("got the copy %s, want no address and no stream", b)
		}
		if !strings.Contains(string(x.upstream.Body), "m-a") || strings.Contains(string(x.upstream.Body), "claude") {
			t.Errorf("got %s upstream, want the request itself", x.upstream)
		}
		p.details = "via_upstream"
		if stream {
			x.respond(events(role, hello, stopped, "[DONE]"))
		} else {
			x.respond(good)
		}
		x.wantFrom("200", "hello")
		p.answer(&claudeSays)
		x.done()
		if want := `"mirror":"claude/claude-sonnet-4-5"`; !strings.Contains(string(x.record), want) || strings.Contains(string(x.record), `"input_tokens":8`) {
			t.Errorf("got the record %s, want %s and the usage of the request alone", x.record, want)
		}
		p.wantCounts(map[string]uint64{
			"postern.mirror;provider=claude;model=claude-sonnet-4-5;status=200":              1,
			"postern.mirror_tokens;provider=claude;model=claude-sonnet-4-5;type=input":       8,
			"postern.mirror_tokens;provider=claude;model=claude-sonnet-4-5;type=output":      3,
			"postern.mirror_cost_nano_usd;provider=claude;model=claude-sonnet-4-5":           69000,
			"postern.requests;operation=chat;provider=a;model=m;status=200":                  1,
			"postern.requests;operation=chat;provider=claude;model=claude-sonnet-4-5;status": 0,
		})
		if left := p.worker.Left(); left != "" {
			t.Errorf("left: %s", left)
		}
	}
}

func (p *proxy) wantCounts(want map[string]uint64) {
	p.t.Helper()
	for name, n := range want {
		if p.counts[name] != n {
			p.t.Errorf("%s: got %d, want %d", name, p.counts[name], n)
		}
	}
}

// Whatever becomes of copies, the client notices nothing, and nothing is learned of their target.
func TestNothingOfACopyIsNoticed(t *testing.T) {
	t.Parallel()
	broken := jsonAnswer("500", `{"error":{"message":"broken"}}`)
	page := cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: "text/html"}}, Body: []byte("<html>")}
	cut := jsonAnswer("200", `{"id":"c"`)
	for _, tt := range []struct {
		name, mirror, status string
		answer               *cases.Message
	}{
		{"no answer", toClaude, "0", nil},
		{"an error", toClaude, "500", &broken},
		{"a page", toClaude, "502", &page},
		{"JSON that is cut off", toClaude, "502", &cut},
		{"the same target as the request's", `"provider":"a","model":"m-a"`, "500", &broken},
		{"no such cluster", `"provider":"missing","model":"x"`, "0", nil},
	} {
		p := newProxy(t, mirrored(tt.mirror, ""))
		for range 12 {
			x := p.stream()
			x.request(askFor("m", false))
			for len(p.calls) > 0 {
				p.answer(tt.answer)
			}
			p.tick(gateway.TickEvery)
			p.details = "via_upstream"
			x.respond(good)
			x.wantFrom("200", "hello")
			x.done()
		}
		sent := uint64(0)
		for name, n := range p.counts {
			if strings.HasPrefix(name, "postern.mirror;") && strings.HasSuffix(name, ";status="+tt.status) {
				sent += n
			}
			if strings.HasPrefix(name, "postern.rests") {
				t.Errorf("%s: %s: got %d, want that nothing is learned", tt.name, name, n)
			}
		}
		if sent != 12 {
			t.Errorf("%s: got %d copies with status %s, want 12 of %v", tt.name, sent, tt.status, p.counts)
		}
		if left := p.worker.Left(); left != "" {
			t.Errorf("%s: left: %s", tt.name, left)
		}
	}
}

// Copies that are slow take no place of others, and there are never more than are allowed.
func TestFewCopiesAtATime(t *testing.T) {
	t.Parallel()
	p := newProxy(t, mirrored(toClaude+`,"concurrent":3,"timeout":"5s"`, ""))
	for range 10 {
		x := p.stream()
		x.request(askFor("m", false))
		p.details = "via_upstream"
		x.respond(good)
		x.wantFrom("200", "hello")
		x.done()
	}
	if len(p.calls) != 3 || p.calls[0].Timeout != 5*time.Second {
		t.Errorf("got %d copies, want 3", len(p.calls))
	}
	p.wantCounts(map[string]uint64{"postern.mirror;provider=claude;model=claude-sonnet-4-5;status=busy": 7})
	for len(p.calls) > 0 {
		p.answer(&claudeSays)
	}
	x := p.stream()
	x.request(askFor("m", false))
	if len(p.calls) != 1 {
		t.Errorf("got %d copies once there is room, want one", len(p.calls))
	}
}

// A conversation is copied always or never, and a higher percentage only adds others.
func TestSampleOfConversations(t *testing.T) {
	t.Parallel()
	const all = 2000
	var before [all]bool
	for _, percent := range []string{"10", "30"} {
		p := newProxy(t, mirrored(toClaude+`,"percent":`+percent, ""))
		n := 0
		for i := range all {
			for turn := range 2 {
				x := p.stream()
				r := askFor("m", false)
				r.Headers = append(r.Headers, cases.Header{Name: "x-postern-session-id", Value: "s-" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + time.Duration(i).String()})
				x.request(r)
				copied := len(p.calls) == 1
				if copied {
					p.answer(&claudeSays)
				}
				switch {
				case turn == 1 && copied != before[i]:
					t.Fatalf("conversation %d: got %v for its second request", i, copied)
				case before[i] && !copied:
					t.Fatalf("conversation %d is not copied any more at %s percent", i, percent)
				case turn == 0 && copied:
					n++
				}
				before[i] = copied
				x.done()
			}
		}
		if want := map[string]int{"10": 200, "30": 600}[percent]; n < want-60 || n > want+60 {
			t.Errorf("%s percent: got %d of %d", percent, n, all)
		}
	}
}
