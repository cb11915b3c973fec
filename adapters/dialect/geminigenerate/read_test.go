package geminigenerate

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// read reads a request whose one content has these parts.
func read(t *testing.T, parts string) (*chat.Request, *chat.Error) {
	t.Helper()
	var doc rawjson.Doc
	if err := doc.Parse([]byte(`{"contents":[{"role":"user","parts":[` + parts + `]}]}`)); err != nil {
		t.Fatal(err)
	}
	r := new(chat.Request)
	return r, Reader{}.ReadRequest(doc.Root(), r)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, part string
		kind       chat.PartKind
		media      string // type, data or text, URL, id
	}{
		{"an image", `{"inlineData":{"mimeType":"image/png","data":"AA_-"}}`, chat.ImagePart, "image/png AA/+  "},
		{"a recording in snake case", `{"inline_data":{"mime_type":"audio/wav","data":"AAAA"}}`, chat.AudioPart, "audio/wav AAAA  "},
		{"a video by URL", `{"fileData":{"mimeType":"video/mp4","fileUri":"https://a/b"}}`, chat.VideoPart, "video/mp4  https://a/b "},
		{"a video of YouTube's without its type", `{"fileData":{"fileUri":"https://youtu.be/x"}}`, chat.VideoPart, "  https://youtu.be/x "},
		{"an image by its ending", `{"fileData":{"fileUri":"https://a/b.JPG"}}`, chat.ImagePart, "  https://a/b.JPG "},
		{"text is plain", `{"inlineData":{"mimeType":"text/csv","data":"YSxiCg=="}}`, chat.DocumentPart, `text/csv a,b\n  `},
		{"text that is none stays", `{"inlineData":{"mimeType":"text/csv","data":"/w=="}}`, chat.DocumentPart, "text/csv /w==  "},
		{"a file of the Files API", `{"fileData":{"mimeType":"application/pdf","fileUri":"https://generativelanguage.googleapis.com/v1beta/files/x"}}`, chat.DocumentPart,
			"application/pdf   https://generativelanguage.googleapis.com/v1beta/files/x"},
		{"a file in a bucket", `{"fileData":{"mimeType":"image/png","fileUri":"gs://a/b"}}`, chat.ImagePart, "image/png   gs://a/b"},
	} {
		r, e := read(t, tt.part)
		if e != nil {
			t.Errorf("%s: got refused: %s", tt.name, e.Message)
			continue
		}
		p := r.Messages[0].Parts[0]
		got := strings.Join([]string{string(p.Media.Type), string(p.Media.Data), string(p.Media.URL), string(p.Media.FileID)}, " ")
		if p.Kind != tt.kind || got != tt.media {
			t.Errorf("%s: got kind %d, %q; want %d, %q", tt.name, p.Kind, got, tt.kind, tt.media)
		}
	}
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, want string }{
		{"types in lower case", `{"type":"ARRAY","items":{"type":"STRING"}}`, `{"type":"array","items":{"type":"string"}}`},
		{"null is a type", `{"type":"STRING","nullable":true}`, `{"type":["string","null"]}`},
		{"null among values", `{"type":"STRING","enum":["a"],"nullable":true}`, `{"type":["string","null"],"enum":["a",null]}`},
		{"null among schemas", `{"anyOf":[{"type":"STRING"}],"nullable":true}`, `{"anyOf":[{"type":"string"},{"type":"null"}]}`},
		{"bounds that are spelled as strings", `{"type":"STRING","maxLength":"5","min_length":1}`, `{"type":"string","maxLength":5,"minLength":1}`},
		{"properties in order, each once", `{"properties":{"a_b":{},"c":{},"d":{}},"property_ordering":["c","a_b","c","z"]}`, `{"properties":{"c":{},"a_b":{},"d":{}}}`},
		{"what is no schema stays", `{"type":7,"items":[1],"properties":"x","enum":{}}`, `{"type":7,"items":[1],"properties":"x","enum":{}}`},
		{"a keyword in both spellings", `{"minItems":1,"min_items":2}`, `{"minItems":1}`},
		{"no type", `{"type":"TYPE_UNSPECIFIED","title":"t","example":1}`, `{"title":"t"}`},
	} {
		var doc rawjson.Doc
		if err := doc.Parse([]byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		if got := string(appendSchema(nil, doc.Root())); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// FuzzSchema: whatever a client sends as a schema is JSON still.
func FuzzSchema(f *testing.F) {
	f.Add([]byte(`{"type":"OBJECT","nullable":true,"properties":{"a":{"anyOf":[{"enum":[null]}],"nullable":true}},"property_ordering":["a"]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var doc, out rawjson.Doc
		if doc.Parse(in) != nil || doc.Root().Kind() != rawjson.Object {
			return
		}
		if got := appendSchema(nil, doc.Root()); out.Parse(got) != nil {
			t.Errorf("%s: got %s", in, got)
		}
	})
}

func TestSeals(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "c2ln+/==", `a\"b`, "ü"} {
		for kind := sealThinking; kind <= sealRedacted; kind++ {
			packed := appendSeal(nil, kind, []byte(s))
			for _, spelled := range []string{string(packed), strings.NewReplacer("+", "-", "/", "_").Replace(string(packed)), strings.ReplaceAll(string(packed), "/", `\/`)} {
				if k, got := unseal(chat.Text(spelled)); k != kind || string(got) != s {
					t.Errorf("%q: got %d %q, want %d", s, k, got, kind)
				}
			}
		}
	}
	for _, s := range []string{"c2ln", "", "*", "cG9zdGVybjp0aGlua2luZzoi" /* postern:thinking:" */} {
		if k, got := unseal(chat.Text(s)); k != sealNone || got != nil {
			t.Errorf("%q: got %d %q, want none", s, k, got)
		}
	}
}

// A turn with very many calls must not take time that grows with their square.
func TestManyCallsAreRefused(t *testing.T) {
	t.Parallel()
	var doc rawjson.Doc
	in := `{"contents":[{"role":"model","parts":[` + strings.Repeat(`{"functionCall":{"name":"f"}},`, 2000) + `{"text":"x"}]}]}`
	if err := doc.Parse([]byte(in)); err != nil {
		t.Fatal(err)
	}
	if e := (Reader{}).ReadRequest(doc.Root(), new(chat.Request)); e == nil || e.Param == "" {
		t.Errorf("got %+v, want it refused", e)
	}
}
