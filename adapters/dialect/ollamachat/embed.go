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
func (c *Embeddings) ReadEmbed(request rawjson.Value, r *embed.Request) *chat.Error {
	var shared chat.Request
	d := fields.Reader{R: &shared}
	key := "input"
	r.Dialect = Name
	if c.Old {
		r.Dialect, key = EmbedName, "prompt"
	}
	text := func(v rawjson.Value) {
		r.Inputs = append(r.Inputs, embed.Input{Text: d.Filled(v), At: v})
	}
	d.Need(request, key)
	d.Each(request, func(k, v rawjson.Value) {
		switch {
		case k.Is("model"):
			d.Filled(v)
			r.Model = v.Str()
		case k.Is(key) && v.Kind() == rawjson.Array && !c.Old:
			if n := v.Len(); n == 0 || n > mostInputs {
				d.Wrong(v, "a text, or a list of texts")
				return
			}
			d.Items(v, text)
		case k.Is(key):
			r.Single = true
			text(v)
		case k.Is("dimensions"):
			r.Dimensions = d.Integer(v, 0)
		default:
			d.Extra(k, v)
		}
	})
	r.Extra = append(r.Extra, shared.Extra...)
	return d.Err
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
