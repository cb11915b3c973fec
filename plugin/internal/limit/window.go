package limit

import (
	"math"
	"math/bits"
)

// A Standing is how a rule stands.
type Standing struct {
	Limit     int64
	Remaining int64
	Reset     int64 // nanoseconds until nothing counts any more
}

// Tighter reports whether less of one is left than of another, as a share. One without a
// Limit is none.
func (s *Standing) Tighter(than *Standing) bool {
	return s.Limit > 0 && (than.Limit == 0 || float64(s.Remaining)*float64(than.Limit) < float64(than.Remaining)*float64(s.Limit))
}

// roll brings an entry to the period in hand.
func (r *Rule) roll(e *entry, now int64) {
	if r.Window != Fixed && r.Window != Sliding {
		return
	}
	if n := r.Period.number(now); e.at() != n {
		r.enter(e, n)
	}
}

// enter begins a period. That is when to say until when the entry means something, for it is
// known then, and a month takes long to find.
func (r *Rule) enter(e *entry, period int64) {
	if at := e.at(); at == period-1 && at != 0 {
		e.setPrev(e.count())
	} else { // there was none before, or nobody knows; it has left nothing over
		e.setPrev(none)
	}
	e.setAt(period)
	e.setCount(0)
	over := period + 1
	if r.Window == Sliding || r.carries() {
		over++
	}
	e.setUntil(untilOf(r.Period.begins(over)))
}

// none stands in prev for a period that there was not.
const none = math.MaxInt64

// used is what counts now, reservations not included.
func (r *Rule) used(e *entry, now int64) int64 {
	switch {
	case r.Window == Open:
		return 0
	case r.Window == GCRA:
		return r.amount(max(0, e.at()-now))
	case r.Window == Sliding && e.prev() != none:
		begun := r.Period.begins(e.at())
		length := r.Period.begins(e.at()+1) - begun
		return e.count() + muldiv(e.prev(), length-(now-begun), length)
	}
	return e.count()
}

// most is what may count, with what the last period has left.
func (r *Rule) most(e *entry) int64 {
	if r.Window == GCRA {
		return r.Burst
	}
	if !r.carries() || e.prev() == none {
		return r.Limit
	}
	return r.Limit + min(r.Budget.CarryOver, max(0, r.Limit-e.prev()))
}

// left is how much there is room for.
func (r *Rule) left(e *entry, now int64) int64 {
	most, used := r.Limit, e.count()
	if r.Window != Fixed || r.Budget != nil {
		most, used = r.most(e), r.used(e, now)
	}
	return most - used - e.held()
}

func (r *Rule) carries() bool { return r.Budget != nil && r.Budget.CarryOver > 0 }

// span is how long a bucket takes to fill by an amount, and amount the reverse. Both round
// up, against the caller.
func (r *Rule) span(amount int64) int64 { return muldiv(amount, r.Period.nominal(), r.Limit) }

func (r *Rule) amount(span int64) int64 { return muldiv(span, r.Limit, r.Period.nominal()) }

// muldiv is a*b/c rounded up, for numbers that are not negative. What does not fit is the
// largest number.
func muldiv(a, b, c int64) int64 {
	if uint64(a)|uint64(b)|uint64(c) < 1<<32 {
		return int64((uint64(a)*uint64(b) + uint64(c) - 1) / uint64(c))
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	lo, carry := bits.Add64(lo, uint64(c)-1, 0)
	if hi += carry; hi >= uint64(c) {
		return math.MaxInt64
	}
	n, _ := bits.Div64(hi, lo, uint64(c))
	return int64(min(n, math.MaxInt64))
}

// charge counts an amount: at once, or as reserved until it is settled.
func (r *Rule) charge(e *entry, amount int64, now int64) {
	spent := amount
	if r.Unit != Requests {
		p := e.reserved(minuteOf(now))
		putInt64(p, int64At(p)+amount)
		spent = 0
	}
	r.spend(e, spent, now)
}

// settle puts what a lease has used in the place of what it has reserved.
func (r *Rule) settle(e *entry, reserved, used int64, l *Lease, now int64) {
	switch {
	case r.Unit != Requests:
		if r.release(e, reserved, l.minute, now); used < 0 {
			r.takeBack(e, -used, l.since, now)
			used = 0
		}
	case r.Window == GCRA:
		e.setAt(max(e.at()-r.span(reserved), 0))
		used = 0
	default:
		e.setCount(max(e.count()-reserved, 0))
		used = 0
	}
	r.spend(e, used, now)
}

// release gives back what was reserved in a minute, unless it has lapsed.
func (r *Rule) release(e *entry, reserved int64, minute uint32, now int64) {
	if minuteOf(now)-minute < minutes {
		p := e.reserved(minute)
		putInt64(p, max(int64At(p)-reserved, 0))
	}
}

// takeBack takes back what was counted, at a time, and is not used after all. What has left
// the window since does not come back: others would have its room twice.
func (r *Rule) takeBack(e *entry, amount, then, now int64) {
	switch {
	case r.Window == GCRA:
		e.setAt(e.at() - max(0, r.span(amount)-(now-then)))
	case r.Window != Open && r.Period.number(then) == e.at():
		e.setCount(max(0, e.count()-amount))
	}
}

// spend counts what is used.
func (r *Rule) spend(e *entry, amount, now int64) {
	switch r.Window {
	case Fixed, Sliding:
		e.setCount(e.count() + amount)
	default:
		r.spendIn(e, amount, now)
	}
	if e.held() > 0 {
		e.setUntil(max(e.until(), untilOf(now+minutes*60*second)))
	}
}

// spendThen counts what was used at a time that may be in the period before.
func (r *Rule) spendThen(e *entry, amount, then, now int64) {
	period := e.at()
	if r.Window == Fixed || r.Window == Sliding {
		period = r.Period.number(then)
	}
	switch {
	case period == e.at():
		r.spend(e, amount, now)
	case r.Window == Sliding && period == e.at()-1 && e.prev() != none:
		e.setPrev(e.prev() + amount)
	}
}

// spendIn is spend where nothing ends with a period.
func (r *Rule) spendIn(e *entry, amount, now int64) {
	end := now
	if r.Window == GCRA {
		if amount > 0 {
			e.setAt(max(e.at(), now) + r.span(amount))
		}
		end = e.at()
	}
	e.setUntil(untilOf(end))
}

// standing is how the rule stands now.
func (r *Rule) standing(e *entry, now int64) Standing {
	s := Standing{Limit: r.most(e), Remaining: max(0, r.left(e, now))}
	switch r.Window {
	case GCRA:
		s.Limit, s.Reset = r.Limit, max(0, e.at()-now)
	case Fixed, Sliding:
		s.Reset = r.Period.begins(e.at()+1) - now
	}
	return s
}

// wait is how long it takes until there is room for an amount, in nanoseconds, as far as
// time alone makes room. Where others' reservations are in the way it is a second.
func (r *Rule) wait(e *entry, amount, now int64) int64 {
	over := amount - (r.most(e) - r.used(e, now))
	switch {
	case over <= 0 || r.Window == Open:
		return second
	case r.Window == GCRA:
		return r.span(over)
	}
	ends := r.Period.begins(e.at()+1) - now
	if r.Window == Sliding && e.prev() != none && e.prev() > 0 && r.used(e, now)-e.count() >= over {
		return min(ends, muldiv(over, r.Period.nominal(), e.prev()))
	}
	return ends
}
