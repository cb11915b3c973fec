// Package script tells a mock provider how to behave for one request.
//
// A Behaviour is written as directives, "latency=50ms;status=429", in the mock's
// options, in its queue, or in the prompt between [[mock: and ]], since request
// headers seldom pass a gateway. An unknown directive is an error, so that a typing
// mistake in a test never means "no fault".
package script

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An After is a point in a stream: after N events.
type After struct {
	On bool
	N  int
}

// Reached says whether the point has come when n events are written.
func (a After) Reached(n int) bool { return a.On && n >= a.N }

// A Behaviour is how to answer one request. The zero value is to answer well.
type Behaviour struct {
	// Before the answer.
	Latency     time.Duration // wait this long before the headers
	SlowHeaders time.Duration // over HTTP/1.1: wait this long after each header line
	Blackhole   bool          // never answer; ends when the client goes

	// Another answer than the good one.
	Status     int    // fail with this status, in the provider's own form
	RetryAfter string // retry-after header of that failure
	Message    string // message of that failure; empty means the usual one
	Code       string // code of that failure, where the provider has codes
	HTML       int    // an HTML error page with this status, as load balancers send it
	Empty      int    // this status and no body
	OKError    bool   // status 200 with an error object

	// Faults within a good answer. In an answer that is not a stream, Disconnect and EOF strike in the middle of the body.
	Disconnect   After // reset the connection
	EOF          After // end cleanly, without the last events
	ErrorEvent   After // the provider's error event, then the end
	TruncateJSON bool  // the first payload with content is cut in two and the answer ends

	// How a good answer is written.
	Split     int           // write pieces of this many bytes, each flushed
	Chunks    int           // exactly this many content deltas
	Interval  time.Duration // wait this long between events
	Stall     time.Duration // wait this long once, when some text is out
	CRLF      bool          // lines end in CR LF
	CR        bool          // lines end in CR
	Comments  bool          // a comment before each event
	MultiLine bool          // JSON over several data lines
	NoSpace   bool          // no blank after the colon
	Gzip      bool          // compressed, whether asked for or not
	Trailers  bool          // trailers after the body
	Unknown   bool          // an event of a type that nobody knows, early in the stream

	// What a good answer says.
	Text         string // say this
	HasText      bool   // Text is set, and may be empty
	Refuse       bool   // the model refuses
	Filter       bool   // a content filter stops the answer
	Redact       bool   // reasoning comes redacted, where the provider does that
	DeltaUsage   bool   // Anthropic: message_delta repeats the input tokens
	NoUsage      bool   // no usage in the answer
	NoRateLimits bool   // no rate limit headers
}

// A directive is one word of the language.
type directive struct {
	name string
	set  func(b *Behaviour, value string) error
}

func directives() []directive {
	return []directive{
		{"latency", duration(func(b *Behaviour) *time.Duration { return &b.Latency })},
		{"slow-headers", duration(func(b *Behaviour) *time.Duration { return &b.SlowHeaders })},
		{"interval", duration(func(b *Behaviour) *time.Duration { return &b.Interval })},
		{"stall", duration(func(b *Behaviour) *time.Duration { return &b.Stall })},
		{"blackhole", flag(func(b *Behaviour) *bool { return &b.Blackhole })},
		{"status", number(400, 599, func(b *Behaviour) *int { return &b.Status })},
		{"retry-after", text(func(b *Behaviour) *string { return &b.RetryAfter })},
		{"message", text(func(b *Behaviour) *string { return &b.Message })},
		{"code", text(func(b *Behaviour) *string { return &b.Code })},
		{"html", number(200, 599, func(b *Behaviour) *int { return &b.HTML })},
		{"empty", number(200, 599, func(b *Behaviour) *int { return &b.Empty })},
		{"200-error", flag(func(b *Behaviour) *bool { return &b.OKError })},
		{"disconnect", after(func(b *Behaviour) *After { return &b.Disconnect })},
		{"eof", after(func(b *Behaviour) *After { return &b.EOF })},
		{"error-event", after(func(b *Behaviour) *After { return &b.ErrorEvent })},
		{"truncate-json", flag(func(b *Behaviour) *bool { return &b.TruncateJSON })},
		{"split", number(1, math.MaxInt32, func(b *Behaviour) *int { return &b.Split })},
		{"chunks", number(1, 100_000, func(b *Behaviour) *int { return &b.Chunks })},
		{"crlf", flag(func(b *Behaviour) *bool { return &b.CRLF })},
		{"cr", flag(func(b *Behaviour) *bool { return &b.CR })},
		{"comments", flag(func(b *Behaviour) *bool { return &b.Comments })},
		{"multiline", flag(func(b *Behaviour) *bool { return &b.MultiLine })},
		{"no-space", flag(func(b *Behaviour) *bool { return &b.NoSpace })},
		{"gzip", flag(func(b *Behaviour) *bool { return &b.Gzip })},
		{"trailers", flag(func(b *Behaviour) *bool { return &b.Trailers })},
		{"unknown-event", flag(func(b *Behaviour) *bool { return &b.Unknown })},
		{"text", func(b *Behaviour, v string) error { b.Text, b.HasText = v, true; return nil }},
		{"refuse", flag(func(b *Behaviour) *bool { return &b.Refuse })},
		{"filter", flag(func(b *Behaviour) *bool { return &b.Filter })},
		{"redact", flag(func(b *Behaviour) *bool { return &b.Redact })},
		{"delta-usage", flag(func(b *Behaviour) *bool { return &b.DeltaUsage })},
		{"no-usage", flag(func(b *Behaviour) *bool { return &b.NoUsage })},
		{"no-rate-limits", flag(func(b *Behaviour) *bool { return &b.NoRateLimits })},
	}
}

