package limit

import (
	"testing"
	"time"
)

// A long request gives back what it has reserved of a bucket, and nothing that has leaked
// away in the meantime: it made room for others twice.
func TestLongRequestsMakeRoomOnce(t *testing.T) {
	t.Parallel()
	l := limits(&Rule{Unit: OutputTokens, Limit: 100, Window: GCRA, Burst: 100, Period: per(time.Minute)})
	book, now := NewBook(newHost(), "leaked", ""), start.UnixNano()
	all := Ask{Output: 100, Least: 100}
	var long Lease
	book.Gather(&long, subject{Consumer: "web"}, l)
	if out := book.Admit(&long, &all, All, nil, now); out.Refused != nil {
		t.Fatal("the long request is refused")
	}
	for range 20 {
		now += int64(10 * time.Second)
		book.Renew(&long, now)
	}
	passed := 0
	ask := func() {
		var lease Lease
		book.Gather(&lease, subject{Consumer: "web"}, l)
		if out := book.Admit(&lease, &all, All, nil, now); out.Refused == nil {
			passed++
		}
	}
	ask()
	book.Settle(&long, &Amounts{}, now)
	ask()
	ask()
	if passed != 1 {
		t.Errorf("%d requests for all that there is have passed at once, want 1", passed)
	}
}

// What a rule has counted that carried nothing over is over with its period, also if it carries over
// from then on.
func TestWhatIsOverIsNotCarried(t *testing.T) {
	t.Parallel()
	rule := func(b *Budget) Limits {
		return limits(&Rule{Unit: Tokens, Limit: 100, Period: per(10 * time.Second), Budget: b},
			&Rule{Unit: Tokens, Limit: 1000, Period: per(time.Hour)}) // which keeps the record
	}
	book, web := NewBook(newHost(), "over", ""), subject{Consumer: "web"}
	var lease Lease
	book.Gather(&lease, web, rule(nil))
	if out := book.Admit(&lease, &Ask{}, All, nil, start.UnixNano()); out.Refused != nil {
		t.Fatal("the request is refused")
	}
	book.Settle(&lease, &Amounts{Tokens: 10}, start.UnixNano())
	for _, after := range []time.Duration{15 * time.Second, 45 * time.Second} { // in the same minute, and in the next
		views := book.View(web, rule(&Budget{CarryOver: 50}), start.Add(after).UnixNano())
		if len(views) != 2 || views[0].Limit != 100 || views[0].Remaining != 100 {
			t.Errorf("after %s: got %+v, want all of 100", after, views)
		}
	}
}
