package cohere

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rank"
)

var _ adapters.Ranker = (*adapter)(nil)

// RankForm is that of https://docs.cohere.com/v2/reference/rerank, which takes texts
// alone and does not give them back.
func (a *adapter) RankForm(string) *rank.Form {
	return &rank.Form{Path: a.base + "/rerank", Model: "model", Top: "top_n", End: `}`, List: []string{"results"}}
}
