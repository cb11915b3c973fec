package usage

import (
	"cmp"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Period is how a report cuts time.
type Period uint8

// Periods.
const (
	Whole Period = iota
	Month
	Day
)

// ReadPeriod reads the word for one.
func ReadPeriod(word string) (Period, bool) {
	for p, name := range [...]string{"all", "month", "day"} {
		if name == word {
			return Period(p), true
		}
	}
	return 0, false
}

// A Query is what somebody wants to know.
type Query struct {
	By       []Dimension // are told apart, in this order
	Period   Period
	From, To int64 // days since 1970, both included
	Where    []Condition
}

// A Condition is that a dimension has a value, or one of the tags is it.
type Condition struct {
	Dimension Dimension
	Value     string
}

func (q *Query) wants(labels *Labels) bool {
	for _, c := range q.Where {
		has := false
		for tags := labels[c.Dimension]; ; {
			tag, rest, more := strings.Cut(tags, tagMark)
			has = has || tag == c.Value
			if tags = rest; !more {
				break
			}
		}
		if !has {
			return false
		}
	}
	return true
}

// A Row is the sums of one period for the labels that are told apart; the others are
// empty. Since is the period's first day since 1970, 0 where time is not cut.
type Row struct {
	Since  int64
	Labels Labels
	Sums   Sums
}

// A Report answers a query: its rows in order of time, then of labels, and the sums of all.
type Report struct {
	Rows  []*Row
	Total Sums
	// TooLong says that there were more rows than MostRows: only the total is right.
	TooLong bool
}

// MostRows is how many rows a report can have.
const MostRows = 10_000

// Report reads all that was written. It asks the host a thousand times.
func (l *Ledger) Report(q *Query, now int64) Report {
	var r Report
	l.table.Each(now, func(_ state.ID, value []byte, _ int64) {
		if m := &l.month; m.read(value) && q.wants(&m.labels) {
			r.month(q, m)
		}
	})
	return r
}

// month adds the days of a month that are asked for.
func (r *Report) month(q *Query, m *month) {
	since := int64(0)
	if q.Period == Month {
		since = m.first
	}
	var all Sums
	for i := range m.days {
		switch day, s := m.first+int64(i), &m.days[i]; {
		case *s == Sums{} || day < q.From || day > q.To:
		case q.Period == Day:
			r.add(q, day, &m.labels, s)
		default:
			all.Add(s)
		}
	}
	if all != (Sums{}) {
		r.add(q, since, &m.labels, &all)
	}
}

// add adds sums to their row; where tags are told apart, to that of each tag.
func (r *Report) add(q *Query, since int64, labels *Labels, sums *Sums) {
	r.Total.Add(sums)
	at := *labels
	for tags, more := labels[Tag], true; more; {
		at[Tag], tags, more = strings.Cut(tags, tagMark)
		more = more && slices.Contains(q.By, Tag)
		r.addTo(q, since, &at, sums)
	}
}

// addTo adds sums to one row, which is made if there is none.
func (r *Report) addTo(q *Query, since int64, labels *Labels, sums *Sums) {
	low, high := 0, len(r.Rows)
	for low < high {
		middle := (low + high) / 2
		switch c := q.compare(r.Rows[middle], since, labels); {
		case c == 0:
			r.Rows[middle].Sums.Add(sums)
			return
		case c < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	if r.TooLong = r.TooLong || len(r.Rows) == MostRows; r.TooLong {
		return
	}
	x := &Row{Since: since, Sums: *sums}
	for _, d := range q.By {
		x.Labels[d] = labels[d]
	}
	r.Rows = append(r.Rows, nil)
	copy(r.Rows[low+1:], r.Rows[low:])
	r.Rows[low] = x
}

// compare tells whether a row comes before (-1) or behind (1) the one of a period and labels.
func (q *Query) compare(x *Row, since int64, labels *Labels) int {
	c := cmp.Compare(x.Since, since)
	for i := 0; c == 0 && i < len(q.By); i++ {
		c = strings.Compare(x.Labels[q.By[i]], labels[q.By[i]])
	}
	return c
}
