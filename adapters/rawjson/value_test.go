package rawjson_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

func parse(t testing.TB, in string) *rawjson.Doc {
	t.Helper()
	var d rawjson.Doc
	if err := d.Parse([]byte(in)); err != nil {
		t.Fatalf("Parse(%q): got error %v, want none", in, err)
	}
	return &d
}

func TestStrings(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`""`: "", `"a"`: "a", `"a\nb"`: "a\nb", `"\"\\\/\b\f\n\r\t"`: "\"\\/\b\f\n\r\t",
		`"\u0041\u00e9\u20aC"`: "Aé€", `"\ud83d\ude00!"`: "😀!", `"\u0000"`: "\x00", `"é\\u0041"`: `é\u0041`,
	} {
		v := parse(t, in).Root()
		if got := v.Str(); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
		if got := string(v.AppendStr([]byte("x"))); got != "x"+want {
			t.Errorf("%s appended: got %q, want %q", in, got, "x"+want)
		}
		if !v.Is(want) || v.Is(want+"x") || v.Is("?") {
			t.Errorf("%s: got Is(%q) %v, want it to be that alone", in, want, v.Is(want))
		}
		if got := string(rawjson.AppendUnescaped(nil, []byte(in[1:len(in)-1]))); got != want {
			t.Errorf("%s unescaped: got %q, want %q", in, got, want)
		}
	}
}

