package limit

import (
	"strconv"
	"testing"
	"time"

	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

// A million addresses, each with counts of its own, take no more than there is for them, and
// no named consumer's count.
func TestAMillionAddresses(t *testing.T) {
	t.Parallel()
	var l Limits
	l.Add([]Attribute{{Kind: Consumer}}, &Rule{Name: "consumer", Unit: Requests, Limit: 100, Period: per(time.Hour), When: Match{Consumers: []string{"web"}}})
	l.Add([]Attribute{{Kind: IP}}, &Rule{Name: "address", Unit: Requests, Limit: 10, Period: per(24 * time.Hour)})
	host := &statetest.Host{}
	book, now := NewBook(host, "flood", ""), start.UnixNano()
	ask := func(s subject) Outcome {
		var lease Lease
		book.Gather(&lease, s, l)
		out := book.Admit(&lease, &Ask{}, All, nil, now)
		book.Settle(&lease, &Amounts{}, now)
		return out
	}
	web := subject{Consumer: "web", IP: "192.0.2.1"}
	for range 100 {
		web[IP] += "0"
		if out := ask(web); out.Refused != nil {
			t.Fatalf("refused by %s", out.Refused.Name)
		}
	}
	for i := range 1_000_000 {
		if out := ask(subject{IP: strconv.Itoa(i)}); out.Refused != nil {
			t.Fatalf("address %d: refused by %s", i, out.Refused.Name)
		}
	}
	web[IP] = "192.0.2.2"
	if out := ask(web); out.Refused == nil || out.Refused.Name != "consumer" {
		t.Errorf("the consumer's count is gone: got %v", out)
	}
	names, bytes := host.Size()
	const buckets, ways, around = 1 << 13, 8, 64 // bytes beside a record, and of a bucket
	if most := 2 * buckets; names > most {
		t.Errorf("there are %d names, want at most %d", names, most)
	}
	if most := buckets*(ways*(headSize+entrySize+around)+around) + 1<<16; bytes > most {
		t.Errorf("there are %d bytes, want at most %d", bytes, most)
	}
	t.Logf("%d names, %d bytes", names, bytes)
}
