package dialect

import (
	"testing"
	"time"
)

func TestSpans(t *testing.T) {
	for in, want := range map[time.Duration]string{
		0: "0ms", 1: "1ms", 120 * time.Millisecond: "120ms", time.Second: "1s", 7500 * time.Millisecond: "8s", 6 * time.Minute: "6m0s",
		90 * time.Minute: "1h30m0s", 25*time.Hour + time.Second: "25h0m1s",
	} {
		if got := string(appendSpan(nil, int64(in))); got != want {
			t.Errorf("%v: got %s, want %s", in, got, want)
		}
	}
}

func TestStandings(t *testing.T) {
	s := Standing{What: "input-tokens", Limit: 100, Remaining: 7, Reset: int64(1500 * time.Millisecond), Now: 1_700_000_000_000_000_000}
	for d, want := range map[*Dialect][]string{
		OpenAI():    {"x-ratelimit-limit-tokens: 100", "x-ratelimit-remaining-tokens: 7", "x-ratelimit-reset-tokens: 2s"},
		Anthropic(): {"anthropic-ratelimit-input-tokens-limit: 100", "anthropic-ratelimit-input-tokens-remaining: 7", "anthropic-ratelimit-input-tokens-reset: 2023-11-14T22:13:22Z"},
	} {
		for i, h := range d.AppendStanding(nil, s) {
			if got := h.Name + ": " + h.Value; got != want[i] {
				t.Errorf("%s: got %q, want %q", d.Name, got, want[i])
			}
		}
	}
}
