package strict_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/secret"
	"github.com/postern-gateway/postern/adapters/strict"
)

// The declarations of the tests, shaped like a gateway's configuration.
type conf struct {
	Role      string
	Providers []provider
	Models    []string
	Admin     *admin
	Attempts  int
	Ratio     float64
	Cache     cache
	On        []string
	Status    []int
	Headers   []strict.Pair
	Raw       string
	Guard     string
	Threshold float64
	Action    string
}

type provider struct {
	Name, Type, Org string
	Base            string
	Keys            []key
	Timeout         int
}

type key struct {
	Env         string
	Value       secret.String
	Passthrough bool
	Weight      int
}

type admin struct{ Prefix string }

type cache struct {
	TTL   time.Duration
	Bytes int
}

func (c *conf) read(o *strict.Object) {
	o.Require("providers")
	c.Role = o.Enum("role", "what the filter does", "gateway", "gateway", "attempt")
	o.Objects("providers", "the upstreams", func(i int, o *strict.Object) {
		var p provider
		p.read(o)
		c.Providers = append(c.Providers, p)
		if i > 0 && p.Name != "" && p.Name == c.Providers[i-1].Name {
			o.Fail("name", "names a provider above")
		}
	})
	c.Models = o.Strings("models", "what clients may ask for")
	for i, m := range c.Models {
		if m == "bad" {
			o.FailItem("models", i, "names no provider")
		}
	}
	o.Object("admin", "the admin endpoint", func(o *strict.Object) {
		c.Admin = &admin{o.Str("prefix", "its path", "/postern")}
	})
	o.Section("retry", "what is tried again", func(o *strict.Object) {
		c.Attempts = o.Int("attempts", "how often", 2, 0, 5)
	})
	c.Ratio = o.Float("ratio", "a share", 0.5, 0, 1)
	o.Section("cache", "what is kept", func(o *strict.Object) {
		c.Cache.TTL = o.Duration("ttl", "how long", 10*time.Minute, time.Second, 30*24*time.Hour)
		c.Cache.Bytes = o.Bytes("max", "how much", 64<<20, 1, 1<<30)
	})
	c.On = o.Enums("on", "which way", []string{"request"}, "request", "response")
	c.Status = o.Ints("status", "what counts as failed", []int{429}, 400, 599)
	c.Headers = o.Pairs("headers", "what is added")
	c.Raw = string(o.Raw("raw", "anything").Raw())
	o.Object("guard", "a guard", func(o *strict.Object) {
		c.Guard = o.Variant("type", "which guard", "", []strict.Variant{
			{Name: "injection", Doc: "finds injections", Read: func(o *strict.Object) {
				c.Threshold = o.Float("threshold", "from where on", 0.8, 0, 1)
			}},
			{Name: "pii", Doc: "finds people", Read: func(o *strict.Object) {
				o.Require("action")
				c.Action = o.Enum("action", "what is done", "", "mask", "block")
			}},
		})
	})
	o.AtMostOne("admin", "guard")
}

func (p *provider) read(o *strict.Object) {
	o.Require("name")
	p.Name = o.Str("name", "what models refer to", "")
	p.Type = o.Variant("type", "the adapter", "options", []strict.Variant{
		{Name: "openai", Doc: "OpenAI", Read: func(o *strict.Object) {
			p.Org = o.Str("organization", "the organisation", "none")
			p.Timeout = o.Int("timeout", "in seconds", 60, 1, strict.NoMax)
		}},
		{Name: "compatible", Doc: "anything alike", Read: func(o *strict.Object) {
			o.Require("base_path")
			p.Base = o.Str("base_path", "where it is", "")
		}},
	})
	o.Objects("keys", "the credentials", func(_ int, o *strict.Object) {
		o.ExactlyOne("env", "value", "passthrough")
		p.Keys = append(p.Keys, key{
			Env:         o.Str("env", "a variable of the environment", ""),
			Value:       o.Secret("value", "the key itself"),
			Passthrough: o.Bool("passthrough", "the client's own key", false),
			Weight:      o.Int("weight", "its share", 1, strict.NoMin, 100),
		})
	})
}

