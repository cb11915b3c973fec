package limit

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// What is shown is how a request would find the limits, and showing changes nothing.
func TestView(t *testing.T) {
	h := newHost()
	b := NewBook(h, "s", "")
	var l Limits
	l.Add([]Attribute{{Kind: Consumer}}, &Rule{Name: "day", Unit: Requests, Limit: 5, Period: per(24 * time.Hour)})
	l.Add([]Attribute{{Kind: Consumer}}, &Rule{Name: "big", Unit: Tokens, Limit: 100, Period: per(time.Hour), When: Match{Models: []string{"gpt-*"}}})
	l.Add([]Attribute{{Kind: Consumer}, {Kind: Model}}, &Rule{Name: "each", Unit: Requests, Limit: 7, Period: per(time.Hour)})
	l.Add(nil, &Rule{Name: "all", Unit: Requests, Limit: 100, Period: per(time.Hour)})
	for range 2 {
		var lease Lease
		s := subject{Consumer: "jane", Model: "gpt-4o"}
		b.Gather(&lease, s, l)
		if out := b.Admit(&lease, &Ask{Input: 10, Output: 5, Least: 5}, All, nil, start.UnixNano()); out.Refused != nil {
			t.Fatal("refused")
		}
		b.Settle(&lease, &Amounts{Tokens: 20}, start.UnixNano())
	}
	stores := h.last
	for _, tt := range []struct {
		about string
		who   subject
		want  string
	}{
		{"nobody in particular", subject{}, "all 98 of 100"},
		{"a consumer", subject{Consumer: "jane"}, "day 3 of 5, all 98 of 100"},
		{"another", subject{Consumer: "joe"}, "day 5 of 5, all 98 of 100"},
		{"a consumer with a model", subject{Consumer: "jane", Model: "gpt-4o"}, "day 3 of 5, big 60 of 100, each 5 of 7, all 98 of 100"},
		{"a consumer with another model", subject{Consumer: "jane", Model: "claude"}, "day 3 of 5, each 7 of 7, all 98 of 100"},
	} {
		var got []string
		for _, v := range b.View(tt.who, l, start.UnixNano()) {
			got = append(got, fmt.Sprintf("%s %d of %d", v.Rule.Name, v.Remaining, v.Limit))
		}
		if s := strings.Join(got, ", "); s != tt.want {
			t.Errorf("%s: got %q, want %q", tt.about, s, tt.want)
		}
	}
	if h.last != stores {
		t.Errorf("got %d stores, want none", h.last-stores)
	}
}

func TestValid(t *testing.T) {
	form := form(5, counts{tag: 1, until: 9, at: 1_800_000_000_000_000_000, count: 3, prev: none}, counts{tag: 2, until: 9, prev: 4, reserved: [minutes]int64{1, 2, 3}})
	edited := func(at int, n int64) []byte {
		p := append([]byte(nil), form...)
		copy(p[headSize+at:], appendInt64(nil, n))
		return p
	}
	for _, tt := range []struct {
		about string
		form  []byte
		want  bool
	}{
		{"a record", form, true},
		{"one without entries", form[:4:4], false},
		{"no entries", append(append([]byte(nil), form[:4]...), 0), true},
		{"cut", form[:len(form)-1], false},
		{"too long", append(append([]byte(nil), form...), 0), false},
		{"nothing", nil, false},
		{"a time before 1970", edited(8, -1), false},
		{"a count below nothing, which would be credit", edited(16, -5), false},
		{"a count near overflow", edited(16, math.MaxInt64), false},
		{"the last period's below nothing", edited(24, -5), false},
		{"the last period's near overflow", edited(24, math.MaxInt64-1), false},
		{"a reservation below nothing", edited(32, -1), false},
		{"the last reservation of the last entry", edited(2*entrySize-8, -1), false},
		{"too many entries", append([]byte{0, 0, 0, 0, maxEntries + 1}, make([]byte, (maxEntries+1)*entrySize)...), false},
	} {
		if got := Valid(tt.form); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.about, got, tt.want)
		}
	}
}
