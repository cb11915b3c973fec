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
	// RankForm is the form in which a model is asked; nil if it is no reranker, or if its
	// form is the clients'.
	RankForm(model string) *rank.Form

	// ReadError says what a provider's error means. body may be anything.
	ReadError(status int, body []byte) *chat.Error
}