func TestDecode(t *testing.T) {
	t.Parallel()
	const in = `{
		"role": "attempt",
		"providers": [
			{"name": "a", "type": "openai", "options": {"organization": "org-1"}, "keys": [{"env": "K"}, {"value": "s\u0065cret", "weight": -2.0}]},
			{"name": "b", "type": "compatible", "options": {"base_path": "/v1"}, "keys": [{"passthrough": true}]},
			{"name": "c", "type": "openai"}
		],
		"models": ["x", "y"],
		"admin": {},
		"retry": {"attempts": 5},
		"ratio": 1,
		"cache": {"ttl": "1h30m", "max": "1.5KiB"},
		"on": ["response", "request"],
		"status": [500, 5.03e2],
		"headers": {"b": "1", "a": "2"},
		"raw": [1, {"x": null}]
	}`
	want := conf{
		Role: "attempt",
		Providers: []provider{
			{Name: "a", Type: "openai", Org: "org-1", Timeout: 60, Keys: []key{{Env: "K", Weight: 1}, {Value: secret.New("secret"), Weight: -2}}},
			{Name: "b", Type: "compatible", Base: "/v1", Keys: []key{{Passthrough: true, Weight: 1}}},
			{Name: "c", Type: "openai", Org: "none", Timeout: 60},
		},
		Models: []string{"x", "y"}, Admin: &admin{"/postern"}, Attempts: 5, Ratio: 1,
		Cache: cache{90 * time.Minute, 1536}, On: []string{"response", "request"}, Status: []int{500, 503},
		Headers: []strict.Pair{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}}, Raw: `[1, {"x": null}]`,
	}
	var got conf
	if err := strict.Decode([]byte(in), got.read); err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	want := conf{Role: "gateway", Attempts: 2, Ratio: 0.5, Cache: cache{10 * time.Minute, 64 << 20}, On: []string{"request"}, Status: []int{429}}
	var got conf
	if err := strict.Decode([]byte(`{"providers":[]}`), got.read); err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestVariantInline(t *testing.T) {
	t.Parallel()
	var got conf
	err := strict.Decode([]byte(`{"providers":[],"guard":{"action":"mask","type":"pii"}}`), got.read)
	if err != nil || got.Guard != "pii" || got.Action != "mask" || got.Threshold != 0 {
		t.Errorf("got %q %q %v, error %v, want pii, mask, 0", got.Guard, got.Action, got.Threshold, err)
	}
}

