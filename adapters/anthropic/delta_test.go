package anthropic

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

var plainDeltas = []struct {
	name, in, want string
	ok             bool
}{
	{"words", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" a few words"}}`, ` a few words`, true},
	{"escapes", `{"type":"content_block_delta","index":12,"delta":{"type":"text_delta","text":"\"\\\n"}}`, `\"\\\n`, true},
	{"arguments", `{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}`, `{\"a\":`, true},
	{"thoughts", `{"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":"hm é"}}`, `hm é`, true},
	{"nothing", `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":""}}`, ``, true},
	{"member behind the text", `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a","x":"b"}}`, ``, false},
	{"member behind the delta", `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"},"x":1}`, ``, false},
	{"blanks", `{"type": "content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}}`, ``, false},
	{"hexadecimal escape", `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"\u0041"}}`, ``, false},
	{"escape that is none", `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"\x"}}`, ``, false},
	{"control character", "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\nb\"}}", ``, false},
	{"not UTF-8", "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"\xff\"}}", ``, false},
	{"backslash at the end", `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"\`, ``, false},
	{"cut", `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}`, ``, false},
	{"no index", `{"type":"content_block_delta","index":,"delta":{"type":"text_delta","text":"a"}}`, ``, false},
	{"index with a leading zero", `{"type":"content_block_delta","index":01,"delta":{"type":"text_delta","text":"a"}}`, ``, false},
	{"signature", `{"type":"content_block_delta","index":1,"delta":{"type":"signature_delta","signature":"a"}}`, ``, false},
}

func TestPlainDelta(t *testing.T) {
	t.Parallel()
	for _, tt := range plainDeltas {
		got, ok := plainDelta([]byte(tt.in))
		if ok != tt.ok || ok && string(got) != tt.want {
			t.Errorf("%s: got %q and %v, want %q and %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

// What is read without the parser must be what the parser reads.
func FuzzPlainDelta(f *testing.F) {
	for _, d := range plainDeltas {
		f.Add([]byte(d.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, ok := plainDelta(in)
		if !ok {
			return
		}
		var doc rawjson.Doc
		if err := doc.Parse(in); err != nil {
			t.Fatalf("got %q of a document that is none: %v", got, err)
		}
		for _, key := range []string{"text", "partial_json", "thinking"} {
			if v := doc.Root().Find("delta", key); v.Exists() && string(textOf(v)) == string(got) {
				return
			}
		}
		t.Fatalf("got %q, want the delta's text", got)
	})
}
