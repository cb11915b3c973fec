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
