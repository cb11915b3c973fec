package network_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/network"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, same string }{
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1:8080", "192.0.2.1"},
		{" 192.0.2.1 ", "192.0.2.1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"::ffff:c000:201", "192.0.2.1"},
		{"[::ffff:192.0.2.1]:1", "192.0.2.1"},
		{"2001:db8::1", "2001:db8:0:0:0:0:0:1"},
		{"[2001:DB8::1]:8080", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"fe80::1%eth0", "fe80::1"},
		{"1::", "1:0:0:0:0:0:0:0"},
		{"::1", "0:0:0:0:0:0:0:1"},
		{"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
	} {
		a, ok := network.Parse(tt.text)
		b, fine := network.Parse(tt.same)
		if !ok || !fine || a != b {
			t.Errorf("%q: got %v (%v), want the same as %q: %v (%v)", tt.text, a, ok, tt.same, b, fine)
		}
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4:", "1.2.3.4:99999", "1.2.3.-4", "+1.2.3.4", "1.2.3.4/8",
		":", ":::", "::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::", "+1::", "1.2.3.4::", "1:2:3:4:5:6:7:1.2.3.4", "[1.2.3.4]", "[::1", "[::1]x", "[::1]:", "::1%", "1.2.3.4%eth0",
		"unknown", "_hidden", "localhost", "/run/a.sock"} {
		if a, ok := network.Parse(s); ok {
			t.Errorf("%q: got %v, want none", s, a)
		}
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"192.0.2.10:80", "192.0.2.10"}, {"::ffff:192.0.2.10", "192.0.2.10"}, {"[2001:DB8::1]:80", "2001:db8:0:0:0:0:0:1"}, {"", ""},
	} {
		a, _ := network.Parse(tt.text)
		if got := a.String(); got != tt.want {
			t.Errorf("%q: got %s, want %s", tt.text, got, tt.want)
		}
	}
}

// What is plain is what is counted by, however it was written.
func TestPlain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"192.0.2.1", "192.0.2.1"}, {"192.0.2.1:8080", "192.0.2.1"}, {"0.0.0.0:1", "0.0.0.0"}, {"255.255.255.255", "255.255.255.255"},
		{"192.0.2.1:", ""}, {"192.0.2.1:99999", ""}, {"192.0.2.01", ""}, {"192.0.2.256", ""}, {"1.2.3.4.5", ""}, {"1.2.3", ""}, {"1.2.3.", ""}, {"1..2.3", ""}, {"00.0.0.0", ""}, {"1.2.3.4444", ""}, {"1.2.3:4", ""}, {" 192.0.2.1", ""}, {"::ffff:192.0.2.1", ""}, {"", ""},
	} {
		got := tt.text[:network.Plain(tt.text)]
		if a, _ := network.Parse(tt.text); got != tt.want || got != "" && got != a.String() {
			t.Errorf("%q: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestContains(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		network, address string
		want             bool
	}{
		{"10.0.0.0/8", "10.255.0.1", true},
		{"10.0.0.0/8", "11.0.0.1", false},
		{"10.0.0.0/8", "::ffff:10.0.0.1", true},
		{"10.0.0.0/8", "::10.0.0.1", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"0.0.0.0/0", "255.1.2.3", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "2001:db8::1", true},
		{"::/0", "10.0.0.1", true},
		{"::ffff:0:0/96", "10.0.0.1", true},
		{"2001:db8::/32", "2001:db8:ffff::1", true},
		{"2001:db8::/32", "2001:db9::1", false},
		{"2001:db8::/65", "2001:db8::7fff:0:0:1", true},
		{"2001:db8::/65", "2001:db8::8000:0:0:1", false},
		{"2001:db8::1/128", "2001:db8::1", true},
	} {
		p, ok := network.ParsePrefix(tt.network)
		a, fine := network.Parse(tt.address)
		if !ok || !fine || p.Contains(a) != tt.want {
			t.Errorf("%s in %s: got %v (%v, %v), want %v", tt.address, tt.network, p.Contains(a), ok, fine, tt.want)
		}
		if p.Contains(network.Address{}) {
			t.Errorf("%s contains no address at all", tt.network)
		}
	}
}

func TestWhatIsNoNetwork(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/08", "10.0.0.0/-1", "::/129", "2001:db8::1/32", "10.0.0.0/8/8", "10.0.0.0:80/8", "10.0.0/8", "fe80::1%eth0/64"} {
		if p, ok := network.ParsePrefix(s); ok {
			t.Errorf("%q: got %v, want an error", s, p)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ address, want string }{
		{"192.0.2.77", "192.0.2.0"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1::"},
	} {
		a, _ := network.Parse(tt.address)
		want, _ := network.Parse(tt.want)
		if got := a.Within(24, 48); got != want {
			t.Errorf("%s: got %v, want %v", tt.address, got, want)
		}
	}
}

func TestForwarded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		about, header string
		n             int
		want          string
	}{
		{"the only one", "192.0.2.1", 1, "192.0.2.1"},
		{"what the client wrote itself does not count", "10.0.0.1, 192.0.2.1", 1, "192.0.2.1"},
		{"two proxies", "10.0.0.1, 192.0.2.1,198.51.100.7", 2, "192.0.2.1"},
		{"with a port", "192.0.2.1:4711", 1, "192.0.2.1"},
		{"fewer than there are proxies", "192.0.2.1", 2, ""},
		{"none", "", 1, ""},
		{"hidden by a proxy", "192.0.2.1, unknown", 1, ""},
		{"an empty one at the end", "192.0.2.1,", 1, ""},
	} {
		got, ok := network.Forwarded(tt.header, tt.n)
		want, _ := network.Parse(tt.want)
		if got != want || ok == want.None() {
			t.Errorf("%s: got %v, %v, want %v", tt.about, got, ok, want)
		}
	}
}

// FuzzParse compares with what the library reads.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.2.3.4", "1::2", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "::1.2.3.4", "1:2:3:4:5:6:7::", "10.0.0.0/8", "2001:db8::/32", "[::1]:1", "fe80::1%e"} {
		f.Add(s, "10.0.0.1")
	}
	f.Fuzz(func(t *testing.T, s, other string) {
		if !strings.ContainsAny(s, "[]% /") && strings.Count(s, ":") != 1 && strings.TrimSpace(s) == s {
			_, ok := network.Parse(s)
			a, err := netip.ParseAddr(s)
			if want := err == nil && a != netip.IPv6Unspecified(); ok != want {
				t.Fatalf("%q: got %v, want %v (%v)", s, ok, want, err)
			}
		}
		p, ok := network.ParsePrefix(s)
		if !ok {
			return
		}
		if !strings.Contains(s, "/") {
			s += "/128"
			if !strings.Contains(s, ":") {
				s = strings.Replace(s, "/128", "/32", 1)
			}
		}
		want, err := netip.ParsePrefix(s)
		if err != nil || want.Masked() != want {
			t.Fatalf("%q: got %v, want an error (%v)", s, p, err)
		}
		a, ok := network.Parse(other)
		b, err := netip.ParseAddr(other)
		if !ok || err != nil || b.Zone() != "" {
			return
		}
		if b.Is4In6() || b.Is4() {
			b = b.Unmap()
			if want.Addr().Is6() { // an address of IPv4 is one of IPv6, too
				b = netip.AddrFrom16(b.As16())
			}
		}
		if got := p.Contains(a); got != want.Contains(b) && !(want.Addr().Is4In6() || b.Is4In6()) {
			t.Fatalf("%s in %s: got %v", other, s, got)
		}
	})
}
