package limit

import (
	"testing"
	"time"
)

// BenchmarkAdmit is a request that four rules are for, from finding them to settling it.
func BenchmarkAdmit(b *testing.B) {
	l := Limits{}
	l.Add([]Attribute{{Kind: Consumer}}, &Rule{Unit: Requests, Limit: 1 << 40, Period: per(time.Minute)})
	l.Add([]Attribute{{Kind: IP}}, &Rule{Unit: Requests, Limit: 1 << 40, Period: per(time.Minute)})
	l.Add([]Attribute{{Kind: Tenant}}, &Rule{Unit: Tokens, Limit: 1 << 50, Period: per(24 * time.Hour)})
	l.Add([]Attribute{{Kind: Consumer}, {Kind: Model}}, &Rule{Unit: USD, Limit: 1 << 50, Period: Month()})
	for i := range 16 {
		l.Add([]Attribute{{Kind: Consumer}}, &Rule{Unit: Requests, Limit: 10, Period: per(time.Minute), When: Match{Models: []string{"other-" + string(rune('a'+i)) + "-*"}}})
	}
	book, s := NewBook(newHost(), "bench", ""), subject{Consumer: "web", Tenant: "acme", IP: "10.0.0.1", Model: "gpt-4o"}
	var lease Lease
	b.ReportAllocs()
	for b.Loop() {
		lease.Reset()
		book.Gather(&lease, s, l)
		if out := book.Admit(&lease, &Ask{Input: 100, Output: 100, Least: 16, Fixed: 1000, Picos: 10_000_000}, All, nil, start.UnixNano()); out.Refused != nil {
			b.Fatal(out)
		}
		book.Settle(&lease, &Amounts{InputTokens: 90, OutputTokens: 50, Tokens: 140, USD: 5000}, start.UnixNano())
	}
}
