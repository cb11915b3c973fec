package meter_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/meter"
)

func TestNames(t *testing.T) {
	t.Parallel()
	s := meter.NewSet()
	g := s.Group(meter.Labels{Operation: "chat", Provider: "openai", Model: "a;b=c d\né"})
	for _, tt := range []struct{ name, got, want string }{
		{"duration", g.Duration.Name, "gen_ai.client.operation.duration_ms;operation=chat;provider=openai;model=a_b_c_d___"},
		{"usage by type", g.OutputUsage.Name, "gen_ai.client.token.usage;operation=chat;provider=openai;model=a_b_c_d___;type=output"},
		{"requests by status", s.Requests(g, 429).Name, "postern.requests;operation=chat;provider=openai;model=a_b_c_d___;status=429"},
		{"nobody asked", s.Group(meter.Labels{Operation: "models"}).Duration.Name, "gen_ai.client.operation.duration_ms;operation=models;provider=none;model=none"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestOneSeriesForOneSetOfLabels(t *testing.T) {
	t.Parallel()
	s := meter.NewSet()
	a, b := meter.Labels{Operation: "chat", Model: "a"}, meter.Labels{Operation: "chat", Model: "b"}
	first := s.Group(a)
	ok := s.Requests(first, 200)
	if s.Group(b) == first || s.Group(a) != first || s.Requests(first, 200) != ok {
		t.Error("the same labels have to give the same series, others others")
	}
}

// TestModelsAreBounded: clients that invent names must not fill the proxy's memory.
func TestModelsAreBounded(t *testing.T) {
	t.Parallel()
	s := meter.NewSet()
	for i := range 5000 {
		s.Group(meter.Labels{Operation: "chat", Provider: "p", Model: "m" + strconv.Itoa(i)})
	}
	if n := len(s.All()); n > 600*12 {
		t.Errorf("got %d series for 5,000 names, want them bounded", n)
	}
	last := s.Group(meter.Labels{Operation: "chat", Provider: "p", Model: "m4999"})
	if !strings.Contains(last.Duration.Name, ";model=other") {
		t.Errorf("got %q, want the model to be other", last.Duration.Name)
	}
}
