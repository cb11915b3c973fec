package adapters

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// An EmbedCodec is a dialect's side of embeddings.
type EmbedCodec interface {
	// ReadEmbed fills r, which is empty, from the client's request.
	ReadEmbed(request rawjson.Value, r *embed.Request) *chat.Error

	// AppendEmbedding appends an answer. Vectors that cannot be spelled as the client
	// wants them are an error.
	AppendEmbedding(dst []byte, w embed.Wanted, answer *embed.Response) ([]byte, error)
}

// An Embedder is what an Adapter also is when its provider makes embeddings for clients
// of other dialects.
type Embedder interface {
	// EmbedPath is where requests go; empty if this provider makes no embeddings.
	EmbedPath(model string) string

	// AppendEmbed appends the provider's request. What changes the vectors and cannot be
	// said is an error; what does not is reported by r.Drop.
	AppendEmbed(dst []byte, r *embed.Request) ([]byte, *chat.Error)

	// ReadEmbedding fills out, which is empty, from an answer: with as many vectors as
	// are wanted, or it is an error.
	ReadEmbedding(answer rawjson.Value, w embed.Wanted, out *embed.Response) error

	// ReadError says what a provider's error means. body may be anything.
	ReadError(status int, body []byte) *chat.Error
}
