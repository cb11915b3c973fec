package limit

import "slices"

// Admit reserves what a request may need, or finds the rule that has no room for it; then
// nothing is counted. Only rules of the given units are asked. A budget in place of which
// another model is asked counts on, but does not refuse: it is except.
//
// What is rare is in functions of its own, here and below: most of what limits take is code that a
// processor has to get at.
func (b *Book) Admit(l *Lease, a *Ask, units Units, except *Rule, now int64) Outcome {
	if l.minute != 0 {
		b.Renew(l, now)
	}
	l.minute = minuteOf(now)
	c := claim{ask: a, units: units, except: except, now: now, output: a.Output}
	c.measure()
	for i := range l.records {
		h := &l.records[i]
		if h.units&units == 0 {
			continue
		}
		if h.from = b.covering(h, &c); h.from == nil {
			b.reload(h, now)
			c.judge(l, h)
		}
	}
	if c.refused == nil {
		b.reserve(l, &c)
	}
	for i := range l.records {
		if h := &l.records[i]; h.units&units == 0 {
		} else if h.from != nil {
			h.from.stand(&c, &l.Standing)
		} else {
			h.stand(&c, &l.Standing)
		}
	}
	return Outcome{Output: c.output, Refused: c.refused, Wait: c.wait}
}

// A claim is an Ask on its way through the records.
type claim struct {
	ask     *Ask
	units   Units
	except  *Rule
	now     int64
	output  int64 // that there is room for so far
	amounts Amounts
	refused *Rule
	wait    int64
}

// judge lowers the output to what a record has room for, or refuses.
func (c *claim) judge(l *Lease, h *held) {
	for i, r := range h.rules {
		if !c.units.has(r.Unit) || r == c.except {
			continue
		}
		e := h.entries[i]
		switch room := c.ask.room(r.Unit, r.left(e, c.now)); {
		case room < c.ask.Least:
			c.short(l, r, e)
		case room < c.output && !r.Shadow:
			c.output = room
		}
	}
}

// short refuses for a rule that has no room, or says what it would refuse.
func (c *claim) short(l *Lease, r *Rule, e *entry) {
	if !r.Shadow {
		var least Amounts
		c.ask.amounts(&least, c.ask.Least)
		c.refuse(r, r.wait(e, least[r.Unit], c.now))
	} else if !slices.Contains(l.Shadowed, r) {
		l.Shadowed = append(l.Shadowed, r)
	}
}

// refuse keeps the rule that takes longest to have room again.
func (c *claim) refuse(r *Rule, wait int64) {
	if c.refused == nil || wait > c.wait {
		c.refused, c.wait = r, wait
	}
}

// reserve counts the claim in every record, or in none.
func (b *Book) reserve(l *Lease, c *claim) {
	if c.output < c.ask.Output {
		c.measure()
	}
	for i := range l.records {
		h := &l.records[i]
		switch {
		case h.units&c.units == 0:
		case h.from != nil:
			h.from.give(c)
		case !b.take(h, c) && !b.takeAgain(h, c):
			b.undo(l, c, i)
			return
		}
	}
	for u := Concurrent; u < NumUnits; u++ { // requests are not given back
		if c.units.has(u) {
			l.reserved[u] += c.amounts[u]
		}
	}
}

// measure finds the amounts of a claim, with as much output as there is room for.
func (c *claim) measure() {
	output := c.output
	if c.ask.Step > 0 {
		output = min(output, c.ask.Step)
	}
	c.ask.amounts(&c.amounts, output)
}

// take counts a claim in one record, which was loaded, and with it what many others need that
// come after it; false if another worker came before.
func (b *Book) take(h *held, c *claim) bool {
	more := b.ahead(h, c)
	for i, r := range h.rules {
		if c.units.has(r.Unit) {
			r.charge(h.entries[i], c.amounts[r.Unit]*(1+more), c.now)
		}
	}
	if !b.store(h) {
		return false
	}
	b.restock(h, c, more)
	return true
}

// takeAgain is for a record that another worker has changed meanwhile: there may no longer be
// room.
func (b *Book) takeAgain(h *held, c *claim) bool {
	for range tries - 1 {
		b.reload(h, c.now)
		if c.judgeAgain(h); c.refused != nil {
			return false
		}
		if b.take(h, c) {
			return true
		}
	}
	c.refuse(h.rules[0], second)
	return false
}

// judgeAgain refuses what a record has no room for any more.
func (c *claim) judgeAgain(h *held) {
	for i, r := range h.rules {
		if !c.units.has(r.Unit) || r == c.except || r.Shadow {
			continue
		}
		if e := h.entries[i]; r.left(e, c.now) < c.amounts[r.Unit] {
			c.refuse(r, r.wait(e, c.amounts[r.Unit], c.now))
		}
	}
}