var wrong = []struct {
	name, in string
	want     []string
}{
	{"no JSON", `{"role":}`, []string{`role: want a value at byte 8`}},
	{"nothing", ``, []string{`unexpected end of the document at byte 0`}},
	{"key twice", `{"providers":[],"retry":{"attempts":1,"attempts":2}}`, []string{`retry.attempts: key appears twice at byte 38`}},
	{"no object", `[]`, []string{`want an object, got array`}},
	{"missing", `{}`, []string{`providers: missing`}},
	{"unknown key", `{"providers":[],"nonsense":1}`, []string{`nonsense: unknown key`}},
	{"unknown key that is near", `{"providers":[],"retry":{"attemps":1}}`, []string{`retry.attemps: unknown key (did you mean "attempts"?)`}},
	{"unknown key in other spelling", `{"providers":[],"Admin":{}}`, []string{`Admin: unknown key (did you mean "admin"?)`}},
	{"unknown key that needs quotes", `{"providers":[],"a b\n":1}`, []string{`["a b\n"]: unknown key`}},
	{"unknown key in an element", `{"providers":[{"name":"a","type":"openai","clutser":"x"}]}`, []string{`providers[0].clutser: unknown key`}},
	{"too large", `{"providers":[],"retry":{"attempts":9}}`, []string{`retry.attempts: want 0 to 5, got 9`}},
	{"too small", `{"providers":[],"retry":{"attempts":-1}}`, []string{`retry.attempts: want 0 to 5, got -1`}},
	{"huge", `{"providers":[],"retry":{"attempts":99999999999999999999999999999}}`, []string{`retry.attempts: want an integer, got 999999999999999999999999...`}},
	{"at least", `{"providers":[{"name":"a","type":"openai","options":{"timeout":0}}]}`, []string{`providers[0].options.timeout: want at least 1, got 0`}},
	{"at most", `{"providers":[{"name":"a","type":"openai","keys":[{"env":"E","weight":101}]}]}`, []string{`providers[0].keys[0].weight: want at most 100, got 101`}},
	{"string for an integer", `{"providers":[{"name":"a","type":"openai","options":{"timeout":"1"}}]}`, []string{`providers[0].options.timeout: want an integer, got string`}},
	{"fraction for an integer", `{"providers":[],"retry":{"attempts":1.5}}`, []string{`retry.attempts: want an integer, got 1.5`}},
	{"null for an object", `{"providers":[],"retry":null}`, []string{`retry: want an object, got null`}},
	{"object for a list", `{"providers":{}}`, []string{`providers: want a list of objects, got object`}},
	{"string in a list of objects", `{"providers":["a"]}`, []string{`providers[0]: want an object, got string`}},
	{"number for a string", `{"providers":[],"admin":{"prefix":1}}`, []string{`admin.prefix: want a string, got number`}},
	{"string for a boolean", `{"providers":[{"name":"a","type":"openai","keys":[{"passthrough":"yes"}]}]}`, []string{`providers[0].keys[0].passthrough: want true or false, got string`}},
	{"string for a number", `{"providers":[],"ratio":"1"}`, []string{`ratio: want a number, got string`}},
	{"number out of bounds", `{"providers":[],"ratio":1.01}`, []string{`ratio: want 0 to 1, got 1.01`}},
	{"number beyond floats", `{"providers":[],"ratio":1e999}`, []string{`ratio: want 0 to 1, got 1e999`}},
	{"number for a duration", `{"providers":[],"cache":{"ttl":600}}`, []string{`cache.ttl: want a duration such as "10m", got number`}},
	{"duration without unit", `{"providers":[],"cache":{"ttl":"600"}}`, []string{`cache.ttl: want a duration such as "10m", got "600"`}},
	{"duration too long", `{"providers":[],"cache":{"ttl":"31d"}}`, []string{`cache.ttl: want 1s to 30d, got "31d"`}},
	{"size without unit", `{"providers":[],"cache":{"max":"64"}}`, []string{`cache.max: want a size such as "64MiB", got "64"`}},
	{"size too large", `{"providers":[],"cache":{"max":"2GiB"}}`, []string{`cache.max: want 1B to 1GiB, got "2GiB"`}},
	{"none of an enumeration", `{"providers":[],"role":"gatway"}`, []string{`role: want one of "gateway" and "attempt", got "gatway" (did you mean "gateway"?)`}},
	{"number for an enumeration", `{"providers":[],"role":1}`, []string{`role: want one of "gateway" and "attempt", got number`}},
	{"none of an enumeration in a list", `{"providers":[],"on":["request","both"]}`, []string{`on[1]: want one of "request" and "response", got "both"`}},
	{"wrong integer in a list", `{"providers":[],"status":[500,200]}`, []string{`status[1]: want 400 to 599, got 200`}},
	{"wrong string in a list", `{"providers":[],"models":["a","",2]}`, []string{`models[1]: must not be empty`, `models[2]: want a string, got number`}},
	{"string for a list", `{"providers":[],"models":"a"}`, []string{`models: want a list of strings, got string`}},
	{"number in an object of strings", `{"providers":[],"headers":{"a b":1}}`, []string{`headers["a b"]: want a string, got number`}},
	{"list for an object of strings", `{"providers":[],"headers":[]}`, []string{`headers: want an object of strings, got array`}},
	{"empty where required", `{"providers":[{"name":"","type":"openai"}]}`, []string{`providers[0].name: must not be empty`}},
	{"none of several keys", `{"providers":[{"name":"a","type":"openai","keys":[{}]}]}`, []string{`providers[0].keys[0]: want exactly one of "env", "value" and "passthrough", got none`}},
	{"two of several keys", `{"providers":[{"name":"a","type":"openai","keys":[{"env":"E","value":"hush"}]}]}`, []string{`providers[0].keys[0]: want exactly one of "env", "value" and "passthrough", got "env" and "value"`}},
	{"two of at most one", `{"providers":[],"admin":{},"guard":{"type":"injection"}}`, []string{`want at most one of "admin" and "guard", got "admin" and "guard"`}},
	{"variant missing", `{"providers":[{"name":"a"}]}`, []string{`providers[0].type: missing; want one of "openai" and "compatible"`}},
	{"variant unknown", `{"providers":[{"name":"a","type":"openia","options":{"x":1}}]}`, []string{`providers[0].type: want one of "openai" and "compatible", got "openia" (did you mean "openai"?)`}},
	{"variant's options unknown", `{"providers":[{"name":"a","type":"openai","options":{"base_path":"/"}}]}`, []string{`providers[0].options.base_path: unknown key`}},
	{"variant's options missing", `{"providers":[{"name":"a","type":"compatible"}]}`, []string{`providers[0].options.base_path: missing`}},
	{"inline variant's key unknown", `{"providers":[],"guard":{"type":"injection","action":"mask"}}`, []string{`guard.action: unknown key`}},
	{"inline variant's key missing", `{"providers":[],"guard":{"type":"pii"}}`, []string{`guard.action: missing`}},
	{"inline variant unknown", `{"providers":[],"guard":{"type":"x","action":"mask"}}`, []string{`guard.type: want one of "injection" and "pii", got "x"`}},
	{"meaning", `{"providers":[{"name":"a","type":"openai"},{"name":"a","type":"openai"}],"models":["x","bad"]}`, []string{`providers[1].name: names a provider above`, `models[1]: names no provider`}},
	{"long string is cut short", `{"providers":[],"role":"0123456789012345678901é2345"}`, []string{`role: want one of "gateway" and "attempt", got "0123456789012345678901é..."`}},
	{"long string is not cut within a character", `{"providers":[],"role":"01234567890123456789012é2345"}`, []string{`role: want one of "gateway" and "attempt", got "01234567890123456789012..."`}},
	{"secret of a wrong type", `{"providers":[{"name":"a","type":"openai","keys":[{"value":["hush"]}]}]}`, []string{`providers[0].keys[0].value: want a string, got array`}},
	{"everything at once", `{"role":1,"retry":{"attempts":9,"x":1},"ratio":2,"zzz":0}`, []string{
		`providers: missing`, `role: want one of "gateway" and "attempt", got number`,
		`retry.attempts: want 0 to 5, got 9`, `retry.x: unknown key`, `ratio: want 0 to 1, got 2`, `zzz: unknown key`,
	}},
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range wrong {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var c conf
			err := strict.Decode([]byte(tt.in), c.read)
			var all *strict.Errors
			if !errors.As(err, &all) {
				t.Fatalf("got error %v, want *strict.Errors", err)
			}
			if got, want := err.Error(), strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("got %q, want no secret in it", err)
			}
			if strings.Contains(all.Error(), "\n") != (len(tt.want) > 1) || len(all.List) != len(tt.want) {
				t.Errorf("got %d errors, want %d", len(all.List), len(tt.want))
			}
		})
	}
}

