package slim

import (
	"slices"
	"testing"
)

func TestBarrier(t *testing.T) {
	t.Parallel()
	const (
		at     = "i64 4096 wrap "
		store  = at + "get 2 i64.store8 end"
		stored = at + "get 2 i64.store8 i32 4096 i32.load8_u gset 4 end"
		other  = "i64 4100 wrap i32.load8_u set 0 end"
	)
	for _, tt := range []struct{ name, start, end, user, want string }{
		{"a branch", store, store, at + "i64.load32_u i64.eqz br_if 0 end", "gget 4 extend i64.eqz br_if 0 end"},
		{"the byte alone", store, other + " " + store, at + "i32.load8_u br_if 0 end", "gget 4 br_if 0 end"},
		{"none of it", store, store, other, other},

		{"only one writes it", store, other, at + "i32.load8_u br_if 0 end", ""},
		{"a part of it", store, store, "i64 4097 wrap i32.load8_u br_if 0 end", ""},
		{"its address", store, store, "i64 4096 set 2 end", ""},
		{"more than the flag", store, store, at + "i64.load br_if 0 end", ""},
		{"another store", store, store, at + "get 2 i64.store end", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := &module{imported: 1, names: map[int]string{1: "runtime.gcStart", 2: "runtime.gcMarkTermination"},
				sections: []section{{globalSection, []byte("\x04" + "four of them")}}}
			functions := []*function{{list: assemble(t, tt.start)}, {list: assemble(t, tt.end)}, nil, {list: assemble(t, tt.user)}}
			m.copyBarrier(functions)
			copied, want := tt.want != "", tt.want
			if !copied {
				want = tt.user
			}
			if got, want := print(functions[3].list), print(assemble(t, want)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if copied && print(functions[0].list) != print(assemble(t, stored)) {
				t.Errorf("the copy is not written:\n%s", print(functions[0].list))
			}
			if added := slices.Equal(m.sections[0].data, []byte("\x05"+"four of them"+"\x7f\x01\x41\x00\x0b")); added != copied {
				t.Errorf("the globals are %q", m.sections[0].data)
			}
		})
	}
}
