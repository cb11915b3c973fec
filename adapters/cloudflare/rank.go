package cloudflare

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rank"
)

var _ adapters.Ranker = (*adapter)(nil)

// RankForm is that of https://developers.cloudflare.com/workers-ai/models/bge-reranker-base,
// which only Workers AI's own form has.
func (a *adapter) RankForm(model string) *rank.Form {
	if !strings.Contains(model, "rerank") || strings.Contains(model, "..") {
		return nil
	}
	return &rank.Form{Path: a.runPath(model), Documents: "contexts", Text: `{"text":`, Top: "top_k", End: `}`,
		List: []string{"result", "response"}, Index: "id", Score: "score"}
}
