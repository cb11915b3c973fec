package openaichat

import (
	"math"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// Embeddings reads and writes https://platform.openai.com/docs/api-reference/embeddings.
type Embeddings struct{}

var _ adapters.EmbedCodec = Embeddings{}

// mostInputs is the API's own bound.
const mostInputs = 2048

// ReadEmbed reads a request. input is a text, token ids, or a list of either.
func (Embeddings) ReadEmbed(request rawjson.Value, r *embed.Request) *chat.Error {
	var shared chat.Request
	d := reader{r: &shared}
	r.Dialect = Name
	for it := request.Members(); it.Next(); {
		k, v := it.Key, it.Value
		if v.IsNull() {
			continue
		}
		switch string(k.Bytes()) {
		case "model":
			d.filled(v)
			r.Model = v.Str()
		case "input":
			d.inputs(v, r)
		case "dimensions":
			r.Dimensions = d.integer(v, 1, math.MaxInt32)
		case "encoding_format":
			switch {
			case v.Is("base64"):
				r.Base64 = true
			case !v.Is("float"):
				d.fail(badValue(v, "'float' and 'base64'"))
			}
		case "user":
			r.User = d.text(v)
		case "input_type": // of services that tell queries from documents and speak this dialect
			r.Task = task(v)
		default:
			d.note(k.Str(), k, v)
		}
		if d.err != nil {
			return d.err
		}
	}
	r.Extra = append(r.Extra, shared.Extra...)
	if len(r.Inputs) == 0 {
		return missing(request, "input")
	}
	return nil
}

// task is what an input_type asks for; other words are left unsaid.
func task(v rawjson.Value) embed.Task {
	switch {
	case v.Is("query"), v.Is("search_query"):
		return embed.TaskQuery
	case v.Is("document"), v.Is("passage"), v.Is("search_document"):
		return embed.TaskDocument
	case v.Is("classification"):
		return embed.TaskClassification
	case v.Is("clustering"):
		return embed.TaskClustering
	}
	return embed.TaskUnset
}

func (d *reader) inputs(v rawjson.Value, r *embed.Request) {
	switch {
	case v.Kind() == rawjson.String:
		r.Single = true
		r.Inputs = append(r.Inputs, embed.Input{Text: d.filled(v), At: v})
	case v.Kind() != rawjson.Array:
		d.fail(wrongType(v, "a string or an array"))
	case v.Len() == 0:
		d.fail(emptyArray(v))
	case v.At(0).Kind() == rawjson.Number:
		r.Single = true
		d.ids(v, r)
	case v.Len() > mostInputs:
		d.fail(tooLong(v, mostInputs))
	default:
		for it := v.Items(); it.Next(); {
			e := it.Value
			if e.Kind() == rawjson.Array {
				d.ids(e, r)
			} else {
				r.Inputs = append(r.Inputs, embed.Input{Text: d.filled(e), At: e})
			}
		}
	}
}

// ids are a text as its tokens.
func (d *reader) ids(v rawjson.Value, r *embed.Request) {
	if v.Len() == 0 {
		d.fail(emptyArray(v))
	}
	for it := v.Items(); it.Next(); {
		e := it.Value
		d.integer(e, 0, math.MaxInt32)
	}
	r.Inputs = append(r.Inputs, embed.Input{Tokens: v.Raw(), At: v})
}

// AppendEmbedding appends a list of embeddings.
func (Embeddings) AppendEmbedding(dst []byte, w embed.Wanted, answer *embed.Response) ([]byte, error) {
	dst = append(dst, `{"object":"list","data":[`...)
	var err error
	for i := range answer.Vectors {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.Add(dst, `{"object":"embedding","index":`)
		dst = rawjson.AppendInt(dst, int64(i))
		dst = rawjson.Add(dst, `,"embedding":`)
		if w.Base64 {
			dst = append(dst, '"')
			dst, err = answer.Vectors[i].AppendBase64(dst)
			dst = append(dst, '"')
		} else {
			dst, err = answer.Vectors[i].AppendNumbers(dst)
		}
		if err != nil {
			return dst, err
		}
		dst = append(dst, '}')
	}
	dst = rawjson.Add(dst, `],"model":`)
	if len(answer.Model) > 0 {
		dst = append(rawjson.AddRaw(append(dst, '"'), answer.Model), '"')
	} else {
		dst = rawjson.AppendString(dst, w.Model)
	}
	dst = rawjson.Add(dst, `,"usage":{"prompt_tokens":`)
	dst = rawjson.AppendInt(dst, answer.Usage.Input)
	dst = rawjson.Add(dst, `,"total_tokens":`)
	dst = rawjson.AppendInt(dst, answer.Usage.Input)
	return rawjson.Add(dst, `}}`), nil
}
