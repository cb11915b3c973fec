package ollamachat

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// EmbedName is the dialect of the older endpoint for embeddings.
const EmbedName = "ollama_embeddings"

// Embeddings reads and writes
// https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings, or what is
// older than it: a request of one prompt, an answer of one vector.
type Embeddings struct{ Old bool }

var _ adapters.EmbedCodec = (*Embeddings)(nil)

// mostInputs bounds what a request makes the gateway keep.
const mostInputs = 1 << 14

// ReadEmbed reads a request. How the server runs the model, and that it may cut what is
// too long, is nothing that others can be told.
func (e *Embeddings) ReadEmbed(request rawjson.Value, r *embed.Request) *chat.Error {
	var shared chat.Request
	d := fields.Reader{R: &shared}
	key := "input"
	r.Dialect = Name
	if e.Old {
		r.Dialect, key = EmbedName, "prompt"
	}
	d.Need(request, key)
	for c := request.Cursor(); c.Next() && d.Err == nil; {
		switch k, v := c.Key, c.Value; {
		case v.IsNull():
		case k.Is("model"):
			d.Filled(v)
			r.Model = v.Str()
		case k.Is(key):
			inputs(&d, v, r)
		case k.Is("dimensions"):
			r.Dimensions = d.Integer(v, 0)
		default:
			d.Extra(k, v)
		}
	}
	if d.Err == nil && e.Old && !r.Single {
		d.Wrong(request.Get(key), "a text")
	}
	r.Extra = append(r.Extra, shared.Extra...)
	return d.Err
}

// inputs reads a text, or a list of texts.
func inputs(d *fields.Reader, v rawjson.Value, r *embed.Request) {
	if v.Kind() != rawjson.Array {
		r.Single = true
		r.Inputs = append(r.Inputs, embed.Input{Text: d.Filled(v), At: v})
		return
	}
	if n := v.Len(); n == 0 || n > mostInputs {
		d.Wrong(v, "a text, or a list of texts")
	}
	for c := v.Cursor(); c.Next() && d.Err == nil; {
		r.Inputs = append(r.Inputs, embed.Input{Text: d.Filled(c.Value), At: c.Value})
	}
}

// AppendEmbedding appends an answer.
func (c *Embeddings) AppendEmbedding(dst []byte, w embed.Wanted, answer *embed.Response) ([]byte, error) {
	b := rawjson.Builder{Dst: rawjson.Add(dst, `{`)}
	if c.Old {
		b.Raw(`"embedding":`)
	} else {
		if len(answer.Model) > 0 {
			b.Text("model", answer.Model)
		} else {
			b.Quote("model", w.Model)
		}
		b.Int("prompt_eval_count", answer.Usage.Input)
		b.Raw(`,"embeddings":[`)
	}
	for i := range answer.Vectors {
		b.Comma()
		var err error
		if b.Dst, err = answer.Vectors[i].AppendNumbers(b.Dst); err != nil {
			return b.Dst, err
		}
	}
	if !c.Old {
		b.Raw(`]`)
	}
	b.Raw(`}`)
	return b.Dst, nil
}
