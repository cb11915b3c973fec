package rawjson_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

var patches = []struct{ name, in, ops, want string }{
	// ops are words: =path raw, +key raw (set a field of the root), -key, @i raw (insert
	// into array a), !i (delete from array a)
	{"nothing", ` {"a" : 1} `, "", ` {"a" : 1} `},
	{"replace", `{"a": 1 ,"b":2}`, "=a 10", `{"a": 10 ,"b":2}`},
	{"replace twice", `{"a":1}`, "=a 10 =a 11", `{"a":11}`},
	{"replace within", `{"x":{"a":1}}`, `=x.a "é"`, `{"x":{"a":"é"}}`},
	{"replace the whole and a part", `{"x":{"a":1}}`, "=x.a 2 =x 3", `{"x":3}`},
	{"replace what is absent", `{"a":1}`, "=b 2", `{"a":1}`},
	{"set what is there", `{"a":1,"b":2}`, "+a 5", `{"a":5,"b":2}`},
	{"set what is there by another spelling", `{"\u0061":1}`, "+a 5", `{"\u0061":5}`},
	{"set a new field", `{"a": 1 }`, "+b 2", `{"a": 1,"b":2 }`},
	{"set two new fields", `{"a":1}`, "+b 2 +c 3", `{"a":1,"b":2,"c":3}`},
	{"set one new field twice", `{"a":1}`, "+b 2 +b 3", `{"a":1,"b":3}`},
	{"set in an empty object", `{}`, "+a 1", `{"a":1}`},
	{"set two in an empty object", `{ }`, "+a 1 +b 2", `{"a":1,"b":2 }`},
	{"delete the first", `{"a":1, "b":2,"c":3}`, "-a", `{"b":2,"c":3}`},
	{"delete in the middle", `{"a":1, "b":2 ,"c":3}`, "-b", `{"a":1 ,"c":3}`},
	{"delete the last", `{"a":1,"b":2 , "c":3 }`, "-c", `{"a":1,"b":2 }`},
	{"delete the only one", `{ "a" : 1 }`, "-a", `{  }`},
	{"delete the first two", `{"a":1,"b":2,"c":3}`, "-a -b", `{"c":3}`},
	{"delete the last two", `{"a":1,"b":2,"c":3}`, "-c -b", `{"a":1}`},
	{"delete the outer two", `{"a":1,"b":2,"c":3}`, "-c -a", `{"b":2}`},
	{"delete all", `{"a":1,"b":2,"c":3}`, "-b -c -a", `{}`},
	{"delete what is absent", `{"a":1}`, "-b", `{"a":1}`},
	{"delete by another spelling", `{"\u0061":1,"b":2}`, "-a", `{"b":2}`},
	{"delete twice", `{"a":1,"b":2}`, "-a -a", `{"b":2}`},
	{"delete the only one and set another", `{"a":1}`, "-a +b 2", `{"b":2}`},
	{"delete all and set two", `{"a":1,"b":2}`, "-a -b +c 3 +d 4", `{"c":3,"d":4}`},
	{"delete the last and set another", `{"a":1,"b":2}`, "-b +c 3", `{"a":1,"c":3}`},
	{"delete the first and set another", `{"a":1,"b":2}`, "-a +c 3", `{"b":2,"c":3}`},
	{"set and delete", `{"a":1}`, "+b 2 -b", `{"a":1}`},
	{"delete and set again", `{"a":1,"b":2}`, "-a +a 3", `{"a":3,"b":2}`},
	{"delete what was replaced", `{"a":1,"b":2}`, "=a 9 -a", `{"b":2}`},
	{"delete what was changed within", `{"b":1,"a":{"x":1}}`, "=a.x 9 -a", `{"b":1}`},
	{"key that needs an escape", `{"a":1}`, `+b" 2`, `{"a":1,"b\"":2}`},
	{"insert first", `{"a":[1,2]}`, "@0 9", `{"a":[9,1,2]}`},
	{"insert in the middle", `{"a":[1, 2]}`, "@1 9", `{"a":[1,9, 2]}`},
	{"insert last", `{"a":[1,2 ]}`, "@2 9", `{"a":[1,2,9 ]}`},
	{"insert several at one place", `{"a":[1,2]}`, "@1 7 @1 8", `{"a":[1,7,8,2]}`},
	{"insert several first", `{"a":[1,2]}`, "@0 7 @0 8", `{"a":[7,8,1,2]}`},
	{"insert into nothing", `{"a":[]}`, "@0 7 @0 8", `{"a":[7,8]}`},
	{"insert behind the end", `{"a":[1]}`, "@2 9", `{"a":[1]}`},
	{"delete an element", `{"a":[1,2,3]}`, "!1", `{"a":[1,3]}`},
	{"delete an element and insert there", `{"a":[1,2,3]}`, "!1 @1 9", `{"a":[1,9,3]}`},
	{"delete the first and insert there", `{"a":[1,2,3]}`, "!0 @0 9", `{"a":[9,2,3]}`},
	{"delete the first and insert behind it", `{"a":[1,2,3]}`, "!0 @1 9", `{"a":[9,2,3]}`},
	{"delete the last and insert behind it", `{"a":[1,2]}`, "!1 @2 9", `{"a":[1,9]}`},
	{"delete the only one and insert before and behind", `{"a":[1]}`, "!0 @0 8 @1 9", `{"a":[8,9]}`},
	{"insert first and replace the first", `{"a":[1,2]}`, "=a[0] 5 @0 9", `{"a":[9,5,2]}`},
	{"delete and replace the last element", `{"a":[1]}`, "=a[0] 5 !0", `{"a":[]}`},
	{"delete and replace the first element", `{"a":[1,2]}`, "=a[0] 5 !0", `{"a":[2]}`},
	{"change inside and outside", `{"a":[1],"b":2}`, "@1 9 -b +c 3 =a[0] 0", `{"a":[0,9],"c":3}`},
	{"replace the array and insert", `{"a":[1]}`, "@1 9 =a []", `{"a":[]}`},
}

