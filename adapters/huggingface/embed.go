package huggingface

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Embedder = (*adapter)(nil)

// EmbedPath is the router's own inference, or an endpoint's in OpenAI's format. Other
// inference providers know models by other names, so that a model of theirs is none here.
func (a *adapter) EmbedPath(model string) string {
	if !a.router {
		return a.Adapter.EmbedPath(model)
	}
	model, by, _ := strings.Cut(model, ":")
	if by != "" && by != ownProvider {
		return ""
	}
	path := adapters.AppendPath([]byte("/"+ownProvider+"/models/"), model, "-._/") // slashes are those of the path
	return string(append(path, "/pipeline/feature-extraction"...))
}

// ownProvider is what Hugging Face itself is called among inference providers.
const ownProvider = "hf-inference"

// AppendEmbed appends a request of
// https://huggingface.co/docs/inference-providers/tasks/feature-extraction.
func (a *adapter) AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error) {
	if !a.router {
		return a.Adapter.AppendEmbed(dst, r)
	}
	f := embed.Form{Before: `"inputs":[`, After: `]`, End: `}`}
	return r.Append(dst, &f, "")
}

// ReadEmbedding reads the vectors, which are all of the answer. Of a model that has one
// for each token of a text they are none of the text.
func (a *adapter) ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error {
	if !a.router {
		return a.Adapter.ReadEmbedding(answer, w, out)
	}
	return out.Read(answer, w)
}
