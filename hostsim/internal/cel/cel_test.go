package cel

import (
	"strings"
	"testing"

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

func TestExpressions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`true`: true, `false`: false, `!true`: false, `(true)`: true,
		`response.code == 404`: true, `response.code != 404`: false, `response.code >= 400 && response.code < 500`: true,
		`response.code == -1`: false, `response.code > "a"`: false,
		`response.code_details.startsWith('postern_')`: true, `response.code_details.endsWith("x")`: false,
		`response.code_details.contains('_re')`: true, `response.code_details.matches('^p.*d$')`: true,
		`'wasm.postern' in filter_state`: true, `!('wasm.postern' in filter_state)`: false, `'postern' in filter_state`: false,
		`filter_state['wasm.postern'] == 'v'`: true,
		`'X-A' in request.headers`:            true, `'x-b' in request.headers`: false, `request.headers['x-a'] == '1'`: true,
		`request.method == "GET" && request.url_path == '/a' && request.path == '/a?b' && request.host == 'h'`: true,
		// what is missing makes an expression false, unless the other side decides
		`request.headers['x-b'] == '1'`: false, `!(request.headers['x-b'] == '1')`: false,
		`request.headers['x-b'] == '1' || true`: true, `request.headers['x-b'] == '1' && false`: false,
		`xds.route_name == 'a'`: false, `response.code`: false,
	} {
		e, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e(fake{}); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``: "unexpected end", `true true`: `unexpected "true"`, `(true`: `want ")"`, `'a`: "string without end",
		`'\x' == 'a'`: "escapes", `size(request.path) > 1`: "attribute size is not supported", `request.nope == 'a'`: "attribute request.nope",
		`request.path.size()`: "want a string", `request.path.foo('a')`: "method foo", `request.path.matches('(')`: "error parsing regexp",
		`'a' in request`: "in request is not supported", `request.headers[1] == 'a'`: "want a string in brackets", `nope['a'] == 'b'`: "not supported",
		`1.5 > 1`: "unexpected", `a ? b : c`: "unexpected", `99999999999999999999 == 1`: "want an integer",
		strings.Repeat("(", 500) + "true" + strings.Repeat(")", 500): "nested too deep",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`!('wasm.postern' in filter_state) && response.code_details.startsWith("a") || (request.headers['x'] == '1')`)
	f.Fuzz(func(_ *testing.T, text string) {
		if e, err := Parse(text); err == nil {
			e(fake{})
		}
	})
}
