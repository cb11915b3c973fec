package adaptertest

import (
	"io/fs"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A RankSuite is a pair of a dialect and a provider of rerankers.
type RankSuite struct {
	Dialect  *dialect.Dialect
	Provider adapters.Ranker

	// Accept says what the provider would have against a request; nil leaves it unasked.
	Accept func(path string, request []byte) error
}

// RunRankings tests the pair with all cases of a folder.
func RunRankings(t *testing.T, s RankSuite, fsys fs.FS, dir string) {
	t.Helper()
	runWhole(t, fsys, dir, s.Accept, s.ask)
}

func (s *RankSuite) ask(request rawjson.Value) (asked, *chat.Error) {
	r := &rank.Request{}
	if e := s.Dialect.Rank.ReadRank(request, r); e != nil {
		return asked{}, e
	}
	f := s.Provider.RankForm(r.Model)
	if f == nil {
		return asked{}, chat.Unsupported("model", "the provider has no such reranker")
	}
	a := asked{path: f.Path, upstream: r.Append(nil, f)}
	a.drops = r.Drops()
	w := r.Wanted()
	a.answer = func(from *Answer) (int, []byte) {
		return answerWhole(s.Dialect, from, s.Provider.ReadError, func(answer rawjson.Value) ([]byte, error) {
			var out rank.Response
			if err := out.Read(answer, f, &w); err != nil {
				return nil, err
			}
			return s.Dialect.Rank.AppendRanking(nil, &w, &out), nil
		})
	}
	return a, nil
}
