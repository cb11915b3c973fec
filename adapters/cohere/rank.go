package cohere

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

var _ adapters.Ranker = (*adapter)(nil)

// RankPath is the same for all.
func (a *adapter) RankPath(string) string { return a.base + "/rerank" }

// AppendRank appends a request of https://docs.cohere.com/v2/reference/rerank, which
// takes texts alone and does not give them back.
func (a *adapter) AppendRank(dst []byte, r *rank.Request) ([]byte, *chat.Error) {
	return r.Append(dst, "top_n", `}`), nil
}

// ReadRanking reads an answer, whose units are of searches: one is a query with up to
// 100 documents.
func (a *adapter) ReadRanking(answer rawjson.Value, w *rank.Wanted, out *rank.Response) error {
	if id := answer.Get("id"); id.Kind() == rawjson.String {
		raw := id.Raw()
		out.ID = chat.Text(raw[1 : len(raw)-1])
	}
	out.Usage.Searches, out.Counted = answer.Find("meta", "billed_units", "search_units").Int64()
	out.Usage.Searches = max(out.Usage.Searches, 0)
	return out.Read(answer.Get("results"), *w)
}