// undo takes back what the first records have got.
func (b *Book) undo(l *Lease, c *claim, records int) {
	amounts := c.amounts.of(c.units)
	b.settle(l, l.records[:records], &amounts, &Amounts{}, c.now)
}

// Renew keeps what is reserved from lapsing. It has to be called at least once a minute
// for each lease; it does something once a minute.
func (b *Book) Renew(l *Lease, now int64) {
	to := minuteOf(now)
	if l.minute == to || l.reserved == (Amounts{}) {
		return
	}
	from := l.minute
	l.minute = to
	units := l.reserved.units(&Amounts{})
	for i := range l.records {
		h := &l.records[i]
		if h.units&units == 0 {
			continue
		}
		b.move(h, &l.reserved, from, now)
	}
}

// move puts what is reserved in one record from one minute into that in hand.
func (b *Book) move(h *held, reserved *Amounts, from uint32, now int64) {
	b.change(h, now, func() {
		for i, r := range h.rules {
			if n := reserved[r.Unit]; n > 0 {
				e := h.entries[i]
				r.release(e, n, from, now)
				r.charge(e, n, now)
			}
		}
	})
}

// Spend counts what a request that goes on has used so far, in the place of as much of what it
// has reserved: then it stays counted whatever becomes of the worker. What was counted before
// and is not used after all is reserved again.
func (b *Book) Spend(l *Lease, used *Amounts, now int64) {
	var given, more Amounts
	for u := range NumUnits {
		more[u] = used[u] - l.spent[u]
		given[u] = min(l.reserved[u], more[u])
		l.reserved[u] -= given[u]
	}
	if l.spent = *used; l.since == 0 {
		l.since = now
	}
	b.settle(l, l.records, &given, &more, now)
	if *used == (Amounts{}) { // what follows may be of another window
		l.since = 0
	}
}

// Settle puts what a request has used in the place of all that it has reserved. Requests
// stay counted.
func (b *Book) Settle(l *Lease, used *Amounts, now int64) {
	if l.since == 0 {
		b.settle(l, l.records, &l.reserved, used, now)
	} else {
		b.settleRest(l, used, now)
	}
	l.records, l.units, l.reserved = l.records[:0], 0, Amounts{}
}

// settleRest is Settle for a request of which some is counted already.
func (b *Book) settleRest(l *Lease, used *Amounts, now int64) {
	more := *used
	for u := range NumUnits {
		more[u] -= l.spent[u]
	}
	b.settle(l, l.records, &l.reserved, &more, now)
	l.spent, l.since = Amounts{}, 0
}

// settle does it for those records that have something of it.
func (b *Book) settle(l *Lease, records []held, reserved, used *Amounts, now int64) {
	units := reserved.units(used)
	for i := range records {
		h := &records[i]
		if h.units&units == 0 {
			continue
		}
		if h.from.takes(l, h, now) {
			h.from.takeIn(reserved, used)
		} else {
			b.settleOne(l, h, reserved, used, now)
		}
	}
}

func (b *Book) settleOne(l *Lease, h *held, reserved, used *Amounts, now int64) {
	crossed := len(l.Crossed)
	b.change(h, now, func() {
		l.Crossed = l.Crossed[:crossed]
		for i, r := range h.rules {
			if e := h.entries[i]; r.Budget == nil || len(r.Budget.Soft) == 0 {
				r.settle(e, reserved[r.Unit], used[r.Unit], l, now)
			} else {
				r.settleBudget(e, reserved[r.Unit], used[r.Unit], l, now)
			}
		}
	})
}

// settleBudget is settle for a budget of which somebody is told when it comes to a threshold.
func (r *Rule) settleBudget(e *entry, reserved, used int64, l *Lease, now int64) {
	before := r.used(e, now)
	r.settle(e, reserved, used, l, now)
	after, most := r.used(e, now), r.most(e)
	for _, p := range r.Budget.Soft {
		if at := muldiv(most, p, 100); before < at && at <= after {
			l.Crossed = append(l.Crossed, Crossing{r, p})
		}
	}
}

// stand takes down how the rules of the claim's units stand.
func (h *held) stand(c *claim, to *[NumUnits]Standing) {
	for i, r := range h.rules {
		if !c.units.has(r.Unit) || r.Shadow || r.Unit == USD && r.Budget == nil { // which no API has headers for
			continue
		}
		s := r.standing(h.entries[i], c.now)
		if t := &to[r.Unit]; s.Tighter(t) {
			*t = s
		}
	}
}
