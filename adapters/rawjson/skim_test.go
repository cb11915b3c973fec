package rawjson_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

var skimPaths = []string{"usage", "message.usage", "model", "error", "a.b.c"}

var skimmed = []struct {
	name, in string
	want     []string // one for each path; "" is none
	done     bool
}{
	{"empty object", `{}`, []string{"", "", "", "", ""}, true},
	{"object value", `{"usage":{"in":1,"x":[1,{"y":"}"}]},"z":0}`, []string{`{"in":1,"x":[1,{"y":"}"}]}`, "", "", "", ""}, true},
	{"string value", `{"model":"gpt-4o \" \\"}`, []string{"", "", `"gpt-4o \" \\"`, "", ""}, true},
	{"number value", `{"model":-1.5e+10,"usage":12 }`, []string{"12", "", "-1.5e+10", "", ""}, true},
	{"literal value", `{"error":null,"usage":true}`, []string{"true", "", "", "null", ""}, true},
	{"array value", `{"error":["]",[],{}]}`, []string{"", "", "", `["]",[],{}]`, ""}, true},
	{"empty containers", `{"x":{},"y":[],"usage":{},"error":[]}`, []string{"{}", "", "", "[]", ""}, true},
	{"inner path", `{"type":"message_start","message":{"id":"m","usage":{"i":1},"model":"inner"}}`, []string{"", `{"i":1}`, "", "", ""}, true},
	{"deep path", `{"a":{"x":{"b":{"c":1}},"b":{"x":0,"c":"v"}}}`, []string{"", "", "", "", `"v"`}, true},
	{"name at the wrong depth", `{"x":{"usage":1},"y":[{"usage":2}],"message":{"model":3}}`, []string{"", "", "", "", ""}, true},
	{"inner object is no object", `{"message":[{"usage":1}],"a":"b"}`, []string{"", "", "", "", ""}, true},
	{"name as a value", `{"x":"usage","y":["usage",1],"usage":5}`, []string{"5", "", "", "", ""}, true},
	{"name inside a string", `{"x":"\"usage\":9","usage":5}`, []string{"5", "", "", "", ""}, true},
	{"escaped key", `{"\u0075s\u0061ge":5}`, []string{"5", "", "", "", ""}, true},
	{"wholly escaped key and more", `{"\u0075\u0073\u0061\u0067\u0065x":4,"\u0075\u0073\u0061\u0067\u0065":5}`, []string{"5", "", "", "", ""}, true},
	{"key that begins alike", `{"usages":1,"usag":2,"usage":3}`, []string{"3", "", "", "", ""}, true},
	{"long key", `{"` + strings.Repeat("usage", 40) + `":1,"usage":3}`, []string{"3", "", "", "", ""}, true},
	{"empty key", `{"":1,"usage":3}`, []string{"3", "", "", "", ""}, true},
	{"first of two counts", `{"usage":1,"usage":2}`, []string{"1", "", "", "", ""}, true},
	{"all found", `{"usage":1,"model":2,"error":3,"message":{"usage":4},"a":{"b":{"c":5}},`, []string{"1", "4", "2", "3", "5"}, true},
	{"space everywhere", "\n{ \"usage\"\t:\r\n { } , \"model\" : 1 , \"error\" : \"x\" }\n", []string{"{ }", "", "1", `"x"`, ""}, true},
	{"characters of several bytes", `{"é":"€","model":"😀€é"}`, []string{"", "", `"😀€é"`, "", ""}, true},
	{"longest value", `{"model":"` + strings.Repeat("x", 62) + `"}`, []string{"", "", `"` + strings.Repeat("x", 62) + `"`, "", ""}, true},
	{"value too long", `{"model":"` + strings.Repeat("x", 63) + `","usage":1}`, []string{"1", "", "", "", ""}, true},
	{"value too long, then again", `{"model":"` + strings.Repeat("x", 63) + `","model":1}`, []string{"", "", "", "", ""}, true},
	{"cut in a value", `{"usage":1,"model":"gp`, []string{"1", "", "", "", ""}, false},
	{"cut in a number", `{"usage":12`, []string{"", "", "", "", ""}, false},
	{"cut in a nested value", `{"usage":{"a":1}`, []string{`{"a":1}`, "", "", "", ""}, false},
	{"nothing", ``, []string{"", "", "", "", ""}, false},
	{"an array", `[{"usage":1}]`, []string{"", "", "", "", ""}, true},
	{"a string", `"usage"`, []string{"", "", "", "", ""}, true},
	{"HTML", `<html>{"usage":1}</html>`, []string{"", "", "", "", ""}, true},
	{"behind the end", `{}{"usage":1}`, []string{"", "", "", "", ""}, true},
	{"two colons", `{"x"::"y","usage"::1}`, []string{"1", "", "", "", ""}, true},
	{"not JSON", `{usage:1}`, []string{"", "", "", "", ""}, true},
}

