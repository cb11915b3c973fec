package gateway

import (
	"bytes"

	"github.com/postern-gateway/postern/plugin/internal/cache"
)

// Equal requests at the same time: the first goes to a provider, the others wait for its
// answer, each with rights and limits of its own. Nobody waits for somebody else's failure
// but to be the next to try.

// A flight is a request on its way that equal ones may wait for.
type flight struct {
	waiting int    // how many do
	entry   []byte // that they get; nil: there is none
	again   bool   // the next of them tries; otherwise they all go on
}

// board has a request wait for an equal one that is on its way, or be the one that others
// wait for. It is nil if the request goes on.
func (s *Stream) board(body []byte) *Step {
	w, c := s.w, &s.cache
	if w.plan.Cache == nil || w.plan.Cache.Wait == 0 || c.status != cacheMiss || c.form == keptVectors || c.why != "" || c.flight != nil || c.alone || s.attempts != nil {
		return nil
	}
	p, key := w.plan.Cache, c.query.Key
	f := w.flights[key]
	if f == nil {
		s.lead(&flight{})
		return nil
	}
	if s.in.wishes.refresh || s.stream && !p.WaitStreams || f.waiting >= p.Waiting || w.bytes+s.received+len(body) > w.plan.Bounds.Held {
		return nil
	}
	f.waiting++
	c.flight, c.until = f, w.port.Now()+int64(p.Wait)
	c.lookup = &lookup{s: s, body: bytes.Clone(body)}
	s.from = s.address()
	s.retain(s.received + len(body))
	w.aboard.add(s)
	step := s.next()
	step.Action = Hold
	return step
}

// lead makes a request the one that others wait for.
func (s *Stream) lead(f *flight) {
	w := s.w
	if w.flights == nil {
		w.flights = map[cache.Key]*flight{}
	}
	s.cache.flight, s.cache.leads = f, true
	w.flights[s.cache.query.Key] = f
}

// disembark takes leave of others: those who wait for the request are told that it is over, as
// soon as they may be, which is not in its own event.
func (s *Stream) disembark() {
	w, c := s.w, &s.cache
	f := c.flight
	if c.flight = nil; f == nil {
		return
	}
	if !c.leads {
		f.waiting--
		return
	}
	if w.flights[c.query.Key] == f {
		delete(w.flights, c.query.Key)
	}
	if f.waiting == 0 {
		return
	}
	switch c.why {
	case "", "room", "away":
		f.entry = bytes.Clone(c.entry)
	}
	f.again = c.status == cacheMiss && c.why == "error"
	w.landed = append(w.landed, f)
	w.outbox.Soon = true
}

// Roused goes on with what could not be done in the event that it came of: the host lets
// this be one of its own, as soon as it can.
func (w *Worker) Roused() []Wake {
	var wakes []Wake
	landed := w.landed
	w.landed = nil
	for _, f := range landed {
		for s := w.aboard.first; s != nil; {
			next := s.after
			if s.cache.flight == f {
				if wake, goes := s.arrive(f); goes {
					wakes = append(wakes, wake)
				}
			}
			s = next
		}
	}
	return wakes
}

// arrive goes on with a request that has waited for another; not so if another tries before.
func (s *Stream) arrive(f *flight) (wake Wake, goes bool) {
	w, c := s.w, &s.cache
	switch on := w.flights[c.query.Key]; {
	case f.again && on == nil:
		f.waiting--
		s.leave()
		s.lead(&flight{})
		return Wake{s.owner, s.looked(nil)}, true
	case f.again:
		f.waiting--
		on.waiting++
		c.flight = on
		return wake, false
	}
	s.leave()
	s.disembark()
	c.alone = true
	if f.entry == nil {
		return Wake{s.owner, s.looked(nil)}, true
	}
	now := w.port.Now()
	c.as = cacheCoalesced
	return Wake{s.owner, s.looked(&cache.Entry{Stored: now, Expires: now + 1e9, Value: f.entry})}, true
}

// giveUpWaiting goes on with those who have waited for another for too long.
func (w *Worker) giveUpWaiting(now int64) []Wake {
	wakes := w.Roused()
	for s := w.aboard.first; s != nil && now >= s.cache.until; s = w.aboard.first {
		s.leave()
		s.disembark()
		s.cache.alone = true
		wakes = append(wakes, Wake{s.owner, s.looked(nil)})
	}
	return wakes
}
