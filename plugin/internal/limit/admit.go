package limit

import "slices"

// Admit reserves what a request may need, or finds the rule that has no room for it; then
// nothing is counted. Only rules of the given units are asked. A budget in place of which
// another model is asked counts on, but does not refuse: it is except.
func (b *Book) Admit(l *Lease, a *Ask, units Units, except *Rule, now int64) Outcome {
	b.Renew(l, now)
	l.minute = minuteOf(now)
	c := claim{ask: a, units: units, except: except, now: now, output: a.Output}
	for i := range l.records {
		if h := &l.records[i]; h.concerns(units) {
			h.load(now)
			c.judge(l, h)
		}
	}
	if c.refused == nil {
		b.reserve(l, &c)
	}
	l.stand(&c)
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
	for _, r := range h.rules {
		if !c.units.has(r.Unit) || r == c.except {
			continue
		}
		e := h.entry(r, c.now)
		room := c.ask.room(r.Unit, r.left(e, c.now))
		switch {
		case room >= c.ask.Least && r.Shadow:
		case room >= c.ask.Least:
			c.output = min(c.output, room)
		case r.Shadow:
			if !slices.Contains(l.Shadowed, r) {
				l.Shadowed = append(l.Shadowed, r)
			}
		default:
			least := c.ask.amounts(c.ask.Least)
			c.refuse(r, r.wait(e, least[r.Unit], c.now))
		}
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
	output := c.output
	if c.ask.Step > 0 {
		output = min(output, c.ask.Step)
	}
	c.amounts = c.ask.amounts(output).of(c.units)
	for i := range l.records {
		h := &l.records[i]
		if !h.concerns(c.units) {
			continue
		}
		if b.charge(h, c); c.refused != nil {
			for j := range i {
				b.settle(l, &l.records[j], &c.amounts, &Amounts{}, c.now)
			}
			return
		}
	}
	for u := Concurrent; u < NumUnits; u++ { // requests are not given back
		l.reserved[u] += c.amounts[u]
	}
}

// charge counts a claim in one record. Where another worker comes before, there may no
// longer be room.
func (b *Book) charge(h *held, c *claim) {
	for range tries {
		for _, r := range h.rules {
			if c.units.has(r.Unit) {
				r.charge(h.entry(r, c.now), c.amounts[r.Unit], c.now)
			}
		}
		if b.store(h) {
			return
		}
		h.load(c.now)
		for _, r := range h.rules {
			if !c.units.has(r.Unit) || r == c.except || r.Shadow {
				continue
			}
			if e := h.entry(r, c.now); r.left(e, c.now) < c.amounts[r.Unit] {
				c.refuse(r, r.wait(e, c.amounts[r.Unit], c.now))
			}
		}
		if c.refused != nil {
			return
		}
	}
	c.refuse(h.rules[0], second)
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
	for i := range l.records {
		h := &l.records[i]
		if !h.holds(&l.reserved) {
			continue
		}
		b.update(h, now, func() {
			for _, r := range h.rules {
				if n := l.reserved[r.Unit]; n > 0 {
					e := h.entry(r, now)
					r.release(e, n, from, now)
					r.charge(e, n, now)
				}
			}
		})
	}
}

// Settle puts what a request has used in the place of all that it has reserved. Requests
// stay counted.
func (b *Book) Settle(l *Lease, used *Amounts, now int64) {
	for i := range l.records {
		h := &l.records[i]
		b.settle(l, h, &l.reserved, used, now)
	}
	l.records, l.reserved = l.records[:0], Amounts{}
}

// settle does it for one record.
func (b *Book) settle(l *Lease, h *held, reserved, used *Amounts, now int64) {
	if !h.holds(reserved) && !h.holds(used) {
		return
	}
	crossed := len(l.Crossed)
	b.update(h, now, func() {
		l.Crossed = l.Crossed[:crossed]
		for _, r := range h.rules {
			e := h.entry(r, now)
			before := r.used(e, now)
			r.settle(e, reserved[r.Unit], used[r.Unit], l.minute, now)
			l.Crossed = r.cross(l.Crossed, before, r.used(e, now), r.most(e))
		}
	})
}

// cross notes the thresholds that a budget has come to.
func (r *Rule) cross(dst []Crossing, before, after, most int64) []Crossing {
	if r.Budget == nil {
		return dst
	}
	for _, p := range r.Budget.Soft {
		if at := muldiv(most, p, 100); before < at && at <= after {
			dst = append(dst, Crossing{r, p})
		}
	}
	return dst
}

// update changes a record, again each time that another worker comes before.
func (b *Book) update(h *held, now int64, change func()) {
	for range tries {
		h.load(now)
		change()
		if b.store(h) {
			return
		}
	}
	b.Lost++
}

// stand takes down how the rules of the claim's units stand.
func (l *Lease) stand(c *claim) {
	for i := range l.records {
		h := &l.records[i]
		for _, r := range h.rules {
			if !c.units.has(r.Unit) || r.Shadow || r.Unit == USD && r.Budget == nil { // which no API has headers for
				continue
			}
			s := r.standing(h.entry(r, c.now), c.now)
			if t := &l.Standing[r.Unit]; s.Tighter(t) {
				*t = s
			}
		}
	}
}
