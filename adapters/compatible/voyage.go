package compatible

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// voyage is Voyage AI, whose rerankers have other words for the same
// (https://docs.voyageai.com/reference/reranker-api).
type voyage struct {
	untranslated
	base string
}

var _ adapters.Ranker = (*voyage)(nil)

// RankPath is the same for all.
func (v *voyage) RankPath(string) string { return v.base + "/rerank" }

// AppendRank appends a request. A text that is too long is an error, as with other APIs,
// not cut in silence.
func (v *voyage) AppendRank(dst []byte, r *rank.Request) ([]byte, *chat.Error) {
	return r.Append(dst, "top_k", `,"truncation":false}`), nil
}

// ReadRanking reads an answer.
func (v *voyage) ReadRanking(answer rawjson.Value, w *rank.Wanted, out *rank.Response) error {
	out.Usage.Input, out.Counted = answer.Find("usage", "total_tokens").Int64()
	out.Usage.Input = max(out.Usage.Input, 0)
	return out.Read(answer.Get("data"), *w)
}
