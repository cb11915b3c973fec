package slim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestTablesSayTheSame asks the tables of a program about all places that Go's runtime can ask about, as it
// was linked and made smaller.
func TestTablesSayTheSame(t *testing.T) {
	t.Parallel()
	linked := build(t, "program", "-trimpath")
	m, err := parse(linked)
	if err != nil {
		t.Fatal(err)
	}
	asked := m.readAsked()
	before := tablesOf(t, linked)
	for _, root := range []string{"", "internal/"} {
		small, err := Slim(linked, Options{Root: root})
		if err != nil {
			t.Fatal(err)
		}
		after := tablesOf(t, small)
		for _, known := range []table{tableNames, tableUnits, tableFiles, tablePlaces} {
			if is, was := after.size(known), before.size(known); is > was || known == tablePlaces && is > was*4/5 {
				t.Errorf("root %q: table %d has %d bytes of %d", root, known, is, was)
			}
		}
		said, funcs := 0, after.funcs()
		for i, f := range before.funcs() {
			for _, place := range append(asked[before.half(f+funcNumber)], 0) {
				want, got := before.say(f, place), after.say(funcs[i], place)
				if want = short(want, root); got != want {
					t.Fatalf("root %q, function %d, place %d: got %s, want %s", root, i, place, got, want)
				}
				if strings.Contains(got, " in ") && strings.Contains(got, ".go:") {
					said++
				}
			}
		}
		if said < 1000 {
			t.Errorf("root %q: only %d places were in inlined functions with a line", root, said)
		}
	}
}

// short is what is said with a root.
func short(said, root string) string {
	if root == "" {
		return said
	}
	calls := strings.Split(said, " in ")
	for i, call := range calls[1:] {
		if open := strings.IndexByte(call, '['); open >= 0 {
			call = call[:open] + "[...]" + call[strings.LastIndexByte(call, ']')+1:]
		}
		name, file, _ := strings.Cut(call, " ")
		calls[i+1] = strings.ReplaceAll(name, root, "") + " " + strings.TrimPrefix(file, root)
	}
	return strings.Join(calls, " in ")
}

func tablesOf(t *testing.T, wasm []byte) *tables {
	t.Helper()
	m, err := parse(wasm)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(m.sections, func(s section) bool { return s.id == dataSection })
	segments, ok, err := readSegments(m.sections[at].data)
	if !ok || err != nil {
		t.Fatalf("the data cannot be read: %v", err)
	}
	memory := make([]byte, memoryOf(segments))
	for _, s := range segments {
		copy(memory[s.at:], s.data)
	}
	tables, ok := readTables(memory)
	if !ok {
		t.Fatal("there are no tables")
	}
	return tables
}

// The address of the tables is a number as others are, which data may have by chance.
func TestTablesAreFoundBehindTheirAddress(t *testing.T) {
	t.Parallel()
	found := tablesOf(t, build(t, "program", "-trimpath"))
	address := found.bytes(found.module, 8)
	for _, at := range []int{0, 40, found.module - 8, found.module + 8*fields} {
		memory := slices.Clone(found.memory)
		copy(memory[at:], address)
		if again, ok := readTables(memory); !ok || again.module != found.module {
			t.Errorf("with it at %d, too: not found again at %d", at, found.module)
		}
	}
}

// say is what the tables say of a place, as Go's runtime reads them (inlineUnwinder).
func (t *tables) say(f, place int) string {
	value := func(i int) int32 {
		if lists := t.lists(f); i < len(lists) && t.half(lists[i]) != 0 {
			return t.list(t.half(lists[i])).at(place)
		}
		return -1
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d %d", value(listStack), value(listStack+3), value(listStack+4))
	for {
		n := value(listInlined)
		name := f + funcName
		if n >= 0 {
			tree, _ := t.inlined(f)
			name = tree + int(n)*inlinedSize + inlinedName
		}
		file := "?"
		if i := value(listFiles); i >= 0 {
			file = t.text(tableFiles, t.half(t.at(tableUnits)+4*(t.half(f+funcUnit)+int(i))))
		}
		if offset := t.half(name); offset > 0 { // which else means that there is no name
			fmt.Fprintf(&b, " in %s %s:%d", t.text(tableNames, offset), file, value(listStack+2))
		}
		if n < 0 {
			return b.String()
		}
		place = t.half(name - inlinedName + inlinedPlace)
	}
}

func TestShortNames(t *testing.T) {
	t.Parallel()
	const root = "example.org/mine/"
	for _, tt := range []struct{ name, want string }{
		{"example.org/mine/a/b.(*C).d.func1", "a/b.(*C).d.func1"},
		{"example.org/other/a.b", "example.org/other/a.b"},
		{"type:.eq.example.org/mine/a.B", "type:.eq.a.B"},
		{"slices.Index[go.shape.[]example.org/mine/a.B,go.shape.int].func2", "slices.Index[...].func2"},
		{"runtime.main", "runtime.main"},
		{"example.org/mine/runtime.main", "example.org/mine/runtime.main"},
		{"example.org/mine/reflect.Call", "example.org/mine/reflect.Call"},
	} {
		if got := shortName(tt.name, root); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
		if got := shortName(tt.name, ""); got != tt.name {
			t.Errorf("%s without a root: got %s", tt.name, got)
		}
	}
}

// TestListsOfPlaces writes random lists, whole and for some places only.
func TestListsOfPlaces(t *testing.T) {
	t.Parallel()
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		var l list
		until := 0
		for range 1 + r.IntN(12) {
			until += 1 + r.IntN(300)
			value := int32(r.IntN(9)-1) << r.IntN(24)
			if n := len(l); n > 0 && l[n-1].value == value {
				value++
			}
			l = append(l, stretch{until, value})
		}
		if got := readList(l.append(nil)); !slices.Equal(got, l) {
			t.Fatalf("seed %d: got %v, want %v", seed, got, l)
		}
		places := []int{0}
		for range r.IntN(9) {
			places = append(places, r.IntN(until+2))
		}
		slices.Sort(places)
		only := l.only(places)
		if len(only) > len(l) || only[len(only)-1].until != until {
			t.Errorf("seed %d: %v became %v", seed, l, only)
		}
		for _, place := range places {
			if got, want := only.at(place), l.at(place); got != want {
				t.Errorf("seed %d, place %d: got %d, want %d of %v", seed, place, got, want, l)
			}
		}
	}
}

// TestBrokenTables has random bytes in a program's tables: that is noticed, or it is made smaller
// all the same.
func TestBrokenTables(t *testing.T) {
	t.Parallel()
	linked := build(t, "program")
	m, err := parse(linked)
	if err != nil {
		t.Fatal(err)
	}
	asked, whole := m.readAsked(), tablesOf(t, linked)
	funcs, refused := whole.funcs(), 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		memory := slices.Clone(whole.memory)
		for range 1 + r.IntN(10) {
			at := []int{
				whole.module + r.IntN(8*fields), whole.at(tableFuncs) + r.IntN(8*len(funcs)),
				funcs[r.IntN(len(funcs))] + r.IntN(funcListsAt), whole.at(tablePlaces) + r.IntN(whole.size(tablePlaces)),
			}
			memory[at[r.IntN(len(at))]] = byte(r.Uint32())
		}
		broken, ok := readTables(memory)
		if ok {
			broken.slimPlaces(asked)
			broken.slimNames("internal/")
		}
		if !ok || broken.failed {
			refused++
		}
	}
	if refused < 10 {
		t.Errorf("only %d were refused", refused)
	}
}
