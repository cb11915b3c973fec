package limit

import (
	"slices"
	"time"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A stock is what a worker has taken of one record for requests to come, so that it need not ask the
// host for each of many in a row. In the record it is reserved, or counted where it is requests, as if
// they were under way; what is left of it, and what those that had it have used, is
// settled a tenth of a second later at the latest.
//
// It is taken where many requests come and hardly any of the limit is used, so that nobody else is
// refused for what a worker has and may not need.
type stock struct {
	held
	recent uint8 // requests that have asked the record since a look
	looks  uint32
	live   bool // there is something in it

	minute uint32 // in which it is reserved
	since  int64  // when it was taken
	until  int64  // nobody has anything of it from then on
	has    Amounts
	spent  Amounts // by requests that had it

	// standing is that of the tightest rule of each unit, without what the stock has; Reset is
	// a time, in nanoseconds since 1970.
	standing [NumUnits]Standing
}

// A Stocking is when a worker takes a stock, and how large one is.
type Stocking struct {
	After uint8 // requests have asked the same record since the last look
	Size  int64 // requests like the one in hand that it is for
	Share int64 // what is left of each limit is at least so many times as much
}

const (
	stockTime = int64(100 * time.Millisecond)
	places    = 64 // for stocks, of which each has its own by the record's id
)

// place is where the stock of a record is, if it has one.
func (b *Book) place(id *state.ID) **stock { return &b.stocks[id[3]%places] }

// of reports whether a stock is that of the record that a request counts in, for the same rules.
func (s *stock) of(h *held) bool {
	return s != nil && s.live && s.id == h.id && (s.part == h.part || slices.Equal(s.rules, h.rules))
}

// covering is the stock that has all that a claim is for; nil: the record is to be asked.
func (b *Book) covering(h *held, c *claim) *stock {
	s := *b.place(&h.id)
	if !s.of(h) || c.now >= s.until {
		return nil
	}
	for u := range NumUnits {
		if n := c.amounts[u]; s.units.has(u) && c.units.has(u) && n > s.has[u] {
			return nil
		}
	}
	return s
}

// give hands out what a claim is for.
func (s *stock) give(c *claim) {
	for u := range NumUnits {
		if c.units.has(u) {
			s.has[u] -= c.amounts[u]
		}
	}
}

// takes reports whether a stock has back what a lease has reserved in a record: as long as it is in use, and
// if what is reserved is in the same minute.
func (s *stock) takes(l *Lease, h *held, now int64) bool {
	return s.of(h) && s.minute == l.minute && l.since == 0 && now < s.until
}

// takeIn has back what a request had reserved, but for what it has used.
func (s *stock) takeIn(reserved, used *Amounts) {
	for u := range NumUnits {
		s.has[u] += reserved[u] - used[u]
		s.spent[u] += used[u]
	}
}

// stand is how the rules stand.
func (s *stock) stand(c *claim, to *[NumUnits]Standing) {
	for u := range NumUnits {
		if t := s.standing[u]; t.Limit > 0 && c.units.has(u) {
			t.Remaining += max(0, s.has[u])
			t.Reset = max(0, t.Reset-c.now)
			if t.Tighter(&to[u]) {
				to[u] = t
			}
		}
	}
}

// reload loads a record, with what the worker has taken of it settled.
func (b *Book) reload(h *held, now int64) {
	s := *b.place(&h.id)
	mine := s.of(h)
	if !mine && s != nil && s.live && s.id == h.id { // for other rules
		b.settleStock(s, now)
	}
	if h.load(now); mine {
		s.fold(h, now)
	}
}

// ahead is for how many more requests like the one in hand something is to be taken of a record:
// none, or a stock's.
func (b *Book) ahead(h *held, c *claim) int64 {
	at := b.place(&h.id)
	if *at == nil {
		*at = &stock{}
	}
	s := *at
	if s.id != h.id && s.live {
		return 0
	}
	if s.id != h.id || s.looks != b.looks {
		s.id, s.looks, s.recent = h.id, b.looks, 0
	}
	if s.recent < b.Stocking.After {
		s.recent++
		return 0
	}
	if c.units != All || c.except != nil {
		return 0
	}
	size, share := b.Stocking.Size, b.Stocking.Size*b.Stocking.Share
	for i, r := range h.rules {
		const most = 1 << 50 // of an amount
		if n := c.amounts[r.Unit]; !r.stocks() || n > most || r.left(h.entries[i], c.now)-n < n*share {
			return 0
		}
	}
	return size
}

// stocks reports whether a stock may have something of a rule. Nobody may be told of a budget's thresholds
// when one is settled, and when a bucket of requests is full again changes with each.
func (r *Rule) stocks() bool { return r.Budget == nil && (r.Window != GCRA || r.Unit != Requests) }

// restock begins a stock with what was stored in a record, in the place of the one before.
func (b *Book) restock(h *held, c *claim, requests int64) {
	s := *b.place(&h.id)
	if s.id != h.id { // another record's
		return
	}
	if s.live = requests > 0; !s.live {
		return
	}
	h.from, s.part = s, h.part
	s.since, s.minute = c.now, minuteOf(c.now)
	s.until = min(c.now+stockTime, int64(s.minute+1)*60*second)
	s.spent, s.standing = Amounts{}, [NumUnits]Standing{}
	for u := range NumUnits {
		s.has[u] = c.amounts[u] * requests
	}
	for i, r := range h.rules {
		if r.Window == Fixed || r.Window == Sliding {
			s.until = min(s.until, r.Period.begins(h.entries[i].at()+1))
		}
	}
	h.stand(c, &s.standing)
	for u := range NumUnits {
		s.standing[u].Reset += c.now
	}
}

// fold settles a record's stock in it. It is over when the record has been stored.
func (s *stock) fold(h *held, now int64) {
	for i, r := range h.rules {
		e, has, spent := h.entries[i], s.has[r.Unit], s.spent[r.Unit]
		if r.Unit == Requests {
			r.takeBack(e, has, s.since, now)
		} else {
			r.release(e, has+spent, s.minute, now)
			r.spendThen(e, spent, s.since, now)
		}
	}
}

// Look settles what the worker has taken for requests to come. It has to be called ten times a second,
// and before anybody is told what counts.
func (b *Book) Look(now int64) {
	b.looks++
	for _, s := range b.stocks {
		if s != nil && s.live {
			b.settleStock(s, now)
		}
	}
}

func (b *Book) settleStock(s *stock, now int64) {
	s.live = false
	b.change(&s.held, now, func() { s.fold(&s.held, now) })
}
