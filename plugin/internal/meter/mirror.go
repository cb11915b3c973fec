package meter

import (
	"strconv"

	"github.com/postern-gateway/postern/adapters/chat"
)

// A Mirror has the series of copies that go to one target.
type Mirror struct {
	set      *Set
	labels   string
	duration *Series
}

// Mirror makes the series for a target.
func (s *Set) Mirror(provider, model string) *Mirror {
	labels := ";provider=" + clean(provider) + ";model=" + clean(model)
	return &Mirror{s, labels, s.add(Histogram, "postern.mirror_duration_ms"+labels)}
}

// Outcome counts copies that have not come to an answer: busy, unsent.
func (m *Mirror) Outcome(what string) Sample { return m.sum("postern.mirror", ";status="+what, 1) }

// Answered counts a copy that was answered, or was not in time, if the status is 0. Cost is in
// nano-dollars.
func (m *Mirror) Answered(status int, u *chat.Usage, cost, millis int64) []Sample {
	return []Sample{
		m.Outcome(strconv.Itoa(status)),
		{Series: m.duration, Value: uint64(max(1, millis))},
		m.sum("postern.mirror_tokens", ";type=input", u.Input),
		m.sum("postern.mirror_tokens", ";type=output", u.Output),
		m.sum("postern.mirror_cost_nano_usd", "", cost),
	}
}

func (m *Mirror) sum(name, rest string, n int64) Sample {
	return Sample{Series: m.set.Plain(name + m.labels + rest), Value: uint64(max(0, n))}
}
