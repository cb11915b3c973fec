package slim

import "testing"

func TestReceiver(t *testing.T) {
	t.Parallel()
	const (
		begin = "gget 0 set 1 "
		uses  = "get 1 i32.load+24 i64.load+8 set 2 get 1 i32.load+24 i64.load+16 set 3 get 1 i32.load+24 get 2 i64.store "
		look  = "get 1 i32.load+24 tee 7 i32.load8_u+23 drop "
		kept  = "get 7 i64.load+8 set 2 get 7 i64.load+16 set 3 get 7 get 2 i64.store "
		end   = "i32 0 end"
	)
	for _, tt := range []struct{ name, in, want string }{
		{"used at three places", uses, look + kept},
		{"behind the look at the frame", "block get 1 i32.load8_u+39 drop " + uses + "end ", "block get 1 i32.load8_u+39 drop " + look + kept + "end "},
		{"before a loop", "loop " + uses + "end ", look + "loop " + kept + "end "},
		{"and read as a number", uses + "get 1 i32.load+24 extend set 2 ", look + kept + "get 1 i32.load+24 extend set 2 "},
		{"a local's address is used", uses + "get 1 extend i64 16 i64.add set 2 ", look + kept + "get 1 extend i64 16 i64.add set 2 "},

		{"used at two places", "get 1 i32.load+24 i64.load+8 set 2 get 1 i32.load+24 i64.load+16 set 3 ", ""},
		{"another slot", "get 1 i32.load+32 i64.load+8 set 2 get 1 i32.load+32 i64.load+8 set 2 get 1 i32.load+32 i64.load+8 set 2 ", ""},
		{"written", uses + "get 1 get 2 i64.store+24 ", ""},
		{"written by half", uses + "get 1 get 2 i64.store+20 ", ""},
		{"its address is used", uses + "get 1 extend i64 24 i64.add set 2 ", ""},
		{"that of what is behind it is copied to", uses + "get 1 i32 32 i32.add get 1 i32 8 memory.copy ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := &function{next: 7, args: 24, list: assemble(t, begin+tt.in+end)}
			if ok := f.keepReceiver(); ok != (tt.want != "") {
				t.Errorf("it is kept: %v", ok)
			}
			if tt.want == "" {
				tt.want = tt.in
			}
			if got, want := print(f.list), print(assemble(t, begin+tt.want+end)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestHasReceiver(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"example.com_a_b.__Stream_.read":       true,
		"bytes.__Buffer_.Write":                true,
		"example.com_a_b.Value.Get":            false, // not a pointer
		"example.com_a_b.__Stream_.read.func1": false, // a function in it
		"example.com_a_b.__Stream_.read_fm":    false, // the method as a value
		"example.com_a_b.read":                 false,
		"runtime.__mspan_.base":                false,
		"internal_runtime_maps.__Map_.Get":     false,
	} {
		if got := hasReceiver(name); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// What several ways come to is written anew before it is read twice.
func TestJoins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in, want string
		local          int64
	}{
		{"read", "block get 3 i64.eqz br_if 0 end get 1 drop get 1 drop", "block get 3 i64.eqz br_if 0 end get 1 tee 1 drop get 1 drop", localSP},
		{"read behind a branch", "block block get 3 i64.eqz br_if 0 end get 3 i64.eqz br_if 0 get 1 drop end", "block block get 3 i64.eqz br_if 0 end get 3 i64.eqz get 1 set 1 br_if 0 get 1 drop end", localSP},
		{"another one", "block get 3 i64.eqz br_if 0 end get 1 drop get 7 drop", "block get 3 i64.eqz br_if 0 end get 1 drop get 7 tee 7 drop", 7},
		{"another one that is not read before the next join", "block block get 3 i64.eqz br_if 0 end get 3 i64.eqz br_if 0 end get 7 drop",
			"block block get 3 i64.eqz br_if 0 end get 3 i64.eqz br_if 0 end get 7 tee 7 drop", 7},
		{"one way", "block get 3 set 2 end get 1 drop", "block get 3 set 2 end get 1 drop", localSP},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, want := print(settleJoins(assemble(t, tt.in+" end"), tt.local)), print(assemble(t, tt.want+" end")); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}