func skim(pieces ...string) (got []string, done bool) {
	s := rawjson.NewSkimmer(64, skimPaths...)
	for _, p := range pieces {
		s.Feed([]byte(p))
	}
	for i := range skimPaths {
		got = append(got, string(s.Field(i)))
	}
	return got, s.Done()
}

func TestSkimmerAtEveryCut(t *testing.T) {
	t.Parallel()
	for _, tt := range skimmed {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			check := func(pieces ...string) {
				got, done := skim(pieces...)
				if !slices.Equal(got, tt.want) || done != tt.done {
					t.Errorf("%q: got %q, done %v, want %q, done %v", pieces, got, done, tt.want, tt.done)
				}
			}
			check(tt.in)
			for a := range len(tt.in) + 1 {
				check(tt.in[:a], tt.in[a:])
				for b := a; b <= len(tt.in); b += 1 + len(tt.in)/50 {
					check(tt.in[:a], tt.in[a:b], tt.in[b:])
				}
			}
			var bytewise []string
			for i := range len(tt.in) {
				bytewise = append(bytewise, tt.in[i:i+1])
			}
			check(bytewise...)
		})
	}
}

// skimByDoc finds the same members through a Doc.
func skimByDoc(d *rawjson.Doc) []string {
	var want []string
	for _, path := range skimPaths {
		raw := d.Root().Find(strings.Split(path, ".")...).Raw()
		if len(raw) > 64 {
			raw = nil
		}
		want = append(want, string(raw))
	}
	return want
}

func TestSkimmerResetForgetsTheDocument(t *testing.T) {
	t.Parallel()
	s := rawjson.NewSkimmer(64, skimPaths...)
	for _, tt := range skimmed {
		for _, in := range []string{tt.in, `{"usage":7}`} {
			s.Reset()
			s.Feed([]byte(in))
		}
		if got := s.Field(0); string(got) != "7" || s.Field(2) != nil || !s.Done() {
			t.Errorf("after %q: got usage %q, model %q, want 7 and none", tt.in, got, s.Field(2))
		}
	}
}

func TestSkimmerDoesNotAllocate(t *testing.T) {
	s := rawjson.NewSkimmer(64, skimPaths...)
	frame := []byte(chunk)
	s.Feed([]byte(`{"usagesusagesusages":1,"usage":{"a":1}}`))
	got := testing.AllocsPerRun(20, func() {
		for cut := range frame {
			s.Reset()
			s.Feed(frame[:cut])
			s.Feed(frame[cut:])
		}
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

// FuzzSkimmer checks that a Skimmer agrees with a Doc on every document that a Doc
// accepts, and does not depend on the cut for any bytes at all.
func FuzzSkimmer(f *testing.F) {
	for _, tt := range skimmed {
		f.Add([]byte(tt.in), uint16(len(tt.in)/2), uint16(7))
	}
	f.Fuzz(func(t *testing.T, in []byte, a, b uint16) {
		x := int(a) % (len(in) + 1)
		y := x + int(b)%(len(in)-x+1)
		whole, wholeDone := skim(string(in))
		got, done := skim(string(in[:x]), string(in[x:y]), string(in[y:]))
		if !slices.Equal(got, whole) || done != wholeDone {
			t.Errorf("%q cut at %d and %d: got %q, %v, want %q, %v", in, x, y, got, done, whole, wholeDone)
		}
		var d rawjson.Doc
		if d.Parse(in) != nil {
			return
		}
		if want := skimByDoc(&d); !slices.Equal(whole, want) {
			t.Errorf("%q: got %q, want %q as a Doc finds", in, whole, want)
		}
	})
}

const chunk = `{"id":"chatcmpl-9xyzABCDEFGHIJKLMNOPQ","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-2024-11-20","service_tier":"default","system_fingerprint":"fp_1234567890","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}`

func BenchmarkSkimmer(b *testing.B) {
	long := []byte(`{"id":"x","choices":[{"message":{"content":"` + strings.Repeat("The quick brown fox. ", 3000) + `"}}],"usage":{"prompt_tokens":9,"completion_tokens":12}}`)
	floats := []byte(`{"data":[{"embedding":[` + strings.Repeat("0.012345678,-0.98765432,", 3000) + `0]}],"usage":{"prompt_tokens":9}}`)
	for _, bb := range []struct {
		name  string
		in    []byte
		paths []string
	}{
		{"frame", []byte(chunk), []string{"usage", "message.usage"}},
		{"frame and model", []byte(chunk), []string{"usage", "model", "error"}},
		{"answer of 64 KB", long, []string{"usage", "model"}},
		{"embedding of 72 KB", floats, []string{"usage", "model"}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			s := rawjson.NewSkimmer(1024, bb.paths...)
			b.SetBytes(int64(len(bb.in)))
			b.ReportAllocs()
			for b.Loop() {
				s.Reset()
				s.Feed(bb.in)
			}
			if !bytes.Contains(bb.in, s.Field(0)) || s.Field(0) == nil {
				b.Fatalf("got %q, want the usage", s.Field(0))
			}
		})
	}
}
