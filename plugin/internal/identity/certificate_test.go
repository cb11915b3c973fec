package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/identity"
)

func TestParseForwarded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, header string
		want         identity.Certificate
		ok           bool
	}{
		{"one URI", "By=spiffe://b;Hash=ab;URI=spiffe://a", identity.Certificate{URIs: []string{"spiffe://a"}}, true},
		{"several names", "URI=a;URI=b;DNS=c;DNS=d", identity.Certificate{URIs: []string{"a", "b"}, DNS: []string{"c", "d"}}, true},
		{"a subject with what parts the others", `Subject="CN=web,O=\"a;b\",C=x";URI=u`, identity.Certificate{Subject: `CN=web,O="a;b",C=x`, URIs: []string{"u"}}, true},
		{"the last of two", "URI=spiffe://client,URI=spiffe://proxy", identity.Certificate{URIs: []string{"spiffe://proxy"}}, true},
		{"two, the first of which has a comma", `Subject="CN=a,URI=forged";URI=x,URI=proxy`, identity.Certificate{URIs: []string{"proxy"}}, true},
		{"keys in other letters", "uri=a", identity.Certificate{URIs: []string{"a"}}, true},
		{"a hash alone", "Hash=ab", identity.Certificate{}, true},
		{"nothing", "", identity.Certificate{}, false},
		{"a comma at the end", "URI=a,", identity.Certificate{}, false},
		{"an open quote", `Subject="CN=a,URI=b`, identity.Certificate{Subject: `"CN=a,URI=b`}, true},
	} {
		got, ok := identity.ParseForwarded(tt.header)
		if ok != tt.ok || got.Subject != tt.want.Subject || !slices.Equal(got.URIs, tt.want.URIs) || !slices.Equal(got.DNS, tt.want.DNS) {
			t.Errorf("%s: got %+v, %v, want %+v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzParseForwarded(f *testing.F) {
	f.Add(`By=x;Hash=ab;Subject="CN=\"a\",O=b";URI=spiffe://a,URI=b`)
	f.Fuzz(func(t *testing.T, header string) {
		c, ok := identity.ParseForwarded(header)
		if !ok && (len(c.URIs)+len(c.DNS) > 0 || c.Subject != "") {
			t.Errorf("got %+v for a header that tells of none", c)
		}
		for _, s := range append(c.URIs, c.DNS...) {
			if len(s) > len(header) {
				t.Errorf("got the name %q of %q", s, header)
			}
		}
	})
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	g := gate()
	g.Mapping = &identity.Certificates{Rules: []identity.CertificateRule{
		{URI: "spiffe://mesh/ns/*/sa/web", Caller: identity.Caller{Name: "web"}},
		{URI: "spiffe://mesh/*", Caller: identity.Caller{Name: "mesh/*", Tier: "inner"}},
		{DNS: "*.batch.example.com", Caller: identity.Caller{Name: "batch"}},
		{Subject: "CN=ops,*", Caller: identity.Caller{Name: "ops"}},
	}}
	for _, tt := range []struct {
		name        string
		certificate identity.Certificate
		want        string
	}{
		{"the first rule", identity.Certificate{URIs: []string{"spiffe://mesh/ns/prod/sa/web"}}, "web"},
		{"what the star stands for", identity.Certificate{URIs: []string{"spiffe://mesh/ns/prod/sa/api"}}, "mesh/ns/prod/sa/api"},
		{"any of the names", identity.Certificate{URIs: []string{"x", "spiffe://mesh/a"}}, "mesh/a"},
		{"a DNS name", identity.Certificate{DNS: []string{"a.batch.example.com"}}, "batch"},
		{"a subject", identity.Certificate{Subject: "CN=ops,O=acme"}, "ops"},
		{"another mesh that begins alike", identity.Certificate{URIs: []string{"spiffe://mesh.evil/ns/prod/sa/web"}}, ""},
		{"a URI in the place of a DNS name", identity.Certificate{URIs: []string{"a.batch.example.com"}}, ""},
		{"a name with a line end", identity.Certificate{URIs: []string{"spiffe://mesh/a\r\nb"}}, ""},
		{"nothing", identity.Certificate{}, ""},
	} {
		k, p := g.ReadCertificate(&tt.certificate)
		switch {
		case tt.want == "" && (p == nil || p.Code != identity.NotAllowed):
			t.Errorf("%s: got %+v, %v, want it refused", tt.name, k.Caller, p)
		case tt.want != "" && (p != nil || k.Caller.Name != tt.want):
			t.Errorf("%s: got %+v, %v, want %s", tt.name, k.Caller, p, tt.want)
		}
	}
	if k, _ := g.ReadCertificate(&identity.Certificate{URIs: []string{"spiffe://mesh/ns/prod/sa/web"}}); k.Caller.Tenant != "acme" {
		t.Errorf("got %+v, want what the configuration says of web", k.Caller)
	}
}

func TestWord(t *testing.T) {
	t.Parallel()
	g := gate()
	g.Trusted = &identity.Trusted{Header: "x-user"}
	if k, p := g.ReadWord("ada", "acme", ""); p != nil || k.Caller.Name != "ada" || k.Caller.Tenant != "acme" {
		t.Errorf("got %+v, %v, want ada of acme", k.Caller, p)
	}
	for _, bad := range [][3]string{{"a\nb", "", ""}, {"ada", "a\x00", ""}, {"ada", "", "\u00fc"}, {strings.Repeat("a", 256), "", ""}} {
		if k, p := g.ReadWord(bad[0], bad[1], bad[2]); p == nil {
			t.Errorf("%q: got %+v, want it refused", bad, k.Caller)
		}
	}
	g.Trusted.Configured = true
	if _, p := g.ReadWord("ada", "", ""); p == nil {
		t.Error("somebody who is not in the configuration is taken")
	}
}
