package cel

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/hostsim/internal/format"
)

type fake struct{}

func (fake) Header(from format.Source, name string) (string, bool) {
	v, ok := map[string]string{":method": "GET", ":path": "/a?b", ":authority": "h", "x-a": "1"}[name]
	return v, ok && from == format.Request
}

func (fake) FilterState(name string) ([]byte, bool) { return []byte("v"), name == "postern" }

func (fake) Info(name string) (format.Value, bool) {
	switch name {
	case "RESPONSE_CODE":
		return format.Int(404), true
	case "RESPONSE_CODE_DETAILS":
		return format.String("postern_refused"), true
	}
	return format.Value{}, false
}

// lookup is the attributes of the language's tests.
func lookup(name string) (any, bool) {
	v, ok := map[string]any{"s": "text", "l": []any{int64(1), int64(2)}, "m": Message{"f": &Entries{}}}[name]
	return v, ok
}

func TestValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		`1`: int64(1), `-0x1F`: int64(-31), `0xffu`: uint64(255), `-.5e1`: -5.0, `null`: nil,
		`"a\n\x41\u00e9\101\?"`: "a\nA\u00e9A?", `r'\n'`: `\n`, `b'\xff'`: []byte{0xff}, `'\xff'`: "\u00ff",
		"\"\"\"a\n\"b\"\"\"": "a\n\"b", `br"\x"`: []byte(`\x`), "{'a-b': 1}.`a-b`": int64(1), // names in backquotes
		`1 + 2 * 3 - 4 / 2 % 3`: int64(5), `-7 % 3`: int64(-1), `7u / 2u`: uint64(3), `1.0 / 0.0`: math.Inf(1),
		`--1`: int64(1), `- -1`: int64(1), `2-1`: int64(1), `1--1`: int64(2), `!!true`: true,
		`1 == 1.0 && 1u == 1 && 1 != 'a'`: true, `[1, 2.0] == [1.0, 2] && {1: 'a'} == {1u: 'a'}`: true,
		`1 < 1.5 && 2u > 1 && -1 < 1u && 'a' < 'b' && false < true`: true, `m == m && m != {}`: true,
		`1 in [1.0] && 1u in {1: 1} && !(null in [1])`: true, `[1, 2][1u] == {1: 2}[1.0]`: true,
		`1/0 == 1 || true`: true, `false && nothing`: false, `true ? 1 : nothing`: int64(1), `false ? 1 : true ? 2 : 3`: int64(2),
		`'a' + 'b'`: "ab", `[1] + [2]`: []any{int64(1), int64(2)}, `b'a' + b'b'`: []byte("ab"),
		`size('a\u00e9') + [1].size() + size({1: 1})`: int64(4), `'abc'.matches('^a.c$') && contains(s, 'ex')`: true,
		`has({'a': 1}.a) && !has({}.a) && !has(m.f)`: true, `l.all(x, x > 0) && l.exists(x, x == 2)`: true,
		`[1, 'a'].all(x, x < 1)`: false, `['a', 1].exists(x, x < 2)`: true, `[1, 2, 2].exists_one(x, x == 2)`: false,
		`l.map(x, x * 2)`: []any{int64(2), int64(4)}, `l.map(x, x > 1, x * 2)`: []any{int64(4)}, `l.filter(x, x > 1)`: []any{int64(2)},
		`[[1]].map(x, x.map(y, y + x[0]))`: []any{[]any{int64(2)}}, `{'k': 1}.map(k, k)`: []any{"k"},
		`int(' 12 ') + int(1.9) + int(true)`: int64(14), `uint('7')`: uint64(7), `double('0x10')`: 16.0, `string(1.5e-7)`: "1.5e-07",
		`string(duration('-1h30m0.5s'))`: "-5400.500s", `string(timestamp('2020-02-03T04:05:06.007+01:00'))`: "2020-02-03T03:05:06.007Z",
		`timestamp(0) + duration('1m') > timestamp(59)`: true, `duration('90m').getHours()`: int64(1), `timestamp(0).getFullYear()`: int64(1970),
		`timestamp(10) - timestamp(0)`: 10 * time.Second, `type(1) == int && type(type) == type`: true, `type('')`: Type("string"),
		`.size('a')`: int64(1), "1 // comment": int64(1),
	} {
		p, err := Compile(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := p.Eval(lookup); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, %v, want %#v", text, got, err, want)
		}
	}
}

