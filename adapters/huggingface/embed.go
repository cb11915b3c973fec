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
	path := []byte("/" + ownProvider + "/models/")
	for i := range len(model) {
		path = appendPathByte(path, model[i])
	}
	return string(path) + "/pipeline/feature-extraction"
}

// ownProvider is what Hugging Face itself is called among inference providers.
const ownProvider = "hf-inference"

// appendPathByte keeps a name within the path. Slashes in it are those of the path.
func appendPathByte(dst []byte, c byte) []byte {
	if c|0x20-'a' < 26 || c-'0' < 10 || strings.IndexByte("-._/", c) >= 0 {
		return append(dst, c)
	}
	const digits = "0123456789ABCDEF"
	return append(dst, '%', digits[c>>4], digits[c&15])
}

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