func TestPatch(t *testing.T) {
	t.Parallel()
	for _, tt := range patches {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := parse(t, tt.in)
			var p rawjson.Patch
			for range 2 { // the second time in used memory
				p.Reset()
				apply(&p, d.Root(), tt.ops)
				if got := string(p.Apply([]byte("x"), d)); got != "x"+tt.want {
					t.Errorf("%s %s: got %s, want %s", tt.in, tt.ops, got[1:], tt.want)
				}
			}
			at := 0
			for _, e := range p.Edits() {
				if e.Start < at || e.End < e.Start {
					t.Errorf("got edit %d to %d behind %d, want them in order and apart", e.Start, e.End, at)
				}
				at = e.End
			}
			parse(t, tt.want)
		})
	}
}

func apply(p *rawjson.Patch, root rawjson.Value, ops string) {
	words := strings.Fields(ops)
	for len(words) > 0 {
		kind, arg := words[0][0], words[0][1:]
		words = words[1:]
		var raw []byte
		if kind == '=' || kind == '+' || kind == '@' {
			raw = []byte(words[0])
			words = words[1:]
		}
		i := int(arg[0] - '0')
		switch kind {
		case '=':
			p.Replace(find(root, arg), raw)
		case '+':
			p.SetField(root, arg, raw)
		case '-':
			p.DeleteField(root, arg)
		case '@':
			p.InsertElem(root.Get("a"), i, raw)
		case '!':
			p.DeleteElem(root.Get("a"), i)
		}
	}
}

func find(root rawjson.Value, path string) rawjson.Value {
	if key, index, ok := strings.Cut(path, "["); ok {
		return root.Get(key).At(int(index[0] - '0'))
	}
	return root.Find(strings.Split(path, ".")...)
}

func TestPatchOfAnotherKindDoesNothing(t *testing.T) {
	t.Parallel()
	d := parse(t, `[{"a":1}]`)
	var p rawjson.Patch
	p.SetField(d.Root(), "a", []byte("2"))
	p.DeleteField(d.Root(), "a")
	p.InsertElem(d.Root().At(0), 0, []byte("2"))
	p.DeleteElem(d.Root().At(0), 0)
	p.Replace(rawjson.Value{}, []byte("2"))
	p.DeleteElem(d.Root(), 1)
	if got := string(p.Apply(nil, d)); got != `[{"a":1}]` || !p.Empty() {
		t.Errorf("got %s, want no change", got)
	}
}

func TestApplyLeavesOutWhatOverlaps(t *testing.T) {
	t.Parallel()
	got := rawjson.Apply(nil, []byte("0123456789"), []rawjson.Edit{
		{Start: 2, End: 5, With: []byte("a")}, {Start: 4, End: 6, With: []byte("b")}, {Start: 5, End: 5, With: []byte("c")},
		{Start: 7, End: 6, With: []byte("d")}, {Start: 9, End: 11, With: []byte("e")},
	})
	if want := "01ac56789"; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzPatch checks that changes to an object and an array come out as the same
// changes made to Go values, and as valid JSON, whatever they are.
func FuzzPatch(f *testing.F) {
	f.Add(uint8(3), []byte{0, 1, 2, 3, 4, 5, 6})
	f.Add(uint8(0), []byte{9, 17, 30})
	f.Add(uint8(5), []byte{255, 254, 1, 1, 8, 8})
	f.Fuzz(func(t *testing.T, size uint8, ops []byte) {
		n := int(size % 6)
		var w rawjson.Writer
		w.Object().Key("a").Array()
		for i := range n {
			w.Int(int64(i))
		}
		w.EndArray().EndObject()
		d := parse(t, string(w.Bytes()))
		array := d.Root().Get("a")
		before, gone := make([][]string, n+1), make([]bool, n)
		var p rawjson.Patch
		for k, op := range ops[:min(len(ops), 10)] {
			i := int(op>>1) % (n + 1)
			if op&1 == 0 {
				raw := `"` + string(rawjson.AppendInt(nil, int64(k))) + `"`
				before[i] = append(before[i], raw)
				p.InsertElem(array, i, []byte(raw))
			} else if i < n {
				gone[i] = true
				p.DeleteElem(array, i)
			}
		}
		var want []string
		for i := range n + 1 {
			want = append(want, before[i]...)
			if i < n && !gone[i] {
				want = append(want, string(rawjson.AppendInt(nil, int64(i))))
			}
		}
		got := string(p.Apply(nil, d))
		if want := `{"a":[` + strings.Join(want, ",") + `]}`; got != want {
			t.Errorf("%s and %v: got %s, want %s", w.Bytes(), ops, got, want)
		}
	})
}