// Names lists the directives, for help texts.
func Names() []string {
	var names []string
	for _, d := range directives() {
		names = append(names, d.name)
	}
	return names
}

// Parse reads directives separated by semicolons. The value of text goes to the end, semicolons included.
func Parse(s string) (Behaviour, error) {
	var b Behaviour
	return b, b.Add(s)
}

// Add reads directives into b, over those already there.
func (b *Behaviour) Add(s string) error {
	all := directives()
	for s != "" {
		var part string
		if part, s, _ = strings.Cut(s, ";"); strings.HasPrefix(strings.TrimSpace(part), "text=") && s != "" {
			part, s = part+";"+s, ""
		}
		name, value, _ := strings.Cut(strings.TrimLeft(part, " \n"), "=")
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		i := slices.IndexFunc(all, func(d directive) bool { return d.name == name })
		if i < 0 {
			return fmt.Errorf("unknown mock directive %q, want one of %s", name, strings.Join(Names(), ", "))
		}
		if err := all[i].set(b, value); err != nil {
			return fmt.Errorf("mock directive %s: %w", name, err)
		}
	}
	return nil
}

// The marks around directives in a prompt.
const (
	open  = "[[mock:"
	close = "]]"
)

// Extract returns the prompt without its directives, and the directives joined by semicolons.
func Extract(prompt string) (rest, found string) {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(prompt, open)
		body, tail, closed := strings.Cut(after, close)
		if !ok || !closed {
			out.WriteString(prompt)
			return strings.TrimSpace(out.String()), found
		}
		out.WriteString(before)
		if found != "" {
			found += ";"
		}
		found += body
		prompt = tail
	}
}

func flag(at func(*Behaviour) *bool) func(*Behaviour, string) error {
	return func(b *Behaviour, v string) error {
		if v != "" {
			return fmt.Errorf("want no value, got %q", v)
		}
		*at(b) = true
		return nil
	}
}

func text(at func(*Behaviour) *string) func(*Behaviour, string) error {
	return func(b *Behaviour, v string) error {
		*at(b) = v
		return nil
	}
}

func duration(at func(*Behaviour) *time.Duration) func(*Behaviour, string) error {
	return func(b *Behaviour, v string) error {
		d, err := time.ParseDuration(strings.TrimSpace(v))
		if err != nil || d < 0 {
			return fmt.Errorf("want a duration like 50ms, got %q", v)
		}
		*at(b) = d
		return nil
	}
}

func number(lo, hi int, at func(*Behaviour) *int) func(*Behaviour, string) error {
	return func(b *Behaviour, v string) error {
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil || n < lo || n > hi {
			return fmt.Errorf("want %d to %d, got %q", lo, hi, v)
		}
		*at(b) = n
		return nil
	}
}

func after(at func(*Behaviour) *After) func(*Behaviour, string) error {
	return func(b *Behaviour, v string) error {
		digits, ok := strings.CutPrefix(strings.TrimSpace(v), "after:")
		n, err := strconv.Atoi(digits)
		if !ok || err != nil || n < 0 {
			return fmt.Errorf("want after:N, got %q", v)
		}
		*at(b) = After{On: true, N: n}
		return nil
	}
}
