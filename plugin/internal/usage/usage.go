// Package usage adds up what callers have used, by day, and keeps it in the state that the
// proxy's workers share.
//
// A worker adds up in its own memory and writes the sums now and then, so that a request
// costs no host call; what was not written is lost with the worker. Of requests that go on it
// adds what they have used so far, and at their end the difference. Months are kept for a
// year, with their days, in a bounded number of records: where there is no room for all,
// the oldest month gives way, and is counted as lost.
package usage

import (
	"math"
	"strings"

	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A Dimension is what requests are told apart by.
type Dimension uint8

// Dimensions. Records have their values in this order: new ones come last.
const (
	Consumer Dimension = iota
	Tenant
	Tier
	Model
	Provider
	Operation
	Tag // of which a caller can have several: see Tags
	NumDimensions
)

var dimensionNames = [NumDimensions]string{"consumer", "tenant", "tier", "model", "provider", "operation", "tag"}

func (d Dimension) String() string { return dimensionNames[d] }

// ReadDimension reads the word for one.
func ReadDimension(word string) (Dimension, bool) {
	for d, name := range dimensionNames {
		if name == word {
			return Dimension(d), true
		}
	}
	return 0, false
}

// ReadDimensions reads a list of them, parted by commas.
func ReadDimensions(list string) (all []Dimension, ok bool) {
	for word := ""; list != ""; {
		word, list, _ = strings.Cut(list, ",")
		d, ok := ReadDimension(word)
		if !ok {
			return nil, false
		}
		all = append(all, d)
	}
	return all, true
}

// Labels are a value of each dimension; empty is none.
type Labels [NumDimensions]string

// Tags makes one label of a caller's tags: as many of them as are short enough together.
func Tags(tags []string) string {
	all := ""
	for _, tag := range tags {
		if all != "" {
			tag = tagMark + tag
		}
		if len(all)+len(tag) <= maxLabel {
			all += tag
		}
	}
	return all
}

// tagMark parts tags; it is in none.
const tagMark = "\x00"

// A Sum is something that is added up.
type Sum uint8

// Sums. Records have them in this order: new ones come last.
const (
	Requests Sum = iota
	Refused      // by the gateway: nobody was asked
	Errors       // of providers, of the gateway, and answers that broke off
	InputTokens
	OutputTokens
	Cost     // in nano-dollars
	Unpriced // requests that used something which has no price
	NumSums
)

// Sums are a value of each. What is negative takes back what was added before.
type Sums [NumSums]int64

// Add adds, up to the largest number there is.
func (s *Sums) Add(more *Sums) {
	for i, n := range more {
		if had := s[i]; had > math.MaxInt64-max(n, 0) {
			s[i] = math.MaxInt64
		} else {
			s[i] = had + n
		}
	}
}

// Less is what one has more than another.
func (s *Sums) Less(other *Sums) Sums {
	less := *s
	for i, n := range other {
		less[i] -= n
	}
	return less
}

const (
	second = int64(1_000_000_000)
	daily  = 86400 * second
)

// A Ledger is a worker's view of the sums, and those that it has not written yet.
type Ledger struct {
	table   *state.Table
	lines   map[key]*line
	order   []*line // the same, the oldest first
	last    *line   // most requests are like the one before
	names   map[string]struct{}
	month   month
	buf     []byte
	evicted uint64
	lost    int64
}

// key is what a line is for: a day since 1970, and whom.
type key struct {
	day    int64
	labels Labels
}

type line struct {
	key
	sums Sums
}

const (
	maxLines = 512 // that are not written yet
	maxNames = 200 // that callers have chosen
	maxLabel = 64  // bytes

	buckets = 1 << 10
	ways    = 16
)

// New is a worker's view in a space of the shared state. It asks the host nothing. seed keeps
// callers from choosing names that push out each other's sums.
func New(host state.Host, space, seed string) *Ledger {
	return &Ledger{table: NewTable(host, space, seed), lines: map[key]*line{}, names: map[string]struct{}{}}
}

// NewTable is where the sums are kept.
func NewTable(host state.Host, space, seed string) *state.Table {
	return state.New(host, space, "usage", state.Shape{Buckets: buckets, Ways: ways, Bytes: maxRecord, Seed: seed})
}

// Add adds what a request has used. now is in nanoseconds since 1970. Labels that are too
// long are cut.
func (l *Ledger) Add(labels Labels, s *Sums, now int64) {
	for d := range labels {
		labels[d] = clip(labels[d])
	}
	k := key{now / daily, labels}
	if l.last == nil || l.last.key != k {
		l.last = l.line(k, now)
	}
	l.last.sums.Add(s)
}

func (l *Ledger) line(k key, now int64) *line {
	if x, ok := l.lines[k]; ok {
		return x
	}
	if len(l.order) >= maxLines {
		l.Flush(now, maxLines/8)
	}
	if len(l.order) >= maxLines { // the host takes nothing
		delete(l.lines, l.order[0].key)
		l.order = append(l.order[:0], l.order[1:]...)
		l.lost++
	}
	x := &line{key: k}
	l.lines[k] = x
	l.order = append(l.order, x)
	return x
}

// Name is a name that a caller has chosen, as a label: they are bounded, for each takes
// room from others.
func (l *Ledger) Name(name string) string {
	name = clip(name)
	if _, ok := l.names[name]; ok {
		return name
	}
	if len(l.names) >= maxNames {
		return Other
	}
	l.names[name] = struct{}{}
	return name
}

// Other stands for names that are not told apart.
const Other = "other"

// clip cuts a label, not within a character.
func clip(s string) string {
	if len(s) <= maxLabel {
		return s
	}
	n := maxLabel
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// Flush writes lines, so many at most, by two host calls each. What cannot be written now
// is kept for the next time.
func (l *Ledger) Flush(now int64, most int) {
	kept := l.order[:0]
	for i, x := range l.order {
		if i >= most || l.write(x, now) != nil {
			kept = append(kept, x)
			continue
		}
		delete(l.lines, x.key)
	}
	clear(l.order[len(kept):])
	l.order, l.last = kept, nil
}

// All is how many lines there are at most, for Flush.
const All = maxLines

// write adds a line to its month.
func (l *Ledger) write(x *line, now int64) error {
	first := FirstOfMonth(x.day)
	return l.table.Update(identify(l.table, first, &x.labels), now, func(old []byte) ([]byte, int64) {
		m := &l.month
		if !m.read(old) {
			*m = month{first: first, labels: x.labels}
		}
		day := &m.days[x.day-first]
		day.Add(&x.sums)
		for i := range day { // of what was taken back the record may be gone
			day[i] = max(0, day[i])
		}
		l.buf = m.append(l.buf[:0])
		return l.buf, m.expires()
	})
}

// Lost is how many lines and months had to go before their time since it was last asked.
func (l *Ledger) Lost() int64 {
	evicted := l.table.Counts().Evicted
	n := l.lost + int64(evicted-l.evicted)
	l.lost, l.evicted = 0, evicted
	return n
}
