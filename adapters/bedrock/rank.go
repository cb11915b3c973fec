package bedrock

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/rank"
)

var _ adapters.Ranker = (*adapter)(nil)

// Parts of the ids of rerankers, which are invoked as other models are: there is an API of
// its own for them (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html),
// but at another host. Their bodies are those of
// https://github.com/opensearch-project/ml-commons/tree/main/docs/tutorials/rerank, where
// both are asked with InvokeModel; for Cohere's they are the ones of its own API, version 2.
const (
	rerankAmazon = "amazon.rerank"
	rerankCohere = "cohere.rerank"
)

// search is how many documents are billed as one query
// (https://aws.amazon.com/bedrock/pricing/).
const search = 100

// RankForm names the model in the path.
func (a *adapter) RankForm(model string) *rank.Form {
	f := &rank.Form{End: `}`, List: []string{"results"}, Search: search}
	switch {
	case strings.Contains(model, rerankCohere):
		f.Top, f.End = "top_n", `,"api_version":2}`
	case !strings.Contains(model, rerankAmazon):
		return nil
	}
	f.Path = modelPath(model, "/invoke")
	return f
}
