package usage

import (
	"encoding/binary"
	"math"

	"github.com/postern-gateway/postern/adapters/rfc3339"
	"github.com/postern-gateway/postern/plugin/internal/state"
)

// A month is what one record of the state has: the sums of each of its days for one set of
// labels.
//
// Its form is a byte for the version, the month's first day since 1970, the number of labels
// and each with its length, the number of sums, and then for every day that has any its place
// in the month and the sums. All numbers are as encoding/binary's Uvarint. Labels and sums
// that a record has not are none, so that there can be more of them in a later version.
type month struct {
	first  int64
	labels Labels
	days   [31]Sums
}

const (
	version = 1

	// maxRecord is how many bytes a record can have.
	maxRecord = 1 + 5 + 1 + int(NumDimensions)*(1+maxLabel) + 1 + 31*(1+int(NumSums)*binary.MaxVarintLen64)

	keptDays = 31 + 366 // from the first of a month
)

// FirstOfMonth is the first day of the month that a day is in, both since 1970.
func FirstOfMonth(day int64) int64 {
	t := append(rfc3339.Append(nil, day*86400)[:8], "01T00:00:00Z"...)
	seconds, _ := rfc3339.Parse(t)
	return seconds / 86400
}

// expires is until when a month is kept, in nanoseconds since 1970.
func (m *month) expires() int64 { return (m.first + keptDays) * daily }

// identify is the id of a month for some labels. Labels at the end that are empty are left
// out, so that a dimension more does not change it.
func identify(t *state.Table, first int64, labels *Labels) state.ID {
	parts := append(make([]string, 0, 1+NumDimensions), string(rfc3339.Append(nil, first*86400)[:7]))
	last := len(labels)
	for last > 0 && labels[last-1] == "" {
		last--
	}
	return t.ID(append(parts, labels[:last]...)...)
}

func (m *month) append(dst []byte) []byte {
	dst = appendNumber(append(dst, version), m.first)
	dst = append(dst, byte(NumDimensions))
	for _, label := range m.labels {
		dst = append(append(dst, byte(len(label))), label...)
	}
	dst = append(dst, byte(NumSums))
	for i := range m.days {
		if m.days[i] == (Sums{}) {
			continue
		}
		dst = append(dst, byte(i))
		for _, n := range m.days[i] {
			dst = appendNumber(dst, n)
		}
	}
	return dst
}

func appendNumber(dst []byte, n int64) []byte { return binary.AppendUvarint(dst, uint64(n)) }

// read reads a record; false if it is none.
func (m *month) read(p []byte) bool {
	*m = month{}
	r := reader{rest: p}
	if r.byte() != version {
		return false
	}
	m.first = r.number()
	labels := int(r.byte())
	if labels > len(m.labels) || m.first > math.MaxInt32 {
		return false
	}
	for i := range labels {
		if m.labels[i] = r.text(); len(m.labels[i]) > maxLabel {
			return false
		}
	}
	sums := int(r.byte())
	if sums > int(NumSums) || r.broken {
		return false
	}
	for len(r.rest) > 0 && !r.broken {
		day := int(r.byte())
		if day >= len(m.days) || m.days[day] != (Sums{}) {
			return false
		}
		for i := range sums {
			m.days[day][i] = r.number()
		}
	}
	return !r.broken
}

// Valid reports whether a record is one that a table has under an id.
func Valid(t *state.Table, id state.ID, value []byte) bool {
	var m month
	return m.read(value) && m.first == FirstOfMonth(m.first) && identify(t, m.first, &m.labels) == id
}

// A reader takes a record apart.
type reader struct {
	rest   []byte
	broken bool
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.broken = true
		return 0
	}
	c := r.rest[0]
	r.rest = r.rest[1:]
	return c
}

func (r *reader) number() int64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > math.MaxInt64 {
		r.broken, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return int64(n)
}

func (r *reader) text() string {
	n := int(r.byte())
	if n > len(r.rest) {
		r.broken, r.rest = true, nil
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}
