package builtin_test

import (
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/e2e/mockllm/cloudflare"
)

// rankers are the providers whose folders have cases of rerankers.
var rankers = []struct{ provider, options string }{
	{"cohere", `{}`},
	{"bedrock", `{}`},
	{"cloudflare", `{"account":"` + cloudflare.Account + `"}`},
}

func TestRankings(t *testing.T) {
	t.Parallel()
	for _, tt := range rankers {
		t.Run(tt.provider, func(t *testing.T) {
			t.Parallel()
			a := adapter(t, tt.provider, tt.options)
			s := adaptertest.RankSuite{Dialect: dialect.OpenAI(), Provider: a.(adapters.Ranker), Accept: accept(t, tt.provider, a)}
			adaptertest.RunRankings(t, s, os.DirFS(".."), tt.provider+"/testdata/rank")
		})
	}
}

func TestRankPaths(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ about, provider, options, model, want string }{
		{"Cohere's is the same for all", "cohere", `{}`, "rerank-v3.5", "/v2/rerank"},
		{"Voyage's is, too", "voyage", `{}`, "rerank-2.5", "/v1/rerank"},
		{"Bedrock invokes Amazon's", "bedrock", `{}`, "amazon.rerank-v1:0", "/model/amazon.rerank-v1%3A0/invoke"},
		{"and Cohere's, by an ARN", "bedrock", `{}`, "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0", "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Fcohere.rerank-v3-5%3A0/invoke"},
		{"no other model ranks there", "bedrock", `{}`, "amazon.nova-pro-v1:0", ""},
		{"Workers AI runs one", "cloudflare", `{"account":"a"}`, "@cf/baai/bge-reranker-base", "/client/v4/accounts/a/ai/run/@cf/baai/bge-reranker-base"},
		{"and no other", "cloudflare", `{"account":"a"}`, "@cf/meta/llama-3.1-8b-instruct", ""},
		{"nor what leads elsewhere", "cloudflare", `{"account":"a"}`, "../rerank", ""},
		{"a service without", "deepseek", `{}`, "m", ""},
	} {
		got := ""
		if f := adapter(t, tt.provider, tt.options).(adapters.Ranker).RankForm(tt.model); f != nil {
			got = f.Path
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.about, got, tt.want)
		}
	}
}
