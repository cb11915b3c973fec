package strict_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/strict"
)

// fleet is a large configuration of some 2 MB.
func fleet() []byte {
	var b strings.Builder
	b.WriteString(`{"providers":[{"name":"p","type":"openai","keys":[{"env":"K"}]}],"models":[`)
	for i := range 1000 {
		fmt.Fprintf(&b, `%s{"name":"model-%d","targets":[{"provider":"p","model":"upstream-model-%d","weight":9},{"provider":"p","weight":1}],"fallback":[{"provider":"p","model":"other"}]}`, comma(i), i, i)
	}
	b.WriteString(`],"consumers":[`)
	for i := range 10000 {
		fmt.Fprintf(&b, `%s{"name":"consumer-%d","tenant":"tenant-%d","tier":"free","keys":[{"sha256":"%064x"}],"models":["model-1","model-2"],"budget":{"usd":20,"per":"30d"}}`, comma(i), i, i%50, i)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ",\n"
}

func readFleet(count *int) func(o *strict.Object) {
	target := func(_ int, o *strict.Object) {
		o.Require("provider")
		o.Str("provider", "", "")
		o.Str("model", "", "")
		o.Int("weight", "", 1, 1, 1000)
		*count++
	}
	return func(o *strict.Object) {
		o.Objects("providers", "", func(_ int, o *strict.Object) { new(provider).read(o) })
		o.Objects("models", "", func(_ int, o *strict.Object) {
			o.Require("name")
			o.Str("name", "", "")
			o.Enum("mechanism", "", "plugin", "plugin", "native")
			o.Objects("targets", "", target)
			o.Objects("fallback", "", target)
		})
		o.Objects("consumers", "", func(_ int, o *strict.Object) {
			o.Require("name")
			o.Str("name", "", "")
			o.Str("tenant", "", "")
			o.Str("tier", "", "")
			o.Strings("models", "")
			o.Objects("keys", "", func(_ int, o *strict.Object) {
				o.ExactlyOne("sha256", "env")
				o.Str("sha256", "", "")
				o.Str("env", "", "")
			})
			o.Object("budget", "", func(o *strict.Object) {
				o.Float("usd", "", 0, 0, 1e6)
				o.Duration("per", "", 1, 1, 1<<62)
			})
			*count++
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	in := fleet()
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		count := 0
		if err := strict.Decode(in, readFleet(&count)); err != nil || count != 13000 {
			b.Fatalf("got %d, %v, want 13000", count, err)
		}
	}
}
