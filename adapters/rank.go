package adapters

import (
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A RankCodec is a dialect's side of reranking.
type RankCodec interface {
	// ReadRank fills r, which is empty, from the client's request.
	ReadRank(request rawjson.Value, r *rank.Request) *chat.Error

	// AppendRanking appends an answer.
	AppendRanking(dst []byte, w *rank.Wanted, answer *rank.Response) []byte
}

// A Ranker is what an Adapter also is when its provider reranks in a form that is not
// the clients'.
type Ranker interface {
	// RankPath is where requests go.
	RankPath(model string) string

	// AppendRank appends the provider's request.
	AppendRank(dst []byte, r *rank.Request) ([]byte, *chat.Error)

	// ReadRanking fills out, which is empty, from an answer.
	ReadRanking(answer rawjson.Value, w *rank.Wanted, out *rank.Response) error

	// ReadError says what a provider's error means. body may be anything.
	ReadError(status int, body []byte) *chat.Error
}