func TestWithoutValue(t *testing.T) {
	t.Parallel()
	ten := "[0,1,2,3,4,5,6,7,8,9]"
	for text, want := range map[string]error{
		`1 + 1u`: errOverload, `-'a'`: errOverload, `!1`: errOverload, `1 && true`: errOverload, `1 ? 2 : 3`: errOverload,
		`[1] < [2]`: errOverload, `'a' in 'abc'`: errOverload, `size(1)`: errOverload, `'a'.b`: errOverload, `1.map(x, x)`: errOverload,
		`9223372036854775807 + 1`: errRange, `-9223372036854775808 * -1`: errRange, `1u - 2u`: errRange, `1 % 0`: errRange,
		`int(1e19)`: errRange, `uint(-1)`: errRange, `bool('yes')`: errConvert, `nothing`: errMissing, `{'a': 1}.b`: errMissing,
		`[1][1]`: errMissing, `[1][1.5]`: errMissing, `[1, 2].filter(x, nothing)`: errMissing, `nothing || false`: errMissing,
		ten + ".all(a, " + ten + ".all(b, " + ten + ".all(c, " + ten + ".all(d, true)))) || true": errBudget,
	} {
		p, err := Compile(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := p.Eval(lookup); !errors.Is(err, want) {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestNotCompiled(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``: "unexpected end", `1 1`: `unexpected "1"`, `(1`: `want ")"`, `'a`: "string without end", "'a\nb'": "line end",
		`'\d'`: "unknown escape", `'\ud800'`: "no code point", `b'\u0041'`: "code point in bytes", `1 = 1`: `unexpected '='`,
		"\xff": "want UTF-8", `9223372036854775808`: "no number", `for(1)`: "reserved", `a.in`: "want a name",
		`has(1)`: "want a field", `[1].all(1, true)`: "want a name for the variable", `[1 2]`: `want ","`, `a ? b`: `want ":"`,
		"``": "backquotes", `Foo{1: 2}`: "want a field", `foo(1) +`: "unexpected end",
		strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500): "nested too deep", "1" + strings.Repeat("+1", 40): "nested too deep",
	} {
		if _, err := Compile(text); err == nil || errors.Is(err, ErrCompile) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{`foo(1)`, `size()`, `'a'.foo()`, `a.b.C{d: 1}`, `timestamp(0).getHours('UTC')`} {
		if _, err := Compile(text); !errors.Is(err, ErrCompile) {
			t.Errorf("%s: got %v, want %v", text, err, ErrCompile)
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`true`: true, `false`: false, `!true`: false, `(true)`: true,
		`response.code == 404`: true, `response.code != 404`: false, `response.code >= 400 && response.code < 500`: true,
		`response.code == -1`: false, `response.code > "a"`: false, `response.code + 1 == 405`: true,
		`response.code_details.startsWith('postern_')`: true, `response.code_details.endsWith("x")`: false,
		`response.code_details.contains('_re')`: true, `response.code_details.matches('^p.*d$')`: true, `size(request.path) > 1`: true,
		`'wasm.postern' in filter_state`: true, `!('wasm.postern' in filter_state)`: false, `'postern' in filter_state`: false,
		`filter_state['wasm.postern'] == b'v'`: true, `filter_state['wasm.postern'] == 'v'`: false,
		`'X-A' in request.headers`: true, `'x-b' in request.headers`: false, `request.headers['x-a'] == '1'`: true, `has(request.headers.x)`: false,
		`request.method == "GET" && request.url_path == '/a' && request.path == '/a?b' && request.host == 'h'`: true,
		// what is missing makes an expression false, unless the other side decides
		`request.headers['x-b'] == '1'`: false, `!(request.headers['x-b'] == '1')`: false,
		`request.headers['x-b'] == '1' || true`: true, `request.headers['x-b'] == '1' && false`: false,
		`xds.route_name == 'a'`: false, `response.code`: false,
		// strings cannot be added
		`request.method + '' == 'GET'`: false, `'a' + 'b' != 'c'`: false,
	} {
		e, err := ParseFilter(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e(fake{}); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestRefusedFilters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``: "unexpected end", `request.nope == 'a'`: "attribute request.nope", `request == 1`: "attribute request is", `[a] == []`: "attribute a is",
		`'a' in request`: "attribute request is", `size(request.headers) == 1`: "attribute request.headers", `string(1) == '1'`: "string is not",
		`[1].all(x, true)`: "all is not supported", `request.path.foo('a')`: "no function foo", `request['path'] == ''`: "attribute request is",
	} {
		if _, err := ParseFilter(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`!('wasm.postern' in filter_state) && response.code_details.startsWith("a") || (request.headers['x'] == '1')`)
	f.Add(`[1, 2u, -.5e1].map(x, x > 1, {'a': x}).exists(y, has(y.a) ? y["a"] in [b'\xff'] : timestamp(0) == l.b{c: 1})`)
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := ParseFilter(text); err == nil {
			e(fake{})
		}
		p, err := Compile(text)
		if err != nil {
			return
		}
		v, err := p.Eval(lookup)
		if same, failed := equal(v, v); err == nil && failed != nil {
			t.Errorf("%q == itself: got %v, %v", text, same, failed)
		}
	})
}
