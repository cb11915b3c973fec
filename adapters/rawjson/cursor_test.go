package rawjson

import "testing"

func TestCursor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{`{"a":1,"b":[2,{"c":3}],"d":{}}`, `"a":1 "b":[2,{"c":3}] "d":{} `},
		{`[1,[2],{"a":3},"x"]`, `:1 :[2] :{"a":3} :"x" `},
		{`{}`, ``},
		{`[]`, ``},
		{`"x"`, ``},
	} {
		var doc Doc
		if err := doc.Parse([]byte(tt.in)); err != nil {
			t.Fatal(err)
		}
		got := ""
		for c := doc.Root().Cursor(); c.Next(); {
			got += string(c.Key.Raw()) + ":" + string(c.Value.Raw()) + " "
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
		}
	}
	for c := (Value{}).Cursor(); c.Next(); {
		t.Error("got a member of nothing")
	}
}
