package anthropic

import (
	"regexp"
	"slices"
	"testing"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		output     int64
	}{
		{"claude-opus-4-5", "claude-opus-4-5", 64_000},
		{"claude-opus-4-5-20251101", "claude-opus-4-5", 64_000},
		{"claude-haiku-4-5@20251001", "claude-haiku-4-5", 64_000},
		{"claude-sonnet-4-5-latest", "claude-sonnet-4-5", 64_000},
		{"claude-opus-5", "claude-opus-5", 128_000},
		{"claude-opus-5-5", "claude-opus-5-5", 128_000},
		{"claude-opus-5-20260724", "claude-opus-5", 128_000},
		{"claude-fable-5-1", "claude-fable-5-1", 128_000},
		{"claude-opus-5-7", "", 64_000},
		{"claude-opus-51", "", 64_000},
		{"kimi-k2", "", 8192},
		{"", "", 8192},
	} {
		if m := find(tt.name); m.id != tt.want || m.output != tt.output {
			t.Errorf("%q: got %q with %d tokens, want %q with %d", tt.name, m.id, m.output, tt.want, tt.output)
		}
	}
}

func TestModelsAreWhole(t *testing.T) {
	t.Parallel()
	var ids []string
	date := regexp.MustCompile(`^20\d\d-\d\d-\d\d$`)
	page := regexp.MustCompile(`^https://platform\.claude\.com/docs/en/\S+$`)
	for _, m := range models {
		if slices.Contains(ids, m.id) {
			t.Errorf("%s: got two rows, want one", m.id)
		}
		ids = append(ids, m.id)
		if m.output < 4096 || m.context < m.output {
			t.Errorf("%s: got %d tokens of %d, want an output within the context", m.id, m.output, m.context)
		}
		if !page.MatchString(m.source) || !date.MatchString(m.checked) {
			t.Errorf("%s: got source %q of %q, want a page and a date", m.id, m.source, m.checked)
		}
		if !m.is(takesBudget) && !m.is(takesAdaptive) {
			t.Errorf("%s: got no way to think, want one", m.id)
		}
		if m.is(takesAdaptive) && m.efforts == 0 {
			t.Errorf("%s: got adaptive thinking without efforts, want some", m.id)
		}
	}
}

// Different ids must stay different however they are respelled.
func TestRespelledIDsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	valid := regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	for _, id := range []string{"a", "a.b", "a_b", "a_2eb", "pid_a_2eb", "pid_a", "a:b", "a b", "ä", "a/b", "A.B", "_", "-", "pid_", "p", "call-1"} {
		got := string(appendID(nil, []byte(id)))
		if !valid.MatchString(got) {
			t.Errorf("%q: got %q, want letters, digits, underscores and hyphens", id, got)
		}
		if other, ok := seen[got]; ok {
			t.Errorf("%q: got %q, as for %q", id, got, other)
		}
		seen[got] = id
	}
	if got := string(appendID(nil, []byte(`a\u002eb`))); got != "pid_a_2eb" {
		t.Errorf("an escaped dot: got %q, want it respelled as any", got)
	}
}

func TestBlankAndTrimmed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, trimmed string }{
		{``, ``},
		{` `, ``},
		{`\n\t\r\f `, ``},
		{`\u0020\u00a0\u00A0\u0009\u000a\u000D`, ``},
		{`a \n`, `a`},
		{`a\\n`, `a\\n`},
		{`a\\ `, `a\\`},
		{`\u0061 `, `\u0061`},
		{` a`, ` a`},
		{`\u000`, `\u000`},
		{`\`, `\`},
	} {
		if got := string(trimEnd([]byte(tt.in))); got != tt.trimmed {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.trimmed)
		}
		if got := blank([]byte(tt.in)); got != (tt.trimmed == "") {
			t.Errorf("%q: got blank %v, want %v", tt.in, got, tt.trimmed == "")
		}
	}
}
