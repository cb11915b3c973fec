package gateway

import (
	"encoding/base64"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/sha2"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/archive"
	"github.com/postern-gateway/postern/plugin/internal/limit"
	"github.com/postern-gateway/postern/plugin/internal/revoked"
	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/usage"
)

// mostState is how many bytes of state are exported at once.
const mostState = 16 << 20

// parts are the tables that an operator can take with him.
func (w *Worker) parts() []archive.Part {
	space, seed := w.plan.Limits.Space, w.plan.Limits.Seed
	parts := make([]archive.Part, 2, 4)
	parts[0] = archive.Part{Name: "revoked", Table: revoked.NewTable(w.port, space), Valid: revoked.Valid}
	parts[1] = archive.Part{Name: "usage", Table: usage.NewTable(w.port, space, seed), Valid: usage.Valid}
	for _, t := range limit.Tables(w.port, space, seed) {
		parts = append(parts, archive.Part{Name: t.Name, Table: t.Table, Valid: validCounts})
	}
	return parts
}

// names tells by what the tables name their records: the endpoint's keys, which it does not
// tell.
func (w *Worker) names() string {
	sum := sha2.Sum([]byte("names"), []byte(w.plan.Limits.Seed))
	return string(base64.StdEncoding.AppendEncode(nil, sum[:9]))
}

func validCounts(_ *state.Table, _ state.ID, value []byte) bool { return limit.Valid(value) }

// showState exports what the workers share.
func (s *Stream) showState(params []byte) *Step {
	parts := s.w.parts()
	share := archive.Share{Part: 1, Of: 1}
	if err := strict.Decode(params, func(o *strict.Object) {
		parts = chosen(parts, o)
		var ok bool
		if share, ok = archive.ReadShare(o.Str("part", "", "1/1")); !ok {
			o.Fail("part", "want such as 1/4, of at most "+itoa(archive.MostShares))
		}
	}); err != nil {
		return s.reject(wrong(err))
	}
	now := s.w.port.Now()
	s.w.writeDown(now, usage.All)
	text, err := archive.Append(nil, s.w.plan.Limits.Space, s.w.names(), parts, share, now, mostState)
	if err != nil {
		return s.reject(invalid("state_too_large", "part", "the state takes more than "+itoa(mostState)+" bytes; ask for it in parts, such as ?part=1/4"))
	}
	return s.page200(archive.MediaType, text)
}

// chosen is the one part that is asked for, or all.
func chosen(parts []archive.Part, o *strict.Object) []archive.Part {
	name := o.Str("table", "", "")
	for i := range parts {
		if parts[i].Name == name {
			return parts[i : i+1]
		}
	}
	if o.Has("table") {
		o.Fail("table", "want revoked, usage, limits or limits-free")
	}
	return parts
}

// restoreState imports what was exported.
func (s *Stream) restoreState(text []byte) *Step {
	now := s.w.port.Now()
	r, err := archive.Restore(text, s.w.names(), s.w.parts(), now)
	if r.Stored > 0 {
		if bad := s.w.revoked.Changed(now); err == nil {
			err = bad
		}
	}
	switch {
	case err == nil:
	case r.Records == 0:
		return s.reject(invalid("invalid_state", "", err.Error()))
	default:
		e := notStoredNow()
		e.Message = err.Error() + "; " + itoa(r.Stored) + " records were stored, and sending all again does no harm"
		return s.reject(e)
	}
	return s.page200("application/json", []byte(`{"stored":`+itoa(r.Stored)+`,"over":`+itoa(r.Over)+`}`))
}

// notStoredNow is the error for what the proxy's shared data did not take.
func notStoredNow() *chat.Error {
	return &chat.Error{Status: 503, Kind: chat.Overloaded, Code: "state_busy", Message: "the proxy's shared data did not take it; try again", RetryAfter: 1}
}
