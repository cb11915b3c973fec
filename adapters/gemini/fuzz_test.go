package gemini_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/anthropicmessages"
	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/gemini"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Whatever a client sends, what goes to the provider is JSON, and every error names a
// status.
func FuzzAppendRequest(f *testing.F) {
	for _, c := range cases() {
		f.Add([]byte(c.client))
	}
	f.Add([]byte(`{"model":"gemini-3.8-flash","max_tokens":9,"system":"s","messages":[{"role":"user","content":[{"type":"document","title":"t","source":{"type":"text","media_type":"text/plain","data":"d"}}]}],"thinking":{"type":"enabled","budget_tokens":2000}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc, out rawjson.Doc
		if doc.Parse(in) != nil {
			return
		}
		for _, read := range []func(rawjson.Value, *chat.Request) *chat.Error{(openaichat.Reader{}).ReadRequest, (anthropicmessages.Reader{}).ReadRequest} {
			var r chat.Request
			if read(doc.Root(), &r) != nil {
				continue
			}
			sent, e := gemini.Translator().AppendRequest(nil, &r)
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
	for _, name := range []string{"text", "loop of calls of a model that signs", "schema"} {
		b.Run(name, func(b *testing.B) {
			var client string
			for _, c := range cases() {
				if c.name == name {
					client = c.client
				}
			}
			r := read(b, client)
			var out []byte
			b.SetBytes(int64(len(client)))
			b.ReportAllocs()
			for b.Loop() {
				out, _ = gemini.Translator().AppendRequest(out[:0], r)
			}
		})
	}
}