func TestLoneSurrogatesWhereAllowed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`"\ud83d"`: "\ufffd", `"\ude00x"`: "\ufffdx", `"\ud83d\ud83d\ude00"`: "\ufffd😀", `"\ud83d\u0041"`: "\ufffdA", `"\ud83d\n"`: "\ufffd\n",
	} {
		d := rawjson.Doc{LoneSurrogates: true}
		if err := d.Parse([]byte(in)); err != nil || d.Root().Str() != want {
			t.Errorf("%s: got %q, error %v, want %q", in, d.Root().Str(), err, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		whole int64
		isInt bool
		f     float64
		isNum bool
	}{
		{"0", 0, true, 0, true},
		{"-0", 0, true, math.Copysign(0, -1), true},
		{"42", 42, true, 42, true},
		{"-42", -42, true, -42, true},
		{"12.0", 12, true, 12, true},
		{"1.2e1", 12, true, 12, true},
		{"1.5", 0, false, 1.5, true},
		{"9223372036854775807", math.MaxInt64, true, math.MaxInt64, true},
		{"-9223372036854775808", math.MinInt64, true, math.MinInt64, true},
		{"9223372036854775808", 0, false, 9223372036854775808, true},
		{"-9223372036854775809", 0, false, -9223372036854775809, true},
		{"18446744073709551616", 0, false, 18446744073709551616, true},
		{"99999999999999999999", 0, false, 99999999999999999999, true},
		{"1e15", 1e15, true, 1e15, true},
		{"1e16", 0, false, 1e16, true},
		{"1e999", 0, false, math.Inf(1), false},
		{`"1"`, 0, false, 0, false},
		{"true", 0, false, 0, false},
	} {
		v := parse(t, tt.in).Root()
		i, ok := v.Int64()
		if ok != tt.isInt || ok && i != tt.whole {
			t.Errorf("%s: got integer %d, %v, want %d, %v", tt.in, i, ok, tt.whole, tt.isInt)
		}
		if f, ok := v.Float64(); ok != tt.isNum || ok && f != tt.f {
			t.Errorf("%s: got float %v, %v, want %v, %v", tt.in, f, ok, tt.f, tt.isNum)
		}
	}
}

const sample = `{"model":"gpt","n":null,"messages":[{"role":"user","content":"hi"},{"role":"x","content":[1,[2,3],{}]}],"st\u0072eam":true,"e":{},"f":false}`

func TestLookUp(t *testing.T) {
	t.Parallel()
	root := parse(t, sample).Root()
	if root.Kind() != rawjson.Object || root.Len() != 6 {
		t.Errorf("root: got %v of %d, want an object of 6", root.Kind(), root.Len())
	}
	if b, ok := root.Get("stream").Bool(); !b || !ok {
		t.Errorf("stream by its escaped key: got %v, %v, want true", b, ok)
	}
	if b, ok := root.Get("f").Bool(); b || !ok {
		t.Errorf("f: got %v, %v, want false", b, ok)
	}
	if v := root.Get("n"); !v.IsNull() || !v.Exists() {
		t.Errorf("n: got %s, want null", v.Raw())
	}
	m := root.Get("messages")
	if m.Len() != 2 || !m.At(1).Get("role").Is("x") || m.At(2).Exists() || m.At(-1).Exists() {
		t.Errorf("messages: got %d, second role %s, want 2 and x", m.Len(), m.At(1).Get("role").Raw())
	}
	if got := string(m.At(1).Get("content").At(1).Raw()); got != "[2,3]" {
		t.Errorf("content[1]: got %s, want [2,3]", got)
	}
	if start, end := root.Get("model").Span(); sample[start:end] != `"gpt"` {
		t.Errorf("span of model: got %s, want \"gpt\"", sample[start:end])
	}
	if got := string(root.Find("e").Raw()); got != "{}" || root.Find("e", "x").Exists() || root.Find("model", "x").Exists() {
		t.Errorf("e: got %s, want {} with nothing in it", got)
	}
}

func TestAbsentValueAnswersEverything(t *testing.T) {
	t.Parallel()
	var v rawjson.Value
	if v.Exists() || v.IsNull() || v.Kind() != rawjson.Absent || v.Kind().String() != "nothing" || v.Raw() != nil || v.Bytes() != nil ||
		v.Str() != "" || v.Is("") || v.Len() != 0 || v.Get("a").Exists() || v.Find("a", "b").Exists() || v.At(0).Exists() || v.Path() != "" ||
		v.AppendStr(nil) != nil {
		t.Error("got something from an absent value, want nothing")
	}
	_, isInt := v.Int64()
	_, isFloat := v.Float64()
	_, isBool := v.Bool()
	if start, end := v.Span(); isInt || isFloat || isBool || start != 0 || end != 0 {
		t.Error("got a value from an absent one, want none")
	}
	for range v.Elems() {
		t.Error("got an element, want none")
	}
	for range v.Fields() {
		t.Error("got a field, want none")
	}
}

func TestPathsLeadBack(t *testing.T) {
	t.Parallel()
	root := parse(t, `{"a":[0,{"b c":[[],{"d":1}]}],"":{"x":"y"},"x_-1":2}`).Root()
	var all []string
	var walk func(v rawjson.Value)
	walk = func(v rawjson.Value) {
		all = append(all, v.Path())
		for _, e := range v.Elems() {
			walk(e)
		}
		for k, e := range v.Fields() {
			if k.Path() != e.Path() {
				t.Errorf("got path %q of the key, want %q as of its value", k.Path(), e.Path())
			}
			walk(e)
		}
	}
	walk(root)
	want := `|a|a[0]|a[1]|a[1]["b c"]|a[1]["b c"][0]|a[1]["b c"][1]|a[1]["b c"][1].d|[""]|[""].x|x_-1`
	if got := strings.Join(all, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestPathIsBounded(t *testing.T) {
	t.Parallel()
	key := `{"` + strings.Repeat("long ", 100) + `":`
	for _, in := range []string{strings.Repeat(key, 300), strings.Repeat("[", 600), strings.Repeat(key+"[", 300) + "?"} {
		var d rawjson.Doc
		err := d.Parse([]byte(in))
		var se *rawjson.SyntaxError
		if !errors.As(err, &se) || len(se.Path) > 300 {
			t.Errorf("got a path of %d bytes, want at most 300", len(se.Path))
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		depth, nodes int
		in, want     string
	}{
		{"depth fits", 2, 0, `[{}]`, ""},
		{"too deep", 2, 0, `[[[]]]`, "[0][0]: nested too deeply at byte 2"},
		{"nodes fit", 0, 5, `{"a":[1,2]}`, ""},
		{"too many values", 0, 4, `{"a":[1,2]}`, "a[1]: too many values at byte 8"},
		{"too many keys", 0, 3, `{"a":1,"b":2}`, "too many values at byte 7"},
		{"unreasonable limit", 0, 1 << 40, `[1]`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := rawjson.Doc{MaxDepth: tt.depth, MaxNodes: tt.nodes}
			err := d.Parse([]byte(tt.in))
			if got := message(err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestParseAgainReusesMemory(t *testing.T) {
	var d rawjson.Doc
	in := []byte(sample)
	if got := testing.AllocsPerRun(50, func() {
		if err := d.Parse(in); err != nil {
			t.Error(err)
		}
		for _, m := range d.Root().Get("messages").Elems() {
			for k, v := range m.Fields() {
				_ = k.Is("content") && v.Is("hi")
			}
		}
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func TestGrowMakesRoom(t *testing.T) {
	in := []byte("[" + strings.Repeat("1,", 50000) + "1]")
	var d rawjson.Doc
	if got := testing.AllocsPerRun(5, func() {
		d.Grow(50002)
		if err := d.Parse(in); err != nil || d.Root().Len() != 50001 {
			t.Errorf("got %d elements, error %v, want 50001", d.Root().Len(), err)
		}
	}); got > 3 { // the collector, which so large a tape may start, counts too
		t.Errorf("got %v allocations, want one for the tape", got)
	}
}

func TestManyKeysInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 11, 12, 13, 14, 200} {
		in := manyKeys(n) + "}"
		d := parse(t, in)
		if got := d.Root().Len(); got != n {
			t.Errorf("%d keys: got %d", n, got)
		}
		for i := range n {
			twice := manyKeys(n) + `,"k` + string(rawjson.AppendInt(nil, int64(i))) + `":0}`
			var se *rawjson.SyntaxError
			if err := new(rawjson.Doc).Parse([]byte(twice)); !errors.As(err, &se) || se.Offset != len(in) {
				t.Errorf("%d keys and the %dth again: got %v, want a repeated key at byte %d", n, i, err, len(in))
			}
		}
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	keys := []string{"b", "absent", "stream", "a"}
	for _, tt := range []struct{ in, want string }{
		{`{"a":1,"b":"x","stream":true}`, `"x",,true,1`},
		{`{"stream":[{"a":2}],"b":{"b":1}}`, `{"b":1},,[{"a":2}],`},
		{`{"st\u0072eam":null,"\u0061":5,"b":4,"ab":0}`, `4,,null,5`},
		{`{}`, ",,,"},
		{`["a","b"]`, ",,,"},
	} {
		root := parse(t, tt.in).Root()
		out := make([]rawjson.Value, len(keys))
		root.Pick(out, keys)
		var got []string
		for i, v := range out {
			got = append(got, string(v.Raw()))
			if one := root.Get(keys[i]); one != v {
				t.Errorf("%s: %s: got %s, but alone %s", tt.in, keys[i], v.Raw(), one.Raw())
			}
		}
		if got := strings.Join(got, ","); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
	rawjson.Value{}.Pick(make([]rawjson.Value, 1), keys[:1]) // of what is not there nothing is
}
