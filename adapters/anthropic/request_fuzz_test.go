package anthropic_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/anthropic"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Whatever a client sends, what goes to the provider is JSON, and every error names a
// status.
func FuzzAppendRequest(f *testing.F) {
	for _, c := range cases() {
		f.Add([]byte(c.client))
		f.Add([]byte(c.sent))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc, out rawjson.Doc
		if doc.Parse(in) != nil {
			return
		}
		for _, read := range []func(rawjson.Value, *chat.Request) *chat.Error{(openaichat.Reader{}).ReadRequest, (anthropicmessages.Reader{}).ReadRequest} {
			var r chat.Request
			if e := read(doc.Root(), &r); e != nil {
				if e.Status < 400 || e.Message == "" {
					t.Fatalf("got %+v, want an error with a status and a message", e)
				}
				continue
			}
			sent, e := anthropic.Translator().AppendRequest(nil, &r)
			if e != nil {
				if e.Status < 400 || e.Message == "" {
					t.Fatalf("got %+v, want an error with a status and a message", e)
				}
				continue
			}
			if err := out.Parse(sent); err != nil {
				t.Fatalf("got %v in %s", err, sent)
			}
		}
	})
}

func BenchmarkAppendRequest(b *testing.B) {
	long := `{"model":"claude-haiku-4-5","messages":[{"role":"system","content":"` + strings.Repeat("Be brief. ", 400) + `"},{"role":"user","content":"` + strings.Repeat("some words and ", 4000) + `"}],"stream":true}`
	for _, bb := range []struct{ name, in string }{
		{"short", cases()[0].client},
		{"tools", cases()[11].client},
		{"64 KB", long},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var doc rawjson.Doc
			var r chat.Request
			var out []byte
			tr := anthropic.Translator()
			b.SetBytes(int64(len(bb.in)))
			b.ReportAllocs()
			for b.Loop() {
				r.Reset()
				if err := doc.Parse([]byte(bb.in)); err != nil {
					b.Fatal(err)
				}
				if e := (openaichat.Reader{}).ReadRequest(doc.Root(), &r); e != nil {
					b.Fatal(e.Message)
				}
				var e *chat.Error
				if out, e = tr.AppendRequest(out[:0], &r); e != nil {
					b.Fatal(e.Message)
				}
			}
		})
	}
}

func BenchmarkDecoder(b *testing.B) {
	d := anthropic.Translator().NewDecoder()
	emit := func(*chat.Event) {}
	for _, e := range []string{`{"type":"message_start","message":{}}`, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`} {
		if err := d.Event(nil, []byte(e), emit); err != nil {
			b.Fatal(err)
		}
	}
	data := []byte(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" a few words"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Event(nil, data, emit); err != nil {
			b.Fatal(err)
		}
	}
}
