package rawjson_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// chat is a request of about 1 KB as clients send it: several short messages and a tool.
const chat = `{"model":"gpt-4o","messages":[{"role":"system","content":"You are a helpful assistant that answers in one sentence."},{"role":"user","content":"What is the capital of France?"},{"role":"assistant","content":"The capital of France is Paris."},{"role":"user","content":[{"type":"text","text":"And how many people live there?\nPlease say where the \"number\" comes from."}]}],"tools":[{"type":"function","function":{"name":"lookup","description":"Looks a city up in the encyclopedia","parameters":{"type":"object","properties":{"city":{"type":"string","description":"Name of the city"},"fields":{"type":"array","items":{"type":"string"}},"limit":{"type":"integer","minimum":1,"maximum":50}},"required":["city"]}}}],"tool_choice":"auto","temperature":0.7,"top_p":0.95,"max_tokens":512,"stream":true,"stream_options":{"include_usage":true},"user":"user-1234","metadata":{"team":"search","trace":"0af7651916cd43dd8448eb211c80319c"}}`

func prompt(text string) string {
	return `{"model":"gpt-4o","messages":[{"role":"user","content":"` + strings.Repeat(text, 65000/len(text)) + `"}],"max_tokens":512}`
}

func BenchmarkParse(b *testing.B) {
	for _, bb := range []struct{ name, in string }{
		{"chat of 1 KB", chat},
		{"plain prompt of 1 KB", `{"model":"MODEL","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"` + strings.Repeat("The quick brown fox. ", 40) + `"}],"temperature":0.7,"max_tokens":512}`},
		{"prompt of 64 KB", prompt("The quick brown fox jumps over the lazy dog while the gateway counts tokens. ")},
		{"code of 64 KB", prompt(`\tif err != nil {\n\t\treturn fmt.Errorf(\"read %s: %w\", name, err)\n\t}\n`)},
		{"Chinese of 64 KB", prompt("敏捷的棕色狐狸跳过了懒狗，")},
		{"German of 64 KB", prompt("Über die Straße läuft ein schöner, großer Fuchs und fürchtet sich nicht. ")},
		{"numbers of 64 KB", "[" + strings.Repeat("0.0123456,-0.98,", 4000) + "0]"},
		{"indented", strings.Repeat("[\n  {\n        \"a\": 1\n }, ", 100) + "0" + strings.Repeat("]", 100)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var d rawjson.Doc
			in := []byte(bb.in)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Parse(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	d := parse(b, chat)
	b.ReportAllocs()
	for b.Loop() {
		root := d.Root()
		if !root.Get("model").Is("gpt-4o") || root.Get("messages").Len() != 4 || !root.Find("stream_options", "include_usage").Exists() || root.Get("absent").Exists() {
			b.Fatal("got another document")
		}
	}
}

func BenchmarkPatch(b *testing.B) {
	d := parse(b, chat)
	var p rawjson.Patch
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		p.Reset()
		p.SetField(d.Root(), "model", []byte(`"gpt-4o-2024-11-20"`))
		p.SetField(d.Root().Get("stream_options"), "include_usage", []byte("true"))
		out = p.Apply(out[:0], d)
	}
}

func BenchmarkAppendString(b *testing.B) {
	for _, bb := range []struct{ name, in string }{
		{"short", "gpt-4o"},
		{"prompt", strings.Repeat("The quick brown fox jumps over the lazy dog. ", 1000)},
		{"code", strings.Repeat("\tif err != nil {\n\t\treturn fmt.Errorf(\"read %s: %w\", name, err)\n\t}\n", 600)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(len(bb.in)))
			b.ReportAllocs()
			for b.Loop() {
				dst = rawjson.AppendString(dst[:0], bb.in)
			}
		})
	}
}