func TestErrorsAreBounded(t *testing.T) {
	t.Parallel()
	in := `{"providers":[` + strings.Repeat(`0,`, 999) + `0]}`
	var c conf
	err := strict.Decode([]byte(in), c.read)
	var all *strict.Errors
	if !errors.As(err, &all) || len(all.List) != 100 || all.More != 900 || !strings.HasSuffix(err.Error(), "\nand 900 more") {
		t.Errorf("got %d errors and %d more, want 100 and 900", len(all.List), all.More)
	}
}

// A parent may be used while its child is read, and an object after it was read.
func TestObjectsDoNotMixUpTheirKeys(t *testing.T) {
	t.Parallel()
	err := strict.Decode([]byte(`{"a":1,"b":{"c":2,"d":3},"e":{"f":4},"g":5}`), func(o *strict.Object) {
		o.Int("a", "", 0, 0, 9)
		var b *strict.Object
		o.Object("b", "", func(c *strict.Object) {
			b = c
			c.Int("c", "", 0, 0, 9)
			o.Int("g", "", 0, 0, 9)
			c.Int("d", "", 0, 0, 9)
		})
		o.Object("e", "", func(c *strict.Object) { c.Int("f", "", 0, 0, 9) })
		b.Fail("d", "is wrong after all")
	})
	if want := "b.d: is wrong after all"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestObjectOfManyKeys(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 63, 64, 65, 66, 130} {
		for unknown := range n + 1 { // n: none of them
			in, name := []byte{'{'}, func(i int) string { return "k" + strings.Repeat("x", i) }
			for i := range n {
				if i > 0 {
					in = append(in, ',')
				}
				in = append(in, `"`+name(i)+`":1`...)
			}
			err := strict.Decode(append(in, '}'), func(o *strict.Object) {
				for i := n - 1; i >= 0; i-- {
					if i != unknown {
						o.Int(name(i), "", 0, 0, 1)
					}
				}
			})
			if (err == nil) != (unknown == n) || err != nil && !strings.Contains(err.Error(), ": unknown key") {
				t.Errorf("%d keys, unknown number %d: got %v", n, unknown, err)
			}
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"10m": 10 * time.Minute, "30d": 720 * time.Hour, "2w": 336 * time.Hour, "1.5s": 1500 * time.Millisecond,
		"1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond, "5us": 5 * time.Microsecond, "0s": 0, "0.1s": 100 * time.Millisecond,
		"": -1, "10": -1, "m": -1, "-1s": -1, "1.s": -1, ".5s": -1, "1 s": -1, "1S": -1, "1y": -1, "1h30": -1, "1e3s": -1, "999999999w": -1,
	} {
		got, ok := strict.ParseDuration(in)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("ParseDuration(%q): got %v, want %v", in, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0s", 90 * time.Minute: "90m", 36 * time.Hour: "36h", 30 * 24 * time.Hour: "30d", 1500 * time.Millisecond: "1500ms", time.Nanosecond: "0.001us",
	} {
		if got := strict.FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%d): got %s, want %s", d, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		"64MiB": 64 << 20, "1.5GB": 1.5e9, "512B": 512, "1kB": 1000, "1KB": 1000, "1KiB": 1024, "2TiB": 2 << 40, "0B": 0, "3TB": 3e12, "1GiB": 1 << 30,
		"": -1, "64": -1, "MiB": -1, "64 MiB": -1, "64mib": -1, "-1B": -1, "1e3B": -1, "1MiBx": -1, "99999999999TB": -1,
	} {
		got, ok := strict.ParseBytes(in)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("ParseBytes(%q): got %d, want %d", in, got, want)
		}
	}
	for n, want := range map[int]string{0: "0B", 64 << 20: "64MiB", 1e6: "1MB", 1536: "1536B", 3 << 40: "3TiB"} {
		if got := strict.FormatBytes(n); got != want {
			t.Errorf("FormatBytes(%d): got %s, want %s", n, got, want)
		}
	}
}

func TestFloatWithoutBounds(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"f":1e999}`:  "f: want a number within range, got 1e999",
		`{"f":-1e300}`: "",
	} {
		err := strict.Decode([]byte(in), func(o *strict.Object) { o.Float("f", "", 0, math.Inf(-1), math.Inf(1)) })
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: got %v, want %q", in, err, want)
		}
	}
}

func TestNear(t *testing.T) {
	t.Parallel()
	names := []string{"attempts", "max_bytes", "ttl", "on"}
	for in, want := range map[string]string{
		"attemps": "attempts", "attmepts": "attempts", "Attempts": "attempts", "maxBytes": "max_bytes", "max-bytes": "max_bytes",
		"tll": "ttl", "ttls": "ttl", "no": "on", "zzz": "", "": "", "prompts": "", strings.Repeat("x", 100): "",
	} {
		if want != "" {
			want = ` (did you mean "` + want + `"?)`
		}
		if got := strict.Near(in, names); got != want {
			t.Errorf("Near(%q): got %q, want %q", in, got, want)
		}
	}
}
