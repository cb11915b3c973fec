package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/secret"
)

const plain = "sk-very-secret"

func TestEveryVerbIsRedacted(t *testing.T) {
	t.Parallel()
	s := secret.New(plain)
	for _, verb := range "bcdeEfFgGoOqsStUvxXzZ" { // not T and p, which fmt answers itself
		for _, flag := range []string{"", "+", "#", "-20", "020", ".3", " "} {
			format := "%" + flag + string(verb)
			if got := fmt.Sprintf(format, s); got != "[redacted]" {
				t.Errorf("%s: got %q, want [redacted]", format, got)
			}
		}
	}
}

func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	type inner struct{ hidden secret.String }
	type outer struct {
		Key  secret.String
		in   inner
		list []secret.String
		byK  map[string]secret.String
		p    *secret.String
	}
	s := secret.New(plain)
	values := map[string]any{
		"value": s, "pointer": &s, "slice": []secret.String{s}, "map": map[string]secret.String{"k": s},
		"struct":            outer{s, inner{s}, []secret.String{s}, map[string]secret.String{"k": s}, &s},
		"pointer to struct": &outer{s, inner{s}, []secret.String{s}, map[string]secret.String{"k": s}, &s},
		"error":             fmt.Errorf("call: %w, %v", errors.New("x"), s),
	}
	for name, v := range values {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%e"} {
			if got := fmt.Sprintf(format, v); leaks(got) {
				t.Errorf("%s as %s: got %q, want no secret in it", name, format, got)
			}
		}
		if got, err := json.Marshal(v); err != nil || leaks(string(got)) {
			t.Errorf("%s as JSON: got %q, %v, want no secret in it", name, got, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "v", v)
		if leaks(log.String()) {
			t.Errorf("%s in logs: got %q, want no secret in it", name, log.String())
		}
	}
}

func leaks(s string) bool {
	return strings.Contains(s, plain) || strings.Contains(strings.ToLower(s), fmt.Sprintf("%x", plain))
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(map[string]secret.String{"a": secret.New(plain), "b": {}})
	if want := `{"a":"[redacted]","b":"[empty]"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if text, err := secret.New(plain).MarshalText(); err != nil || string(text) != "[redacted]" {
		t.Errorf("text: got %s, %v, want [redacted]", text, err)
	}
}

func TestZeroValueSaysEmpty(t *testing.T) {
	t.Parallel()
	var s secret.String
	if !s.Empty() || s.Reveal() != "" || fmt.Sprint(s) != "[empty]" || !secret.New("").Empty() {
		t.Errorf("got empty %v, value %q, print %q, want the empty secret", s.Empty(), s.Reveal(), fmt.Sprint(s))
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, a, b string
		want       bool
	}{
		{"same", "abc", "abc", true},
		{"both empty", "", "", true},
		{"one empty", "", "a", false},
		{"prefix", "abc", "ab", false},
		{"last byte", "abc", "abd", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := secret.New(tt.a), secret.New(tt.b)
			if got := a.Equal(b); got != tt.want || b.Equal(a) != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if got := reflect.DeepEqual(a, b); got != tt.want {
				t.Errorf("DeepEqual: got %v, want %v", got, tt.want)
			}
			if a.Reveal() != tt.a {
				t.Errorf("Reveal: got %q, want %q", a.Reveal(), tt.a)
			}
		})
	}
}
