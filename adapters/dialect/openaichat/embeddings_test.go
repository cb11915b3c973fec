package openaichat_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/dialect/openaichat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Whatever a client sends is read or refused with a place, and what is read has inputs
// that are texts or tokens.
func FuzzReadEmbed(f *testing.F) {
	for _, s := range []string{
		`{"model":"m","input":"a"}`, `{"model":"m","input":["a","b"],"dimensions":3,"encoding_format":"base64","user":"u"}`,
		`{"model":"m","input":[1,2]}`, `{"model":"m","input":[[1],[2,3]],"input_type":"query","x":1}`, `[]`, `{"input":[[]]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var doc rawjson.Doc
		if doc.Parse(body) != nil {
			return
		}
		var r embed.Request
		if e := (openaichat.Embeddings{}).ReadEmbed(doc.Root(), &r); e != nil {
			if e.Status != 400 || e.Message == "" {
				t.Errorf("got %+v, want a 400 that says why", e)
			}
			return
		}
		for _, in := range r.Inputs {
			if (in.Text == nil) == (in.Tokens == nil) {
				t.Errorf("got %+v, want a text or tokens", in)
			}
		}
	})
}
